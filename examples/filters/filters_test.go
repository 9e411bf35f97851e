package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/examples/internal/live"
	"github.com/gowsgi/gowsgi/middleware"
)

func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}

func TestFilters(t *testing.T) {
	example := live.Start(t, run, "-proxies", "1", "-limit", "100")
	plain := example.URL + "/a?b=c for 127.0.0.1\n1\tone\n2\ttwo"
	for _, test := range []struct {
		name    string
		headers http.Header
		body    string
		status  int
		want    string
		coded   string
	}{
		{"plain", nil, "one\ntwo", 200, plain, ""},
		{"in gzip", http.Header{"Content-Encoding": {"gzip"}}, zipped("one\ntwo"), 200, plain, ""},
		{"answered in gzip", http.Header{"Accept-Encoding": {"br, gzip;q=0.5"}}, "one\ntwo", 200, plain, "gzip"},
		{"gzip refused", http.Header{"Accept-Encoding": {"br, gzip;q=0"}}, "one\ntwo", 200, plain, ""},
		{"both", http.Header{"Content-Encoding": {"gzip"}, "Accept-Encoding": {"gzip"}}, zipped("one\ntwo"), 200, plain, "gzip"},
		{"no gzip at all", http.Header{"Content-Encoding": {"gzip"}}, "one\ntwo\n and more of it", 400,
			"the request could not be inflated: gzip: invalid header\n", ""},
		{"cut short", http.Header{"Content-Encoding": {"gzip"}}, zipped("one\ntwo")[:20], 400,
			"the request could not be inflated: unexpected EOF\n", ""},
		{"empty", http.Header{"Content-Encoding": {"gzip"}}, "", 400, "the request could not be inflated: EOF\n", ""},
		{"a bomb", http.Header{"Content-Encoding": {"gzip"}}, zipped(strings.Repeat("\n", 1<<20)), 413,
			"the request could not be inflated: http: request body too large\n", ""},
		{"through a proxy", http.Header{
			"X-Forwarded-For": {"1.2.3.4, 2001:db8::7"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"forged, shop.example"},
		}, "", 200, "https://shop.example/a?b=c for 2001:db8::7\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := http.NewRequest("POST", example.URL+"/a?b=c", strings.NewReader(test.body))
			require.NoError(t, err)
			r.Header = http.Header{"Accept-Encoding": {"identity"}}
			for name, values := range test.headers {
				r.Header[name] = values
			}
			response, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			defer response.Body.Close()
			require.Equal(t, test.status, response.StatusCode)
			require.Equal(t, test.coded, response.Header.Get("Content-Encoding"))
			body := io.Reader(response.Body)
			if test.coded != "" {
				body, err = gzip.NewReader(body)
				require.NoError(t, err)
			}
			text, err := io.ReadAll(body)
			require.NoError(t, err)
			require.Equal(t, test.want, string(text))
		})
	}
}

// The middlewares keep to PEP 3333 on both sides, whatever the application does.
func TestCompressed(t *testing.T) {
	boom := errors.New("boom")
	text := adapter.Headers{{"Content-Type", "text/plain"}}
	closed := 0
	for _, test := range []struct {
		name   string
		method string
		app    adapter.App
		status int
		want   string
		coded  string
		length string
	}{
		{"a list", "GET", answering("200 OK", text, adapter.Text("hello")), 200, "hello", "gzip", ""},
		{"a list with its length", "GET", answering("200 OK", adapter.Headers{text[0], {"Content-Length", "5"}}, adapter.Text("hello")), 200, "hello", "gzip", ""},
		{"nil", "GET", answering("200 OK", text, nil), 200, "", "gzip", ""},
		{"HEAD", "HEAD", answering("200 OK", text, nil), 200, "", "gzip", ""},
		{"no text", "GET", answering("200 OK", adapter.Headers{{"Content-Type", "image/png"}}, adapter.Text("hello")), 200, "hello", "", "5"},
		{"encoded already", "GET", answering("200 OK", adapter.Headers{text[0], {"Content-Encoding", "br"}}, adapter.Text("hello")), 200, "hello", "br", "5"},
		{"no content", "GET", answering("204 No Content", nil, nil), 204, "", "", ""},
		{"a late start", "GET", func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			return adapter.Generate(func(send func([]byte) error) error {
				_, _ = start("200 OK", text)
				return send([]byte("hello"))
			}), nil
		}, 200, "hello", "gzip", ""},
		{"write()", "GET", func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			write, err := start("200 OK", text)
			if err == nil {
				_, err = io.WriteString(write, "hel")
			}
			return adapter.Text("lo"), err
		}, 200, "hello", "gzip", ""},
		{"replaced", "GET", func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, _ = start("200 OK", text)
			_, err := start("503 Service Unavailable", text, boom)
			return adapter.Text("sorry"), err
		}, 503, "sorry", "gzip", ""},
		{"an error", "GET", answering("200 OK", text, adapter.Stream(func(yield func([]byte, error) bool) { yield(nil, boom) })),
			500, "Internal Server Error", "", "21"},
	} {
		t.Run(test.name, func(t *testing.T) {
			closed = 0
			app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				body, err := test.app(env, start)
				return adapter.OnClose(body, func() error { closed++; return nil }), err
			}
			h := &adapter.Handler{ErrorLog: io.Discard, App: middleware.Validate(compressed(middleware.Validate(app)))}
			r := httptest.NewRequest(test.method, "/", nil)
			r.Header.Set("Accept-Encoding", "gzip")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, test.status, w.Code)
			require.Equal(t, test.coded, w.Header().Get("Content-Encoding"))
			require.Equal(t, test.length, w.Header().Get("Content-Length"))
			require.Equal(t, 1, closed)
			got := w.Body.String()
			if test.coded == "gzip" && test.method != "HEAD" {
				plain, err := gzip.NewReader(w.Body)
				require.NoError(t, err)
				text, err := io.ReadAll(plain)
				require.NoError(t, err)
				got = string(text)
			}
			require.Equal(t, test.want, got)
		})
	}
}

func answering(status string, headers adapter.Headers, body adapter.Body) adapter.App {
	return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start(status, headers)
		return body, err
	}
}

// A chunk can be read before the next one is asked for, compressed or not.
func TestCompressedStreams(t *testing.T) {
	seen := make(chan struct{})
	closed := make(chan struct{})
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}, {"ETag", `"7"`}})
		body := adapter.Generate(func(send func([]byte) error) error {
			for i := 0; ; i++ {
				if err := send(fmt.Appendf(nil, "%d\n", i)); err != nil {
					return err
				}
				<-seen
			}
		})
		return adapter.OnClose(body, func() error { close(closed); return nil }), err
	}
	server := httptest.NewServer(&adapter.Handler{App: compressed(app)})
	defer server.Close()
	r, err := http.NewRequest("GET", server.URL, nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Encoding", "gzip")
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.Equal(t, `W/"7"`, response.Header.Get("ETag"))
	require.Equal(t, "Accept-Encoding", response.Header.Get("Vary"))
	plain, err := gzip.NewReader(response.Body)
	require.NoError(t, err)
	lines := bufio.NewReader(plain)
	for i := range 3 {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintln(i), line)
		seen <- struct{}{}
	}
	require.NoError(t, response.Body.Close())
	for done := false; !done; {
		select {
		case seen <- struct{}{}:
		case <-closed:
			done = true
		}
	}
}

func TestFromTheEnd(t *testing.T) {
	for _, test := range []struct {
		list string
		n    int
		want string
	}{
		{"a, b,c", 1, "c"}, {"a, b,c", 2, "b"}, {"a, b,c", 3, "a"}, {"a, b,c", 4, ""}, {"a, b,c", 0, ""}, {"", 1, ""},
	} {
		require.Equal(t, test.want, fromTheEnd(test.list, test.n))
	}
}
