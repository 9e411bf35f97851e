package examples

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const root = ".."

func TestFirstProgramRuns(t *testing.T) {
	program := blocks(t, "go")[0]
	require.Less(t, strings.Count(program, "\n"), 20, "lines")
	addr := freeAddr(t)
	source := filepath.Join(t.TempDir(), "main.go")
	changed := strings.Replace(program, `":8080"`, fmt.Sprintf("%q", addr), 1)
	require.NotEqual(t, program, changed)
	require.NoError(t, os.WriteFile(source, []byte(changed), 0o644))

	binary := filepath.Join(t.TempDir(), "first.exe")
	for _, args := range [][]string{{"vet", source}, {"build", "-o", binary, source}} {
		command := exec.Command("go", args...)
		command.Dir = root
		output, err := command.CombinedOutput()
		require.NoError(t, err, string(output))
	}
	running := exec.Command(binary)
	require.NoError(t, running.Start())
	defer func() {
		_ = running.Process.Kill()
		_ = running.Wait()
	}()
	require.Equal(t, "Hello from /legacy\n", getSoon(t, "http://"+addr+"/legacy/"))
}

func TestFirstProgramIsFormatted(t *testing.T) {
	program := blocks(t, "go")[0]
	source := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(source, []byte(program), 0o644))
	output, err := exec.Command("gofmt", "-l", source).CombinedOutput()
	require.NoError(t, err)
	require.Empty(t, string(output))
}

// Every other block of code stands in one of the examples.
func TestCodeIsFromTheExamples(t *testing.T) {
	var sources strings.Builder
	for _, pattern := range []string{"*/*.go", "*/*.py"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			sources.WriteString(unindented(read(t, file)))
		}
	}
	for _, block := range append(blocks(t, "go")[1:], blocks(t, "python")...) {
		require.Contains(t, sources.String(), unindented(block))
	}
}

// pywsgi has every public name of gevent.pywsgi from gevent 22.10 to 25, with those
// of the base classes and of the instances.
var pywsgi = map[string]string{
	"Module": `WSGIServer WSGIHandler LoggingLogAdapter Environ SecureEnviron WSGISecureEnviron Input
		MAX_REQUEST_LINE format_date_time`,
	"WSGIServer": `application base_env environ environ_class error_log get_environ handle handler_class init_socket
		log max_accept secure_environ_class set_environ set_max_accept update_environ
		address backlog do_close do_read get_listener reuse_addr set_listener socket ssl_args ssl_enabled wrap_socket
		wrap_socket_and_handle
		close closed delay do_handle family fatal_errors full is_fatal_error loop max_delay min_delay pool
		serve_forever server_host server_port set_handle set_spawn start start_accepting started stop
		stop_accepting stop_timeout`,
	"WSGIHandler": `ApplicationError MessageClass application client_address close_connection code command
		connection_upgraded content_length environ finalize_headers format_request get_environ handle handle_error
		handle_one_request handle_one_response headers headers_sent ignored_socket_errors log_error log_request path
		process_result protocol_version provided_content_length provided_date read_request read_requestline
		request_version requestline response_headers response_length response_use_chunked result rfile
		run_application server socket start_response status time_finish time_start write wsgi_input`,
	"LoggingLogAdapter": `flush write writelines`,
	"Environ":           `copy iteritems`,
	"SecureEnviron": `default_print_masked_keys default_secure_repr default_whitelist_keys print_masked_keys
		secure_repr whitelist_keys`,
	"WSGISecureEnviron": `default_print_masked_keys default_whitelist_keys`,
	"Input": `chunk_length chunked_input content_length next position read readline readlines rfile
		send_100_continue_enabled socket`,
}

func TestTableListsEveryName(t *testing.T) {
	for class, names := range pywsgi {
		t.Run(class, func(t *testing.T) {
			var listed []string
			for _, row := range rows(t, class) {
				for _, name := range code(row[0]) {
					if token.IsIdentifier(name) && !slices.Contains([]string{"get", "in", "del", "len"}, name) {
						listed = append(listed, name)
					}
				}
			}
			require.ElementsMatch(t, strings.Fields(names), listed)
		})
	}
}

func TestTableNamesWhatThereIs(t *testing.T) {
	ours := regexp.MustCompile(`^(adapter|environ|logadapter|middleware|python|secure)\.[A-Z]`)
	exported := exportedNames(t)
	named := 0
	for _, name := range code(read(t, root+"/docs/pywsgi-names.md")) {
		if ours.MatchString(name) {
			require.True(t, exported[name], name)
			named++
		}
	}
	require.Greater(t, named, 50)
}

// packages are those that users import.
var packages = []string{"adapter", "environ", "logadapter", "middleware", "python", "secure"}

// exportedNames are those of packages, as package.Name and package.Type.Member.
func exportedNames(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	for _, pkg := range packages {
		files, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			for _, decl := range parsed.Decls {
				declared(decl, pkg, names)
			}
		}
	}
	return names
}

func declared(decl ast.Decl, pkg string, names map[string]bool) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		names[pkg+receiver(decl)+"."+decl.Name.Name] = true
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					names[pkg+"."+name.Name] = true
				}
			case *ast.TypeSpec:
				names[pkg+"."+spec.Name.Name] = true
				for _, field := range fields(spec.Type) {
					names[pkg+"."+spec.Name.Name+"."+field] = true
				}
			}
		}
	}
}

func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	return "." + of.(*ast.Ident).Name
}

// fields are the names of a struct's fields, or of an interface's methods.
func fields(of ast.Expr) (names []string) {
	var list *ast.FieldList
	switch of := of.(type) {
	case *ast.StructType:
		list = of.Fields
	case *ast.InterfaceType:
		list = of.Methods
	default:
		return nil
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
		if embedded, ok := field.Type.(*ast.StarExpr); ok && len(field.Names) == 0 {
			if qualified, ok := embedded.X.(*ast.SelectorExpr); ok {
				names = append(names, qualified.Sel.Name)
			}
		}
	}
	return names
}

// blocks are the README's blocks of code in a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	var found []string
	fenced := regexp.MustCompile("(?s)```" + language + "\n(.*?)```")
	for _, match := range fenced.FindAllStringSubmatch(read(t, root+"/README.md"), -1) {
		found = append(found, match[1])
	}
	require.NotEmpty(t, found)
	return found
}

// rows are the rows of the table under a heading of docs/pywsgi-names.md, without
// those of its head.
func rows(t *testing.T, heading string) (found [][2]string) {
	t.Helper()
	_, section, ok := strings.Cut(read(t, root+"/docs/pywsgi-names.md"), "\n## "+heading+"\n")
	require.True(t, ok, heading)
	section, _, _ = strings.Cut(section, "\n#")
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) == 4 {
			found = append(found, [2]string{cells[1], cells[2]})
		}
	}
	require.Greater(t, len(found), 2)
	return found[2:]
}

// code returns the texts in backticks that do not go over the end of a line.
func code(text string) (found []string) {
	for _, match := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

func unindented(text string) string {
	return regexp.MustCompile(`(?m)^[ \t]+`).ReplaceAllString(text, "")
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// getSoon waits for a server that is starting.
func getSoon(t *testing.T, url string) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		response, err := http.Get(url)
		if err == nil {
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			return string(body)
		}
		require.True(t, time.Now().Before(deadline), err)
	}
}

// The README rounds the figures of docs/cost.md.
func TestReadmeCosts(t *testing.T) {
	cost := read(t, root+"/docs/cost.md")
	figures := func(row string) (found []float64) {
		match := regexp.MustCompile(`(?m)^\| ` + row + `$`).FindStringSubmatch(cost)
		require.NotNil(t, match, row)
		for _, text := range match[1:] {
			figure, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
			require.NoError(t, err)
			found = append(found, figure)
		}
		return found
	}
	allocations := figures(`hello: three keys, one header, a list \|.*\| (\d+) \| \+350 ns.*`)
	inServer := figures(`hello \| (\d+)–(\d+) \|`)
	rates := figures(`hello, 32 connections \| ([\d,]+) /s \| ([\d,]+) /s \| ([\d.]+)–([\d.]+) in five runs \|.*`)
	flat := strings.Join(strings.Fields(read(t, root+"/README.md")), " ")
	require.Contains(t, flat, fmt.Sprintf("a small request costs %.0f more allocations and, in a server, %.1f µs.", allocations[0], (inServer[0]+inServer[1])/2000))
	require.Contains(t, flat, fmt.Sprintf("gowsgi served %.0f %% of the bare handler's requests (%.0f to %.0f %% in five runs)", 100*rates[1]/rates[0], 100*rates[2], 100*rates[3]))
}

// TestReadmeCounts compares the README's numbers with those of the generated document.
func TestReadmeCounts(t *testing.T) {
	differences, err := os.ReadFile("../docs/differences.md")
	require.NoError(t, err)
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	document := strings.ReplaceAll(string(differences), "\n", " ")
	m := regexp.MustCompile(`(\d+) requests on (\d+) connections, into (\d+) applications.*? gevent\.pywsgi: (\S+), which .*? and (\S+), the newest .*? (\d+) rows explain`).FindStringSubmatch(document)
	require.NotNil(t, m)
	flat := strings.ReplaceAll(strings.ReplaceAll(string(readme), ",", ""), "\n", " ")
	for _, claim := range []string{
		m[1] + " requests on " + m[2] + " connections into " + m[3] + " applications",
		"gevent.pywsgi " + m[4] + " (Debian 12) and " + m[5] + " (PyPI)",
		m[6] + " rows explain",
	} {
		require.Contains(t, flat, claim)
	}
}
