//go:build unix

package applications

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// row is a row of the table in docs/applications.md.
type row struct {
	Application, File, Version string
	Exercised                  []string
	Root, Prefix               string
}

// The table has a row for each test, and what a row says was exercised is what
// the test's parts are called.
func TestTable(t *testing.T) {
	var shown []row
	line := regexp.MustCompile(`(?m)^\| \[(\w+)\]\(\.\./applications/(\w+\.go)\) \| ([^|]+) \| ([^|]+) \| (\w+) \| (\w+) \|.*\|$`)
	for _, cell := range line.FindAllStringSubmatch(string(read(t, "../docs", "applications.md")), -1) {
		shown = append(shown, row{cell[1], cell[2], cell[3], strings.Split(cell[4], "; "), cell[5], cell[6]})
	}
	if diff := cmp.Diff(tested(t), sorted(shown)); diff != "" {
		t.Errorf("docs/applications.md does not say what the tests do (-tests +document)\n%s", diff)
	}
}

// tested are the rows that the tests deserve.
func tested(t *testing.T) []row {
	t.Helper()
	versions := make(map[string]string)
	for _, pin := range regexp.MustCompile(`(?m)^(\S+)==(\S+)$`).FindAllStringSubmatch(string(read(t, ".", "requirements.txt")), -1) {
		versions[strings.ToLower(pin[1])] = pin[2]
	}
	function, part := regexp.MustCompile(`(?m)^func Test(\w+)\(t `), regexp.MustCompile(`t\.Run\("([^"]+)"`)
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	var rows []row
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		if file == "table_test.go" || file == "helper_test.go" {
			continue
		}
		var parts []string
		for _, match := range part.FindAllSubmatch(source, -1) {
			parts = append(parts, string(match[1]))
		}
		both := "no"
		if strings.Contains(string(source), "\teverywhere(t, ") {
			both = "yes"
		}
		for _, match := range function.FindAllSubmatch(source, -1) {
			name := string(match[1])
			version := versions[strings.ToLower(name)]
			if version == "" {
				version = "our own"
			}
			rows = append(rows, row{name, file, version, parts, both, both})
		}
	}
	return sorted(rows)
}

func sorted(rows []row) []row {
	return slices.SortedFunc(slices.Values(rows), func(a, b row) int { return strings.Compare(a.Application, b.Application) })
}
