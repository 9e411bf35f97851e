package porting

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	document = "../../docs/porting.md"
	python   = "/usr/bin/python3"
)

// section is an idiom in both languages, as the document has it.
type section struct{ heading, python, goCode string }

// sections are those of the document. The first has the helpers that the others
// use.
func sections(t *testing.T) []section {
	t.Helper()
	var found []section
	for _, text := range strings.Split(read(t, document), "\n### ")[1:] {
		heading, _, _ := strings.Cut(text, "\n")
		found = append(found, section{heading, block(t, text, "python"), block(t, text, "go")})
	}
	require.Greater(t, len(found), 30)
	return found
}

// block is the one block of code in a language that a section has.
func block(t *testing.T, text, language string) string {
	t.Helper()
	fenced := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$")
	blocks := fenced.FindAllStringSubmatch(text, -1)
	require.Len(t, blocks, 1, "blocks of %s in %.40q", language, text)
	return blocks[0][1]
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// examples are the bodies of the examples, as the document shows them.
func examples(t *testing.T) map[string]string {
	t.Helper()
	source := read(t, "example_test.go")
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "example_test.go", source, parser.SkipObjectResolution)
	require.NoError(t, err)
	found := make(map[string]string)
	for _, decl := range parsed.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(f.Name.Name, "Example") {
			continue
		}
		body := source[files.Position(f.Body.Lbrace).Offset+len("{\n") : files.Position(f.Body.Rbrace).Offset]
		found[f.Name.Name] = regexp.MustCompile(`(?m)^\t`).ReplaceAllString(body, "")
	}
	return found
}

// output is what go test compares an example's output to.
func output(t *testing.T, example string) string {
	t.Helper()
	_, comment, ok := strings.Cut(example, "// Output:")
	require.True(t, ok, example)
	var lines []string
	for line := range strings.Lines(comment) {
		lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "//"), " "))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// The Go of the document is that of the examples, which go test runs, and each
// of them is in it.
func TestGoIsFromTheExamples(t *testing.T) {
	all := sections(t)
	require.Contains(t, read(t, "example_test.go"), "\n"+all[0].goCode)
	bodies := examples(t)
	for _, s := range all[1:] {
		name := nameOf(bodies, s.goCode)
		require.NotEmpty(t, name, "no example is what stands under %q:\n%s", s.heading, s.goCode)
		delete(bodies, name)
	}
	require.Empty(t, bodies, "examples that are not in the document")
}

func nameOf(bodies map[string]string, code string) string {
	for name, body := range bodies {
		if body == code {
			return name
		}
	}
	return ""
}

// The Python of the document prints what the Go does.
func TestPythonPrintsTheSame(t *testing.T) {
	if _, err := os.Stat(python); err != nil {
		t.Skipf("NOT TESTED: the Python side is not run: %v", err)
	}
	all := sections(t)
	for _, s := range all[1:] {
		t.Run(s.heading, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(s.python, "import cgi\n") && exec.Command(python, "-W", "ignore", "-c", "import cgi").Run() != nil {
				t.Skip("this Python has no cgi any more (3.13)")
			}
			script := filepath.Join(t.TempDir(), "snippet.py")
			require.NoError(t, os.WriteFile(script, []byte(all[0].python+s.python), 0o600))
			command := exec.Command(python, "-W", "ignore", "-X", "utf8", script)
			var errs strings.Builder
			command.Stderr = &errs
			printed, err := command.Output()
			require.NoError(t, err, errs.String())
			require.Equal(t, output(t, s.goCode), trimmed(string(printed)))
		})
	}
}

// trimmed is an output without the spaces that end its lines, as go test takes it.
func trimmed(printed string) string {
	lines := strings.Split(strings.ReplaceAll(printed, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// A link leads to a file, or to a heading in one.
func TestLinksLeadSomewhere(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^):]+)\)`).FindAllStringSubmatch(read(t, document), -1)
	require.NotEmpty(t, links)
	for _, link := range links {
		name, anchor, _ := strings.Cut(link[1], "#")
		file := filepath.Join(filepath.Dir(document), name)
		_, err := os.Stat(file)
		require.NoError(t, err)
		if anchor != "" {
			require.True(t, slices.Contains(anchors(t, file), anchor), "%s has no heading for #%s", name, anchor)
		}
	}
}

func anchors(t *testing.T, file string) (found []string) {
	t.Helper()
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(read(t, file), -1) {
		plain := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		found = append(found, strings.ReplaceAll(plain, " ", "-"))
	}
	return found
}

// The document names no function of ours that there is not.
func TestDocumentNamesWhatThereIs(t *testing.T) {
	names := regexp.MustCompile("`(adapter|environ|logadapter|middleware|secure)\\.([A-Z][A-Za-z]*)").FindAllStringSubmatch(read(t, document), -1)
	require.Greater(t, len(names), 5)
	for _, name := range names {
		declared := regexp.MustCompile(fmt.Sprintf(`(?m)^(func|type|var) %s\b|^func \([^)]*\) %s\(`, name[2], name[2]))
		files, err := filepath.Glob(filepath.Join("../..", name[1], "*.go"))
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(files, func(file string) bool { return declared.MatchString(read(t, file)) }), name[0])
	}
}
