package examples

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// papers are the documents whose files and names have to exist.
var papers = []string{"CONTRIBUTING.md", "README.md", "bench/README.md", "docs/cost.md", "docs/design.md", "docs/pywsgi-names.md"}

// headers are the names of HTTP headers that look like Go's names.
var headers = []string{"Connection", "Trailer", "Upgrade", "Proxy", "Host", "Vary"}

func TestPapersNameFilesThatExist(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^):]+)\)`)
	file := regexp.MustCompile(`^[\w./-]+(\.(css|dot|go|json|md|py|svg|txt|yml)|/…?)$|^(\.ci|\.github|bench|docs|examples|internal)/[\w./-]+$`)
	for _, paper := range papers {
		text, here := read(t, root+"/"+paper), filepath.Join(root, path.Dir(paper))
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			target, _, _ := strings.Cut(match[1], "#")
			require.FileExists(t, filepath.Join(here, target), paper)
		}
		for _, name := range code(text) {
			if !file.MatchString(name) || strings.HasPrefix(name, "/") {
				continue
			}
			name = strings.TrimSuffix(name, "…")
			if _, err := os.Stat(filepath.Join(here, name)); err != nil {
				_, err = os.Stat(filepath.Join(root, name))
				require.NoError(t, err, paper)
			}
		}
	}
}

func TestPapersUseNamesThatExist(t *testing.T) {
	qualified := regexp.MustCompile(`^([a-z]+)\.[A-Z]\w*(\.[A-Z]\w*)*$`)
	alone := regexp.MustCompile(`^[A-Z]\w*[a-z]\w*(\.[A-Z]\w*)*$`)
	ours := exportedNames(t)
	ends := make(map[string]bool) // Handler.App and App of adapter.Handler.App
	for name := range ours {
		for found := true; found; {
			_, name, found = strings.Cut(name, ".")
			ends[name] = true
		}
	}
	for _, paper := range papers {
		for _, name := range code(read(t, root+"/"+paper)) {
			switch match := qualified.FindStringSubmatch(name); {
			case match != nil && slices.Contains(packages, match[1]):
				require.True(t, ours[name], "%s: %s", paper, name)
			case match != nil:
				output, err := exec.Command("go", "doc", "-short", name).CombinedOutput()
				require.NoError(t, err, "%s: %s: %s", paper, name, output)
			case paper == "docs/design.md" && alone.MatchString(name) && !slices.Contains(headers, name):
				require.True(t, ends[name], "%s: %s", paper, name)
			}
		}
	}
}

// The environ's sources name each of its keys, but for those of headers.
func TestPapersUseKeysThatExist(t *testing.T) {
	key := regexp.MustCompile(`^([A-Z]+_[A-Z_]+|HTTPS|wsgi(org)?\.[a-z_]+)$`)
	var sources strings.Builder
	files, err := filepath.Glob(root + "/environ/*.go")
	require.NoError(t, err)
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			sources.WriteString(read(t, file))
		}
	}
	for _, name := range code(read(t, root+"/docs/design.md")) {
		if key.MatchString(name) {
			require.True(t, strings.Contains(sources.String(), `"`+name+`"`), name)
		}
	}
}

// leaves is the box of all packages in internal/ that import nothing of gowsgi.
const leaves = "internal/leaves"

// The picture of the house has the packages that users import, the packages of
// gowsgi that those import, and the examples as one.
func TestHouseIsDrawnAsItStands(t *testing.T) {
	drawn := make(map[string]bool)
	arrow := regexp.MustCompile(`(?m)^\s*"?([\w/]+)"? -> "?([\w/]+)"?( \[.*\])?$`)
	for _, match := range arrow.FindAllStringSubmatch(read(t, root+"/docs/house.dot"), -1) {
		drawn[match[1]+" -> "+match[2]] = true
	}
	real, within := imports(t)
	for _, leaf := range within {
		require.Regexp(t, regexp.QuoteMeta(`"`+leaves+`" [label=`)+`[^]]*`+leaf+`\b`, read(t, root+"/docs/house.dot"))
	}
	if diff := cmp.Diff(real, drawn); diff != "" {
		t.Errorf("docs/house.dot shows other imports than there are: change it and run make pictures (-real +drawn)\n%s", diff)
	}
	svg := strings.NewReplacer("&#45;", "-", "&gt;", ">").Replace(read(t, root+"/docs/house.svg"))
	shown := make(map[string]bool)
	for _, match := range regexp.MustCompile(`<title>([a-z/]+)->([a-z/]+)</title>`).FindAllStringSubmatch(svg, -1) {
		shown[match[1]+" -> "+match[2]] = true
	}
	if diff := cmp.Diff(drawn, shown); diff != "" {
		t.Errorf("docs/house.svg was not drawn from docs/house.dot: run make pictures (-source +picture)\n%s", diff)
	}
}

// imports are the imports among the packages of the picture, as "from -> to", and
// the names of the packages that the picture has as leaves.
func imports(t *testing.T) (arrows map[string]bool, within []string) {
	t.Helper()
	found := make(map[string]bool)
	examples, err := filepath.Glob("*/*.go")
	require.NoError(t, err)
	follow(t, "examples", examples, found)
	for _, pkg := range append([]string{"cmd/gowsgi"}, packages...) {
		follow(t, pkg, nil, found)
	}
	importing := make(map[string]bool)
	for arrow := range found {
		from, _, _ := strings.Cut(arrow, " -> ")
		importing[from] = true
	}
	arrows = make(map[string]bool)
	for arrow := range found {
		from, to, _ := strings.Cut(arrow, " -> ")
		if name, ok := strings.CutPrefix(to, "internal/"); ok && !importing[to] {
			within = append(within, name)
			to = leaves
		}
		arrows[from+" -> "+to] = true
	}
	return arrows, within
}

// follow adds what pkg imports of gowsgi, and what that imports in turn. The
// files of pkg lie in the folder of its name unless they are given.
func follow(t *testing.T, pkg string, files []string, found map[string]bool) {
	t.Helper()
	if files == nil {
		var err error
		files, err = filepath.Glob(filepath.Join(root, pkg, "*.go"))
		require.NoError(t, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range parsed.Imports {
			to, ok := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "github.com/gowsgi/gowsgi/")
			if arrow := pkg + " -> " + to; ok && !found[arrow] {
				found[arrow] = true
				follow(t, to, nil, found)
			}
		}
	}
}

func TestPicturesAreDrawn(t *testing.T) {
	sources, err := filepath.Glob(root + "/docs/*.dot")
	require.NoError(t, err)
	require.Len(t, sources, 2)
	colours := read(t, root+"/docs/pictures.css")
	for _, source := range sources {
		svg := read(t, strings.TrimSuffix(source, ".dot")+".svg")
		require.True(t, strings.Contains(svg, colours), "%s is older than docs/pictures.css: run make pictures", source)
		for _, label := range regexp.MustCompile(`<b>([^<]+)</b>`).FindAllStringSubmatch(read(t, source), -1) {
			require.True(t, strings.Contains(svg, ">"+label[1]+"</text>"), "%s has %q, its picture has not: run make pictures", source, label[1])
		}
	}
}
