package conformance

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	made := lines(Document(explained(t)))
	data, err := os.ReadFile("../docs/differences.md")
	require.NoError(t, err)
	written := lines(string(data))
	// Only the first line that differs is shown: a change of one row may change them all.
	for i := range max(len(made), len(written)) {
		if diff := cmp.Diff(lineAt(written, i), lineAt(made, i)); diff != "" {
			t.Fatalf("docs/differences.md is out of date from line %d on; run go generate ./conformance\n%s", i+1, diff)
		}
	}
}

func lines(text string) []string { return strings.Split(text, "\n") }

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(no such line)"
}
