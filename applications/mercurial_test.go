//go:build unix

package applications

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

func TestMercurial(t *testing.T) {
	repositories := t.TempDir()
	env := []string{"HG_REPOSITORIES=" + repositories, "HGRCPATH=", "HGUSER=Ann <ann@example.com>", "HGPLAIN=1"}
	hg := func(t *testing.T, dir string, args ...string) string {
		t.Helper()
		return run(t, dir, env, "hg", args...)
	}
	for _, name := range []string{"root", "prefix"} {
		hg(t, repositories, "init", name)
		require.NoError(t, os.WriteFile(filepath.Join(repositories, name, ".hg", "hgrc"),
			[]byte("[web]\npush_ssl = no\nallow_push = *\n"), 0o644))
	}
	s := serve(t, python.Config{App: "repositories", Dir: "mercurial", Threads: 2, Env: env})

	everywhere(t, func(t *testing.T, at string) {
		name := filepath.Base(t.Name())
		url := s.URL + at + "/" + name
		mine, other := filepath.Join(t.TempDir(), "mine"), filepath.Join(t.TempDir(), "other")
		t.Run("clone", func(t *testing.T) { hg(t, ".", "clone", url, mine) })
		t.Run("push", func(t *testing.T) {
			write(t, mine, "readme", []byte("Hello.\n"))
			hg(t, mine, "commit", "--addremove", "--message", "A small changeset")
			hg(t, mine, "push")
			write(t, mine, "large", noise(large(at), 4))
			hg(t, mine, "commit", "--addremove", "--message", "A large changeset")
			require.Contains(t, hg(t, mine, "push"), "added 1 changesets with 1 changes to 1 files")
		})
		t.Run("clone what was pushed", func(t *testing.T) {
			hg(t, ".", "clone", url, other)
			require.Equal(t, digest(noise(large(at), 4)), digest(read(t, other, "large")))
			hg(t, other, "verify", "--quiet")
		})
		t.Run("pull", func(t *testing.T) {
			write(t, mine, "readme", []byte("Hello again.\n"))
			hg(t, mine, "commit", "--message", "A change")
			hg(t, mine, "push")
			require.Contains(t, hg(t, other, "pull", "--update"), "added 1 changesets")
			require.Equal(t, "Hello again.\n", string(read(t, other, "readme")))
		})
		t.Run("100-continue", func(t *testing.T) {
			write(t, mine, "another", noise(large(at), 5))
			hg(t, mine, "commit", "--addremove", "--message", "Another large changeset")
			bundle := filepath.Join(t.TempDir(), "bundle")
			hg(t, mine, "bundle", "--type", "none-v1", bundle)
			content, err := os.ReadFile(bundle)
			require.NoError(t, err)
			const force = "666f726365" // "force", in hexadecimal digits
			r, err := http.NewRequest("POST", url+"?cmd=unbundle&heads="+force, bytes.NewReader(content))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/mercurial-0.1")
			r.Header.Set("Expect", "100-continue")
			response, err := patient.Do(r)
			require.NoError(t, err)
			defer response.Body.Close()
			answer, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, "200 OK", response.Status, string(answer))
			require.Contains(t, string(answer), "added 1 changesets with 1 changes to 1 files")
			hg(t, filepath.Join(repositories, name), "verify", "--quiet")
		})
		t.Run("pages", func(t *testing.T) {
			b := s.browse(t, at+"/")
			b.shows(t, at+"/", "Mercurial repositories index")
			b.open(t, b.link(t, name))
			b.shows(t, at+"/"+name+"/", "Another large changeset", `href="`+at+"/"+name+`/static/style-paper.css"`)
			b.open(t, at+"/"+name+"/raw-file/tip/readme")
			require.Equal(t, "Hello again.\n", b.page)
			b.open(t, at+"/"+name+"/static/style-paper.css")
			require.Equal(t, 200, b.answer.StatusCode)
			b.open(t, at+"/"+name+"/raw-file/tip/nothing")
			require.Equal(t, 404, b.answer.StatusCode)
		})
	})
}
