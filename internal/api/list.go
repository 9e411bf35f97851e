package main

import (
	"bytes"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// module is the path of the module whose API is listed.
const module = "github.com/gowsgi/gowsgi"

// notForUsers are the folders whose packages nobody imports.
var notForUsers = []string{"bench", "conformance", "examples", "internal", "reliability"}

// List returns the exported API of the module in dir, one declaration a line.
func List(dir string) (string, error) {
	compiled, err := compile(dir)
	if err != nil {
		return "", err
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(compiled[path]) })
	var text strings.Builder
	for _, path := range slices.Sorted(publicPackages(compiled)) {
		pkg, err := imports.Import(path)
		if err != nil {
			return "", fmt.Errorf("api: %w", err)
		}
		for _, line := range describe(pkg) {
			fmt.Fprintf(&text, "pkg %s, %s\n", strings.TrimPrefix(path, module+"/"), line)
		}
	}
	return text.String(), nil
}

// compile compiles the module in dir and all that it imports, always for the
// same system, and returns the files with the types of each package.
func compile(dir string) (map[string]string, error) {
	list := exec.Command("go", "list", "-e", "-export", "-deps", "-f", `{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}`, "./...")
	list.Dir = dir
	list.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64")
	var complaints bytes.Buffer
	list.Stderr = &complaints
	output, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("api: go list: %w: %s", err, complaints.String())
	}
	files := make(map[string]string)
	for line := range strings.Lines(string(output)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return files, nil
}

// publicPackages yields the packages of the module that its users import.
func publicPackages(compiled map[string]string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for path := range compiled {
			folder, ok := strings.CutPrefix(path, module+"/")
			first, _, _ := strings.Cut(folder, "/")
			if ok && !slices.Contains(notForUsers, first) && !yield(path) {
				return
			}
		}
	}
}

// describe returns a line for each exported declaration, field and method of
// pkg, in sorted order.
func describe(pkg *types.Package) (lines []string) {
	relative := func(other *types.Package) string {
		if other == pkg {
			return ""
		}
		return other.Name()
	}
	for _, name := range pkg.Scope().Names() {
		object := pkg.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		switch object := object.(type) {
		case *types.TypeName:
			lines = append(lines, describeType(object, relative)...)
		case *types.Const:
			lines = append(lines, types.ObjectString(object, relative)+" = "+object.Val().ExactString())
		default:
			lines = append(lines, types.ObjectString(object, relative))
		}
	}
	slices.Sort(lines)
	return lines
}

// describeType returns the lines of a type: its own, its exported fields or
// methods, and the methods that are declared on it.
func describeType(declared *types.TypeName, relative types.Qualifier) (lines []string) {
	if declared.IsAlias() {
		return []string{types.ObjectString(declared, relative)}
	}
	head := "type " + declared.Name()
	switch under := declared.Type().Underlying().(type) {
	case *types.Struct:
		lines = append(lines, head+" struct")
		for field := range under.Fields() {
			if field.Exported() {
				lines = append(lines, head+" struct, "+describeField(field, relative))
			}
		}
	case *types.Interface:
		lines = append(lines, head+" interface")
		for method := range under.Methods() {
			lines = append(lines, head+" interface, "+describeMethod(method, relative))
		}
	default:
		lines = append(lines, types.ObjectString(declared, relative))
	}
	if named, ok := declared.Type().(*types.Named); ok {
		for method := range named.Methods() {
			if method.Exported() {
				receiver := types.TypeString(method.Signature().Recv().Type(), relative)
				lines = append(lines, "method ("+receiver+") "+describeMethod(method, relative))
			}
		}
	}
	return lines
}

func describeField(field *types.Var, relative types.Qualifier) string {
	if field.Embedded() {
		return "embedded " + types.TypeString(field.Type(), relative)
	}
	return field.Name() + " " + types.TypeString(field.Type(), relative)
}

func describeMethod(method *types.Func, relative types.Qualifier) string {
	return method.Name() + strings.TrimPrefix(types.TypeString(method.Signature(), relative), "func")
}
