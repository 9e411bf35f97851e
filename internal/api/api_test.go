package main

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestFileIsUpToDate(t *testing.T) {
	const root = "../.."
	lookAtSources(t, root)
	written, err := os.ReadFile(filepath.Join(root, file))
	require.NoError(t, err)
	text, err := List(root)
	require.NoError(t, err)
	if diff := cmp.Diff(lines(string(written)), lines(text)); diff != "" {
		t.Errorf("The exported API is not what %s says. If it is meant to change, run\n\n\tgo generate ./internal/api\n\nand commit the file. (-written +code)\n%s", file, diff)
	}
}

// lookAtSources lets the test itself look at the files that the go command will
// read for it: go test repeats its last result while those have not changed.
func lookAtSources(t *testing.T, root string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == ".git" {
			return filepath.SkipDir
		}
		return err
	}))
}

func TestWhatIsListed(t *testing.T) {
	compiled := map[string]string{
		"github.com/gowsgi/gowsgi/adapter":                   "",
		"github.com/gowsgi/gowsgi/python/django":             "",
		"github.com/gowsgi/gowsgi/bench":                     "",
		"github.com/gowsgi/gowsgi/conformance/rows":          "",
		"github.com/gowsgi/gowsgi/examples/port":             "",
		"github.com/gowsgi/gowsgi/internal/recorder":         "",
		"github.com/gowsgi/gowsgi2/adapter":                  "",
		"net/http":                                           "",
		"github.com/gowsgi/gowsgi":                           "",
		"vendor/github.com/gowsgi/gowsgi/golang.org/x/net/a": "",
	}
	want := []string{"github.com/gowsgi/gowsgi/adapter", "github.com/gowsgi/gowsgi/python/django"}
	require.Equal(t, want, slices.Sorted(publicPackages(compiled)))
}

func TestDescribe(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		want         []string
	}{
		{"function", `func F(w io.Writer, n ...int) (a, b error) { return }`, []string{"func F(w io.Writer, n ...int) (a error, b error)"}},
		{"generic function", `func F[T any](T) {}`, []string{"func F[T any](T)"}},
		{"constant", `const C = 1 << 3`, []string{"const C untyped int = 8"}},
		{"variable whose type is inferred", `var V = T{}; type T struct{}`, []string{"type T struct", "var V T"}},
		{"unexported", `func f() {}; type t struct{ A int }; var v, c = 1, 2; func (t) M() {}`, nil},
		{
			"struct", `type S struct { A, B int; c int; *io.SectionReader; io.Writer }`,
			[]string{"type S struct", "type S struct, A int", "type S struct, B int", "type S struct, embedded *io.SectionReader", "type S struct, embedded io.Writer"},
		},
		{
			"methods", `type S struct{}; func (S) M(int) error { return nil }; func (s *S) P() {}; func (S) p() {}`,
			[]string{"method (*S) P()", "method (S) M(int) error", "type S struct"},
		},
		{
			"interface", `type I interface { M(p []byte) (int, error); io.Closer }`,
			[]string{"type I interface", "type I interface, Close() error", "type I interface, M(p []byte) (int, error)"},
		},
		{
			"type of a func, with a method", `type F func(i I) F; type I interface{}; func (F) M() {}`,
			[]string{"method (F) M()", "type F func(i I) F", "type I interface"},
		},
		{"alias", `type A = io.Reader`, []string{"type A = io.Reader"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, describe(check(t, tt.source))); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// check type-checks the declarations of a package that may use io.
func check(t *testing.T, source string) *types.Package {
	t.Helper()
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "p.go", "package p\nimport \"io\"\nvar _ io.Reader\n"+source, parser.SkipObjectResolution)
	require.NoError(t, err)
	pkg, err := (&types.Config{Importer: importer.ForCompiler(files, "source", nil)}).Check("p", files, []*ast.File{parsed}, nil)
	require.NoError(t, err)
	return pkg
}

func lines(text string) []string {
	return strings.Split(strings.ReplaceAll(strings.TrimSpace(text), "\r\n", "\n"), "\n")
}
