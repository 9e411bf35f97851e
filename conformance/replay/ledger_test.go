package replay

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	notes := []Note{{Name: "one", About: []string{"a*"}}, {Name: "two", About: []string{"b"}, Differs: func(_, ours string) bool { return ours == "2" }}}
	ledger := NewLedger(notes)
	ledger.Compare("c", "same", "same")
	ledger.Compare("abc", "1", "2")
	require.Equal(t, []string{`row "two" explains nothing`}, ledger.Verdict())
	ledger.Compare("b", "1", "2")
	require.Empty(t, ledger.Verdict())
	for range 1000 {
		ledger.Compare("b", "1", "3")
	}
	require.Empty(t, cmp.Diff([]string{"no row explains b (met 1000 times)\n\tpywsgi: 1\n\tgowsgi: 3"}, ledger.Verdict()))
}

func TestVerdictsAreBounded(t *testing.T) {
	t.Parallel()
	ledger := NewLedger(nil)
	for i := range 1000 {
		ledger.Compare(fmt.Sprint(i), "1", "2")
	}
	verdict := ledger.Verdict()
	require.Len(t, verdict, Few+1)
	require.Equal(t, "no row explains 980 other differences", verdict[Few])
}
