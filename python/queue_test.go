//go:build unix

package python_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/python"
)

// Clients that leave while they wait are skipped: the application never hears of
// them. The others have their turn in the order they came.
func TestClientsLeaveTheQueue(t *testing.T) {
	s := run(t, python.Config{})
	signal := filepath.Join(t.TempDir(), "signal")
	busy := s.Dial()
	busy.Send("GET /waits?" + signal + " HTTP/1.1\nHost: x\n\n")
	busy.Until("first;")
	var waiting []*wiretest.Conn
	for i := range 6 {
		c := s.Dial()
		c.Send(fmt.Sprintf("GET /notes?%d HTTP/1.1\nHost: x\nConnection: close\n\n", i))
		waiting = append(waiting, c)
		eventually(t, func() bool { return s.Stats().Queued == i+1 }, "one more waits")
	}
	for i, left := range []int{0, 3, 5} {
		require.NoError(t, waiting[left].Close())
		eventually(t, func() bool { return s.Stats().Queued == 5-i }, "one has left")
	}
	require.NoError(t, os.WriteFile(signal, nil, 0o600))
	busy.Until("second")
	require.Contains(t, waiting[1].All(), "\n\n['1']")
	require.Contains(t, waiting[2].All(), "\n\n['1', '2']")
	require.Contains(t, waiting[4].All(), "\n\n['1', '2', '4']")
	require.Equal(t, "['1', '2', '4', 'last']", s.body("/notes?last"))
	require.Empty(t, s.errors.String())
	require.Zero(t, s.Stats().Rejected)
}
