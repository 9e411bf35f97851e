package conformance

import (
	"testing"

	"github.com/gowsgi/gowsgi/conformance/replay"
)

// report fails the test for all that is wrong with a table.
func report(t *testing.T, l *replay.Ledger) {
	t.Helper()
	for _, problem := range l.Verdict() {
		t.Error(problem)
	}
}
