package conformance

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	exchanges, err := replayed()
	require.NoError(t, err)
	written, err := os.ReadFile("../docs/differences.md")
	require.NoError(t, err)
	if diff := cmp.Diff(string(written), Document(exchanges)); diff != "" {
		t.Errorf("docs/differences.md is out of date; run go generate ./conformance\n%s", diff)
	}
}
