//go:build unix

package applications

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

func TestFlask(t *testing.T) {
	s := serve(t, python.Config{App: "gallery:app", Dir: "flask", Threads: 2, Env: []string{
		"GALLERY_SECRET=" + rand.Text(), "GALLERY_DATA=" + t.TempDir(),
	}})
	picture := noise(1<<20, 2)

	everywhere(t, func(t *testing.T, at string) {
		zoe := s.browse(t, at+"/")
		t.Run("forms", func(t *testing.T) {
			zoe.shows(t, at+"/", `<form action="`+at+`/login" method="post">`)
			zoe.send(t, at+"/login", values("name", "Zoë & <Ann>"))
			zoe.shows(t, at+"/", "<p>Welcome, Zoë &amp; &lt;Ann&gt;!</p>")
		})
		t.Run("sessions", func(t *testing.T) {
			for range 6 {
				zoe.open(t, at)
				require.Contains(t, zoe.page, "<p>You are Zoë &amp; &lt;Ann&gt;.</p>")
				require.NotContains(t, zoe.page, "Welcome")
			}
		})
		t.Run("uploads", func(t *testing.T) {
			zoe.upload(t, at+"/pictures", nil, "picture", "noise.bin", picture)
			require.Equal(t, 201, zoe.answer.StatusCode, zoe.page)
			require.JSONEq(t, fmt.Sprintf(`{"name": "noise.bin", "sha256": "%x", "url": "%s/pictures/noise.bin"}`, sha256.Sum256(picture), at), zoe.page)
			stranger := s.browse(t, at+"/")
			stranger.upload(t, at+"/pictures", nil, "picture", "other.bin", picture)
			require.Equal(t, 403, stranger.answer.StatusCode)

			body := noise(large(at), 3)
			response, err := http.Post(s.URL+at+"/digest", "application/octet-stream", io.MultiReader(strings.NewReader("chunked"), strings.NewReader(string(body))))
			require.NoError(t, err)
			defer response.Body.Close()
			answer, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("%d %x", 7+len(body), sha256.Sum256(append([]byte("chunked"), body...))), string(answer))
		})
		t.Run("send_file with ranges", func(t *testing.T) { testRanges(t, zoe, at+"/pictures/noise.bin", picture) })
		t.Run("streaming", func(t *testing.T) {
			zoe.open(t, at+"/count?to=3")
			zoe.shows(t, at+"/count?to=3", "Zoë & <Ann> 0\nZoë & <Ann> 1\nZoë & <Ann> 2\n")
			response, err := http.Get(s.URL + at + "/count?to=1000000000")
			require.NoError(t, err)
			line, err := bufio.NewReader(response.Body).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "nobody 0\n", line, "each line is sent before the next is made")
			require.NoError(t, response.Body.Close())
		})
		t.Run("error handlers", func(t *testing.T) {
			for _, failing := range []struct {
				path, text string
				status     int
			}{
				{"/nothing", "There is no such picture.", 404},
				{"/pictures/nothing", "It failed: FileNotFoundError.", 500},
				{"/broken", "It failed: KeyError.", 500},
				{"/login", "Method Not Allowed", 405},
			} {
				zoe.open(t, at+failing.path)
				require.Equal(t, failing.status, zoe.answer.StatusCode, failing.path)
				require.Contains(t, zoe.page, failing.text)
			}
			zoe.send(t, at+"/login", values("name", " "))
			require.Equal(t, 400, zoe.answer.StatusCode)
			require.Contains(t, zoe.page, "Who are you?")
			zoe.send(t, at+"/login", nil)
			require.Equal(t, 400, zoe.answer.StatusCode, "no field")
			s.errors.Wait(t, "KeyError: 'nothing'")

			response, err := http.Get(s.URL + at + "/half")
			require.NoError(t, err)
			defer response.Body.Close()
			got, err := io.ReadAll(response.Body)
			require.Error(t, err, "the client learns that the other half is missing")
			require.Equal(t, "half of it", string(got))
			s.errors.Wait(t, "ValueError: there is no other half")
		})
		t.Run("url_for", func(t *testing.T) {
			zoe.open(t, at+"/where?a=b%20c")
			var got map[string]string
			require.NoError(t, json.Unmarshal([]byte(zoe.page), &got))
			want := map[string]string{
				"path":     at + "/pictures/k%C3%BCche.jpg?size=large",
				"external": s.URL + at + "/pictures/a%20b",
				"static":   at + "/static/gallery.css",
				"root":     at,
				"here":     "/where",
				"url":      s.URL + at + "/where?a=b%20c",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			zoe.send(t, at+"/logout", nil)
			zoe.shows(t, at+"/", "Log in")
		})
	})
}

// testRanges asks for parts of a file that send_file, or its like, answers with.
func testRanges(t *testing.T, b *browser, path string, content []byte) {
	b.open(t, path)
	b.shows(t, path, string(content))
	require.Equal(t, int64(len(content)), b.answer.ContentLength)
	etag, modified := b.answer.Header.Get("ETag"), b.answer.Header.Get("Last-Modified")
	require.NotEmpty(t, etag)
	size := len(content)
	for _, test := range []struct {
		name   string
		header []string
		status int
		length string // Content-Range
		body   []byte
	}{
		{"first", []string{"Range", "bytes=0-0"}, 206, fmt.Sprintf("bytes 0-0/%d", size), content[:1]},
		{"middle", []string{"Range", "bytes=1000-70000"}, 206, fmt.Sprintf("bytes 1000-70000/%d", size), content[1000:70001]},
		{"rest", []string{"Range", "bytes=1000000-"}, 206, fmt.Sprintf("bytes 1000000-%d/%d", size-1, size), content[1000000:]},
		{"last", []string{"Range", "bytes=-5"}, 206, fmt.Sprintf("bytes %d-%d/%d", size-5, size-1, size), content[size-5:]},
		{"beyond", []string{"Range", fmt.Sprintf("bytes=%d-", size)}, 416, fmt.Sprintf("bytes */%d", size), nil},
		{"if it is still the same", []string{"Range", "bytes=0-4", "If-Range", etag}, 206, fmt.Sprintf("bytes 0-4/%d", size), content[:5]},
		{"if it were another", []string{"Range", "bytes=0-4", "If-Range", `"another"`}, 200, "", content},
		{"not changed", []string{"If-None-Match", etag}, 304, "", nil},
		{"not modified", []string{"If-Modified-Since", modified}, 304, "", nil},
	} {
		b.open(t, path, test.header...)
		require.Equal(t, test.status, b.answer.StatusCode, test.name)
		require.Equal(t, test.length, b.answer.Header.Get("Content-Range"), test.name)
		if test.status != 416 {
			require.Equal(t, sha256.Sum256(test.body), sha256.Sum256([]byte(b.page)), test.name)
		}
	}
	b.do(t, http.MethodHead, path, nil)
	require.Equal(t, 200, b.answer.StatusCode)
	require.Equal(t, int64(size), b.answer.ContentLength)
	require.Empty(t, b.page)
}
