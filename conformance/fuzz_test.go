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

// With GOWSGI_RECORD=1 the fuzzer makes the same cases every time. With
// GOWSGI_FUZZ_TIME=10m it makes new ones for that long.
const (
	fuzzSeed  = 3333
	fuzzCases = 250
)

func TestFuzzAgainstPywsgi(t *testing.T) {
	var cases []wire.Case
	data, err := os.ReadFile("python/requests.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &cases))
	for _, server := range recorded.Servers {
		t.Run(string(server), func(t *testing.T) {
			p := findPywsgi(t, server)
			limit, _ := time.ParseDuration(os.Getenv(fuzzTime))
			if limit == 0 {
				p.fuzz(t, newMutator(fuzzSeed, cases))
				return
			}
			for began := time.Now(); time.Since(began) < limit/time.Duration(len(recorded.Servers)); {
				seed := uint64(time.Now().UnixNano())
				t.Logf("seed %d", seed)
				p.fuzz(t, newMutator(seed, cases))
			}
		})
	}
}

// fuzz plays mutated cases to pywsgi and to gowsgi.
func (p pywsgi) fuzz(t *testing.T, m *mutator) {
	var made []wire.Case
	for n := range fuzzCases {
		made = append(made, m.next(n))
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "cases.json")
	data, err := json.Marshal(made)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, data, 0o600))
	p.record(t, "--cases", file, "--out", filepath.Join(dir, "out"))
	answers, err := recorded.Read(os.DirFS(filepath.Join(dir, "out")))
	require.NoError(t, err)
	require.Len(t, answers, len(made))
	vectors, err := recorded.Join(map[recorded.Server][]recorded.Answer{p.server: answers})
	require.NoError(t, err)
	judge(t, vectors)
}

// judge reports the differences that no row explains, with the case for cases.py.
func judge(t *testing.T, vectors []recorded.Vector) {
	exchanges, err := play(vectors)
	require.NoError(t, err)
	_, all := replay.Explain(exchanges, rows.Differences)
	if replay.CountCases(all) > replay.Few {
		t.Fatalf("no row explains these differences. %s", replay.Report(all))
	}
	for _, x := range exchanges {
		if _, unexplained := replay.Explain([]*replay.Exchange{x}, rows.Differences); len(unexplained) > 0 {
			pasted, err := json.Marshal(x.Case)
			require.NoError(t, err)
			t.Errorf("%s\n%s", pasted, replay.Report(unexplained))
		}
	}
}
