package conformance

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/conformance/apps"
	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/rows"
)

// replayed plays all cases, once for all tests.
var replayed = sync.OnceValues(func() ([]*replay.Exchange, error) {
	vectors, err := recorded.All()
	if err != nil {
		return nil, err
	}
	return play(vectors)
})

func play(vectors []recorded.Vector) ([]*replay.Exchange, error) {
	exchanges, err := Twins.Replay(vectors)
	if err != nil {
		return nil, err
	}
	return exchanges, Twins.Retry(exchanges, rows.Differences)
}

// explained returns all exchanges. It fails a test in one line if no row explains
// some of their differences, which TestReplay lists.
func explained(t *testing.T) []*replay.Exchange {
	t.Helper()
	exchanges, err := replayed()
	require.NoError(t, err)
	if _, unexplained := replay.Explain(exchanges, rows.Differences); len(unexplained) > 0 {
		t.Fatal("no row explains some differences: see TestReplay, and mend that first")
	}
	return exchanges
}

// TestReplay plays every recorded case, a subtest for each. Run alone, with -v, a
// subtest prints its exchange:
//
//	go test ./conformance -run TestReplay/trailer_one$ -v
func TestReplay(t *testing.T) {
	t.Parallel()
	vectors, err := recorded.All()
	require.NoError(t, err)
	run := &selection{possible: len(vectors)}
	t.Cleanup(func() { run.summarise(t) })
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			if slices.ContainsFunc(v.Apps, apps.IsImpossible) {
				run.possible--
				t.Skip("Go's types rule its application out: see apps.Impossible")
			}
			run.chosen = append(run.chosen, v)
			t.Parallel() // so that the subtest goes on when all have been chosen
			run.judge(t, v.Name)
		})
	}
}

// selection is the cases that -run has chosen.
type selection struct {
	possible int // how many could have been
	chosen   []recorded.Vector

	once        sync.Once
	problem     error
	found       map[string][]*replay.Exchange
	unexplained []replay.Difference
}

// play plays the chosen cases, all of them at once.
func (s *selection) play() {
	exchanges, err := s.exchanges()
	s.problem, s.found = err, make(map[string][]*replay.Exchange)
	for _, x := range exchanges {
		s.found[x.Name] = append(s.found[x.Name], x)
	}
	_, s.unexplained = replay.Explain(exchanges, rows.Differences)
}

func (s *selection) exchanges() ([]*replay.Exchange, error) {
	if len(s.chosen) == s.possible {
		return replayed()
	}
	return play(s.chosen)
}

// many says that one report for all cases replaces those of the subtests.
func (s *selection) many() bool { return replay.CountCases(s.unexplained) > replay.Few }

func (s *selection) judge(t *testing.T, name string) {
	s.once.Do(s.play)
	require.NoError(t, s.problem)
	exchanges := s.found[name]
	_, unexplained := replay.Explain(exchanges, rows.Differences)
	if len(unexplained) > 0 && !s.many() {
		t.Errorf("no row explains:\n%s\n\n%s", replay.Report(unexplained), replay.Transcript(exchanges, rows.Differences))
	} else if testing.Verbose() && len(s.chosen) <= replay.Few {
		t.Log("\n" + replay.Transcript(exchanges, rows.Differences))
	}
}

func (s *selection) summarise(t *testing.T) {
	if s.many() {
		t.Errorf("no row explains these differences. %s", replay.Report(s.unexplained))
	}
}

func TestEveryRowExplainsADifference(t *testing.T) {
	t.Parallel()
	uses, _ := replay.Explain(explained(t), rows.Differences)
	for i, use := range uses {
		row := rows.Differences[i]
		for _, server := range recorded.Servers {
			if row.HoldsFor(server) && use.Differences[server] == 0 {
				t.Errorf("row %q explains nothing that gevent %s does: the difference is gone, its values are not those that are seen, or the row is about the other gevent only", row.Name, server)
			}
		}
	}
}

// A pattern of values that is never met would allow differences that nobody has seen.
func TestEveryEffectIsSeen(t *testing.T) {
	t.Parallel()
	exchanges := explained(t)
	seen := make(map[[3]string]bool)
	for _, rule := range rows.Differences {
		for _, e := range rule.Effects {
			seen[e.Key()] = seen[e.Key()] || rule.Sees(e, exchanges)
		}
	}
	for key, ok := range seen {
		if !ok {
			t.Errorf("the effect %q on %s is never seen", key[1:], key[0])
		}
	}
}

func TestEveryApplicationHasATwin(t *testing.T) {
	t.Parallel()
	vectors, err := recorded.All()
	require.NoError(t, err)
	for _, v := range vectors {
		for _, name := range v.Apps {
			require.True(t, apps.All[name] != nil || apps.IsImpossible(name), "application %q of case %q", name, v.Name)
		}
	}
	for name := range apps.Impossible {
		require.NotContains(t, apps.All, name)
	}
}
