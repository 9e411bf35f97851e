package debugpage

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/gowsgi/gowsgi/internal/visible"
)

// Frame is one call on a stack.
type Frame struct {
	Func  string
	File  string
	Line  int
	Own   bool     // it is the program's own, and not of a library
	Note  string   // what there is to say about the source; "" for nothing
	First int      // the number of the first of Lines
	Lines []string // the source around Line, where it is Own and on this machine
}

// around is how many lines of source are shown before a line and after it.
const around = 5

// largest is the size in bytes of the largest source file that is read.
const largest = 4 << 20

// Callers is the stack of the caller, for Frames.
func Callers() []uintptr {
	pcs := make([]uintptr, 256)
	return pcs[:runtime.Callers(2, pcs)]
}

// Frames are the calls that pcs, of Callers, stand for. Only the runtime names the
// files that are read, so that no text of an error can ask for one.
func Frames(pcs []uintptr) []Frame {
	if len(pcs) == 0 {
		return nil
	}
	var frames []Frame
	calls := runtime.CallersFrames(pcs)
	for {
		call, more := calls.Next()
		if call.Function == "runtime.gopanic" && !hasOwn(frames) {
			frames = frames[:0] // how the panic was caught
		} else if call.Function != "" {
			frames = append(frames, frame(call.Function, call.File, call.Line))
		}
		if !more {
			return frames
		}
	}
}

func hasOwn(frames []Frame) bool {
	for _, f := range frames {
		if f.Own {
			return true
		}
	}
	return false
}

// Start is where the func at pc begins, if it is the program's own.
func Start(pc uintptr) []Frame {
	f := runtime.FuncForPC(pc)
	if f == nil {
		return nil
	}
	file, line := f.FileLine(pc)
	if begin := frame(f.Name(), file, line); begin.Own {
		return []Frame{begin}
	}
	return nil
}

func frame(name, file string, line int) Frame {
	f := Frame{Func: strings.ReplaceAll(name, "%2e", "."), File: file, Line: line}
	if f.Own = own(f.Func) && !inLibrary(file); f.Own {
		f.read()
	}
	return f
}

// read fills in the source.
func (f *Frame) read() {
	if !filepath.IsAbs(f.File) || filepath.Ext(f.File) != ".go" {
		f.Note = "The source of this frame is not known: the program was built with -trimpath, or the file was generated."
		return
	}
	text, changed, err := source(f.File)
	lines := strings.Split(text, "\n")
	if err != nil || f.Line < 1 || f.Line > len(lines) {
		f.Note = "The source of this frame is not on this machine."
		return
	}
	if changed {
		f.Note = "The file has changed since the program was built, so the lines may be others."
	}
	first, last := max(f.Line-around, 1), min(f.Line+around, len(lines))
	f.First = first
	for _, line := range lines[first-1 : last] {
		f.Lines = append(f.Lines, visible.Text(strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", "    "), ""))
	}
}

func (f Frame) place() string { return f.File + ":" + strconv.Itoa(f.Line) }

// source is the text of a file, and whether that is newer than the program.
func source(name string) (text string, changed bool, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", false, err
	}
	if !info.Mode().IsRegular() || info.Size() > largest {
		return "", false, os.ErrInvalid
	}
	file, err := os.Open(name)
	if err != nil {
		return "", false, err
	}
	defer file.Close()
	all, err := io.ReadAll(io.LimitReader(file, largest))
	if program, err := os.Executable(); err == nil {
		if built, err := os.Stat(program); err == nil {
			changed = info.ModTime().After(built.ModTime())
		}
	}
	return string(all), changed, err
}

// ours is gowsgi itself, a library also where it is the main module.
const ours = "github.com/gowsgi/gowsgi"

// own reports whether the func is of the main module, or of one that is built from
// a folder beside it.
func own(name string) bool {
	pkg := name
	slash := strings.LastIndexByte(pkg, '/') + 1
	if dot := strings.IndexByte(pkg[slash:], '.'); dot >= 0 {
		pkg = pkg[:slash+dot]
	}
	if rest, ok := strings.CutPrefix(pkg, ours+"/"); ok {
		return strings.HasPrefix(rest, "examples/") || strings.HasSuffix(rest, "_test")
	}
	if pkg == "main" {
		return true
	}
	for _, module := range modules() {
		if pkg == module || strings.HasPrefix(pkg, module+"/") {
			return true
		}
	}
	return false
}

// inLibrary reports whether a file is of Go's own library, of a module that was
// downloaded, or of gowsgi: a func literal of theirs that was inlined has the name of
// the func that it stands in now.
func inLibrary(file string) bool {
	rest, inside := strings.CutPrefix(file, roots().gowsgi)
	return strings.Contains(file, "@v") || strings.HasPrefix(file, roots().std) ||
		inside && !strings.HasPrefix(rest, "examples/") && !strings.HasSuffix(rest, "_test.go")
}

// roots are the folders of Go's own library and of gowsgi, as the compiler names them.
var roots = sync.OnceValue(func() (r struct{ std, gowsgi string }) {
	_, file, _, _ := runtime.Caller(0)
	r.gowsgi = strings.TrimSuffix(file, "internal/debugpage/frame.go")
	file, _ = runtime.FuncForPC(reflect.ValueOf(runtime.GC).Pointer()).FileLine(0)
	r.std = file[:strings.LastIndex(file, "runtime/")]
	return r
})

// modules are the paths of the modules that are the program's own.
var modules = sync.OnceValue(func() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var paths []string
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		local := m == &info.Main || m.Version == "(devel)" || m.Replace != nil && m.Replace.Version == ""
		if local && m.Path != "" && m.Path != ours {
			paths = append(paths, m.Path)
		}
	}
	return paths
})
