//go:build unix

package applications

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

func TestBottle(t *testing.T)  { testFramework(t, "bottle_names") }
func TestFalcon(t *testing.T)  { testFramework(t, "falcon_names") }
func TestPyramid(t *testing.T) { testFramework(t, "pyramid_names") }

// testFramework uses the same site, which each framework's module has in its own
// manner.
func testFramework(t *testing.T, module string) {
	data, content := t.TempDir(), noise(1<<20, 8)
	write(t, data, "file", content)
	s := serve(t, python.Config{App: module, Dir: "frameworks", Workers: 1, Threads: 2, Env: []string{"FRAMEWORK_DATA=" + data}})

	everywhere(t, func(t *testing.T, at string) {
		b := s.browse(t, at+"/")
		t.Run("links", func(t *testing.T) {
			require.Equal(t, at+"/hello/a%20b", b.link(t, "hello"))
			b.open(t, b.link(t, "hello"))
			b.shows(t, at+"/hello/a%20b", "Hello, a b!")
		})
		t.Run("cookies", func(t *testing.T) { require.Equal(t, "Hello, a b! yes", b.page) })
		t.Run("forms", func(t *testing.T) {
			b.send(t, at+"/names", values("name", "Zoë"))
			b.shows(t, at+"/hello/Zo%C3%AB", "Hello, Zoë! yes")
		})
		t.Run("uploads", func(t *testing.T) {
			b.upload(t, at+"/upload", nil, "file", "noise.bin", content)
			require.Equal(t, fmt.Sprintf("noise.bin %d %s", len(content), digest(content)), b.page)
		})
		t.Run("files", func(t *testing.T) {
			b.open(t, at+"/file")
			require.Equal(t, int64(len(content)), b.answer.ContentLength)
			require.Equal(t, digest(content), digest([]byte(b.page)))
		})
		t.Run("streams", func(t *testing.T) {
			b.open(t, at+"/lines")
			require.Equal(t, "line 0\nline 1\nline 2\n", b.page)
		})
		t.Run("errors", func(t *testing.T) {
			b.open(t, at+"/nothing")
			require.Equal(t, 404, b.answer.StatusCode)
			b.open(t, at+"/broken")
			require.Equal(t, 500, b.answer.StatusCode)
			s.errors.Wait(t, "LookupError: nobody has mended this page")
		})
	})
}
