//go:build unix

package applications

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/python"
)

func TestDulwich(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("NOT TESTED: no git: install Debian's git to run this test")
	}
	repositories := t.TempDir()
	env := []string{
		"GIT_REPOSITORIES=" + repositories, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com",
	}
	git := func(t *testing.T, dir string, args ...string) string {
		t.Helper()
		return run(t, dir, env, "git", args...)
	}
	for _, name := range []string{"root", "prefix"} {
		git(t, repositories, "init", "--quiet", "--bare", "--initial-branch=main", name)
	}
	codings := &codings{seen: make(map[string]bool)}
	s := serve(t, python.Config{App: "repositories", Dir: "dulwich", Threads: 2, Env: env}, codings.filter)

	everywhere(t, func(t *testing.T, at string) {
		url := s.URL + at + "/" + filepath.Base(t.Name())
		mine, other := filepath.Join(t.TempDir(), "mine"), filepath.Join(t.TempDir(), "other")
		commit := func(t *testing.T, dir, name string, content []byte) {
			t.Helper()
			write(t, dir, name, content)
			git(t, dir, "add", ".")
			git(t, dir, "commit", "--quiet", "--message", name)
		}
		t.Run("clone", func(t *testing.T) {
			git(t, ".", "clone", "--quiet", url, mine)
			git(t, mine, "checkout", "--quiet", "-B", "main")
		})
		t.Run("push", func(t *testing.T) {
			commit(t, mine, "readme", []byte("Hello.\n"))
			git(t, mine, "push", "--quiet", "origin", "main")
			commit(t, mine, "large", noise(large(at), 6))
			git(t, mine, "-c", fmt.Sprint("http.postBuffer=", 2*large(at)), "push", "--quiet", "origin", "main")
		})
		t.Run("clone what was pushed", func(t *testing.T) {
			git(t, ".", "clone", "--quiet", url, other)
			require.Equal(t, digest(noise(large(at), 6)), digest(read(t, other, "large")))
			git(t, other, "fsck", "--full")
		})
		// Git sends a pack in chunks that is larger than http.postBuffer.
		t.Run("push in chunks", func(t *testing.T) {
			commit(t, mine, "chunks", noise(4<<20, 7))
			push := exec.Command("git", "push", "--quiet", "origin", "main")
			push.Dir, push.Env = mine, append(os.Environ(), env...)
			said, err := push.CombinedOutput()
			require.Error(t, err, "dulwich decodes chunks no more: mend this test and docs/applications.md\n%s", said)
			codings.hide(true)
			defer codings.hide(false)
			git(t, mine, "push", "--quiet", "origin", "main")
			require.True(t, codings.saw("HTTP_TRANSFER_ENCODING=chunked"))
		})
		// A request for a pack names the commits that the client wants, and is
		// compressed from 1,024 bytes on.
		t.Run("gzip'ed request bodies", func(t *testing.T) {
			var branches strings.Builder
			for n := range 40 {
				fmt.Fprintf(&branches, "commit refs/heads/branch-%d\ncommitter Ann <ann@example.com> 1764000000 +0000\ndata 2\n%02d\nfrom main\n\n", n, n)
			}
			write(t, mine, "branches", []byte(branches.String()))
			run(t, mine, env, "/bin/sh", "-c", "git fast-import --quiet <branches")
			git(t, mine, "push", "--quiet", "--all", "origin")
			git(t, other, "fetch", "--quiet", "origin")
			require.Equal(t, git(t, mine, "rev-parse", "main", "branch-39"), git(t, other, "rev-parse", "origin/main", "origin/branch-39"))
			require.True(t, codings.saw("HTTP_CONTENT_ENCODING=gzip"))
		})
		t.Run("errors", func(t *testing.T) {
			b := s.browse(t, at+"/nothing/info/refs?service=git-upload-pack")
			require.Equal(t, 404, b.answer.StatusCode)
		})
	})
}

// codings notes which codings the requests' bodies have. Dulwich's server
// decodes chunks itself where HTTP_TRANSFER_ENCODING tells of them, which is
// right below wsgiref alone: every other server has decoded them already. A
// filter that hides the key helps, here as below any of them.
type codings struct {
	mu     sync.Mutex
	seen   map[string]bool
	hiding bool
}

func (c *codings) filter(app adapter.App) adapter.App {
	return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		c.mu.Lock()
		for _, key := range []string{"HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_ENCODING"} {
			if value, ok := env.Lookup(key); ok {
				c.seen[fmt.Sprint(key, "=", value)] = true
			}
		}
		if c.hiding {
			env.Delete("HTTP_TRANSFER_ENCODING")
		}
		c.mu.Unlock()
		return app(env, start)
	}
}

func (c *codings) hide(hiding bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hiding = hiding
}

func (c *codings) saw(coding string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[coding]
}
