package conformance

import (
	"testing"

	"github.com/gowsgi/gowsgi/conformance/replay"
)

// report fails the test for everything that a ledger finds wrong.
func report(t *testing.T, l *replay.Ledger) {
	t.Helper()
	for _, problem := range l.Verdict() {
		t.Error(problem)
	}
}
