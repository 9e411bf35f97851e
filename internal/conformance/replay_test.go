package conformance

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// replayed is what came of all vectors, once for all tests.
var replayed = sync.OnceValues(func() ([]*Exchange, error) {
	vectors, err := Load("testdata")
	if err != nil {
		return nil, err
	}
	exchanges, err := Replay(vectors)
	if err != nil {
		return nil, err
	}
	return exchanges, Again(exchanges, Differences)
})

func TestEveryDifferenceIsExplained(t *testing.T) {
	t.Parallel()
	exchanges, err := replayed()
	require.NoError(t, err)
	_, unexplained := Explain(exchanges, Differences)
	for _, d := range unexplained {
		t.Errorf("no row explains: %v", d)
	}
}

func TestEveryRowExplainsADifference(t *testing.T) {
	t.Parallel()
	exchanges, err := replayed()
	require.NoError(t, err)
	uses, _ := Explain(exchanges, Differences)
	for i, use := range uses {
		if use.Differences == 0 {
			t.Errorf("row %q explains nothing: the difference is gone, or its values are not those that are seen", Differences[i].Name)
		}
	}
}

// A pattern of values that is never met allows what nobody has looked at.
func TestEveryEffectIsSeen(t *testing.T) {
	t.Parallel()
	exchanges, err := replayed()
	require.NoError(t, err)
	seen := make(map[[3]string]bool)
	for _, rule := range Differences {
		for _, e := range rule.effects {
			seen[e.key()] = seen[e.key()] || rule.sees(e, exchanges)
		}
	}
	for key, ok := range seen {
		if !ok {
			t.Errorf("the effect %q on %s is never seen", key[1:], key[0])
		}
	}
}

func (e effect) key() [3]string { return [3]string{e.field, e.pywsgi, e.gowsgi} }

// sees reports whether the effect alone explains some difference.
func (r *Rule) sees(e effect, exchanges []*Exchange) bool {
	alone := Rule{when: r.when, effects: []effect{e}}
	return slices.ContainsFunc(exchanges, func(x *Exchange) bool {
		return slices.ContainsFunc(x.Differences, func(d Difference) bool { return alone.explains(x, d) })
	})
}

func TestEveryApplicationHasATwin(t *testing.T) {
	t.Parallel()
	vectors, err := Load("testdata")
	require.NoError(t, err)
	for _, v := range vectors {
		for _, name := range v.Apps {
			require.True(t, Apps[name] != nil || isImpossible(name), "application %q of case %q", name, v.Name)
		}
	}
	for name := range impossible {
		require.NotContains(t, Apps, name)
	}
}
