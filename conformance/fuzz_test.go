package conformance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/rows"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

// In a normal run the fuzzer makes the same cases every time. With
// GOWSGI_FUZZ_TIME=10m it makes new ones for that long.
const (
	fuzzSeed  = 3333
	fuzzCases = 250
	fuzzTime  = "GOWSGI_FUZZ_TIME"
)

func TestFuzzAgainstPywsgi(t *testing.T) {
	t.Parallel()
	needPywsgi(t)
	var cases []wire.Case
	data, err := os.ReadFile("python/requests.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &cases))
	limit, _ := time.ParseDuration(os.Getenv(fuzzTime))
	if limit == 0 {
		fuzz(t, newMutator(fuzzSeed, cases))
		return
	}
	for began := time.Now(); time.Since(began) < limit; {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		fuzz(t, newMutator(seed, cases))
	}
}

// fuzz plays mutated cases to both servers.
func fuzz(t *testing.T, m *mutator) {
	var made []wire.Case
	for n := range fuzzCases {
		made = append(made, m.next(n))
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "cases.json")
	data, err := json.Marshal(made)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, data, 0o600))
	record(t, "--cases", file, "--out", filepath.Join(dir, "out"))
	vectors, err := recorded.Load(filepath.Join(dir, "out"))
	require.NoError(t, err)
	require.Len(t, vectors, len(made))
	judge(t, vectors)
}

// judge reports what no row explains, with the case to be added to cases.py.
func judge(t *testing.T, vectors []recorded.Vector) {
	exchanges, err := replay.All(vectors)
	require.NoError(t, err)
	require.NoError(t, replay.Again(exchanges, rows.Differences))
	for _, x := range exchanges {
		if _, unexplained := replay.Explain([]*replay.Exchange{x}, rows.Differences); len(unexplained) > 0 {
			pasted, err := json.Marshal(x.Case)
			require.NoError(t, err)
			t.Errorf("%s\n%v", pasted, unexplained)
		}
	}
}
