package conformance

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/conformance/apps"
	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/rows"
)

// replayed is what came of all vectors, once for all tests.
var replayed = sync.OnceValues(func() ([]*replay.Exchange, error) {
	vectors, err := recorded.Load("recorded/gevent-22.10.2")
	if err != nil {
		return nil, err
	}
	exchanges, err := replay.All(vectors)
	if err != nil {
		return nil, err
	}
	return exchanges, replay.Again(exchanges, rows.Differences)
})

func TestEveryDifferenceIsExplained(t *testing.T) {
	t.Parallel()
	exchanges, err := replayed()
	require.NoError(t, err)
	_, unexplained := replay.Explain(exchanges, rows.Differences)
	for _, d := range unexplained {
		t.Errorf("no row explains: %v", d)
	}
}

func TestEveryRowExplainsADifference(t *testing.T) {
	t.Parallel()
	exchanges, err := replayed()
	require.NoError(t, err)
	uses, _ := replay.Explain(exchanges, rows.Differences)
	for i, use := range uses {
		if use.Differences == 0 {
			t.Errorf("row %q explains nothing: the difference is gone, or its values are not those that are seen", rows.Differences[i].Name)
		}
	}
}

// A pattern of values that is never met allows what nobody has looked at.
func TestEveryEffectIsSeen(t *testing.T) {
	t.Parallel()
	exchanges, err := replayed()
	require.NoError(t, err)
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
	vectors, err := recorded.Load("recorded/gevent-22.10.2")
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
