package debugpage

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestOwn(t *testing.T) {
	root, std := roots().gowsgi, roots().std
	tests := []struct {
		name, fn, file string
		want           bool
	}{
		{"the program", "main.main", "/src/shop/main.go", true},
		{"a func literal of it", "main.newApp.func1", "/src/shop/app.go", true},
		{"Go's library", "runtime.goexit", std + "runtime/asm_amd64.s", false},
		{"Go's library inlined", "main.main.SortFunc.func1", std + "slices/sort.go", false},
		{"a downloaded module", "github.com/go-chi/chi/v5.(*Mux).ServeHTTP", "/go/pkg/mod/github.com/go-chi/chi/v5@v5.2.3/mux.go", false},
		{"a downloaded module inlined", "main.main.Timeout.func1", "/go/pkg/mod/github.com/go-chi/chi/v5@v5.2.3/middleware/timeout.go", false},
		{"gowsgi", "github.com/gowsgi/gowsgi/adapter.(*response).run", root + "adapter/response.go", false},
		{"gowsgi inlined", "main.main.FromHandler.func1", root + "adapter/fromhandler.go", false},
		{"gowsgi's tests", "github.com/gowsgi/gowsgi/adapter_test.broken", root + "adapter/debug_test.go", true},
		{"gowsgi's examples", "github.com/gowsgi/gowsgi/examples/port.App", root + "examples/port/app.go", true},
		{"another module", "example.org/other.F", "/src/other/f.go", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, frame(test.fn, test.file, 1).Own) })
	}
}

func TestSource(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, at time.Time) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		require.NoError(t, os.Chtimes(file, at, at))
		return file
	}
	long := strings.Repeat("a\n", 20)
	old := time.Unix(1e9, 0)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.go"), 0o700))
	tests := []struct {
		name, file string
		line       int
		want       Frame
	}{
		{"the middle", write("long.go", long, old), 10, Frame{First: 5, Lines: strings.Split("a a a a a a a a a a a", " ")}},
		{"the first line", write("short.go", "\tif x {\r\n\x1b[31m", old), 1, Frame{First: 1, Lines: []string{"    if x {", `\x1b[31m`}}},
		{"newer than the program", write("new.go", "x", time.Now().Add(time.Hour)), 1, Frame{
			First: 1, Lines: []string{"x"}, Note: "The file has changed since the program was built, so the lines may be others.",
		}},
		{"a line beyond the end", write("cut.go", "x", old), 9, Frame{Note: "The source of this frame is not on this machine."}},
		{"no file", filepath.Join(dir, "none.go"), 1, Frame{Note: "The source of this frame is not on this machine."}},
		{"a folder", filepath.Join(dir, "folder.go"), 1, Frame{Note: "The source of this frame is not on this machine."}},
		{"not Go", write("secret.txt", "x", old), 1, Frame{Note: "The source of this frame is not known: the program was built with -trimpath, or the file was generated."}},
		{"-trimpath", "example.org/shop/main.go", 1, Frame{Note: "The source of this frame is not known: the program was built with -trimpath, or the file was generated."}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.want.Func, test.want.File, test.want.Line, test.want.Own = "main.f", test.file, test.line, true
			if diff := cmp.Diff(test.want, frame("main.f", test.file, test.line)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Only the program's own func is shown as the beginning of an App.
func TestStart(t *testing.T) {
	require.Empty(t, Start(reflect.ValueOf(strings.Cut).Pointer()))
	require.Empty(t, Start(0))
}

// How a panic was caught is no part of the stack.
func TestFrames(t *testing.T) {
	require.Empty(t, Frames(nil))
	var pcs []uintptr
	func() {
		defer func() {
			_ = recover()
			pcs = Callers()
		}()
		panic("x")
	}()
	frames := Frames(pcs)
	require.True(t, strings.HasSuffix(frames[0].Func, "debugpage.TestFrames.func1"), frames[0].Func)
	require.Equal(t, "runtime.goexit", frames[len(frames)-1].Func)
}
