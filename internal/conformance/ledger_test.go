package conformance

import "testing"

// report fails the test for all that is wrong with a table.
func report(t *testing.T, l *ledger) {
	t.Helper()
	for _, problem := range l.verdict() {
		t.Error(problem)
	}
}
