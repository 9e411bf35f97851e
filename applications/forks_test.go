//go:build unix

package applications

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/python"
)

func TestForks(t *testing.T) {
	s := serve(t, python.Config{App: "children", Dir: "forks", StopTimeout: time.Second})

	var left []int
	everywhere(t, func(t *testing.T, at string) {
		b := s.browse(t, at+"/fork")
		t.Run("os.fork", func(t *testing.T) { b.shows(t, at+"/fork", "a child's word, exit status 7") })
		t.Run("subprocess", func(t *testing.T) {
			b.open(t, at+"/subprocess")
			b.shows(t, at+"/subprocess", "said hello")
		})
		t.Run("multiprocessing", func(t *testing.T) {
			for _, method := range []string{"fork", "spawn", "forkserver"} {
				b.open(t, at+"/multiprocessing/"+method)
				b.shows(t, at+"/multiprocessing/"+method, "[0, 1, 4, 9, 16]")
			}
		})
		b.open(t, at+"/leave")
		for _, pid := range strings.Fields(b.page) {
			left = append(left, number(t, pid))
		}
	})
	t.Run("nothing left after Close", func(t *testing.T) {
		require.Len(t, left, 8)
		for _, pid := range left {
			require.False(t, gone(pid), "%d was to run until now", pid)
		}
		closes(t, s, left...)
	})
}

// closes closes the application and waits until its workers and the processes
// pids are gone.
func closes(t *testing.T, s *site, pids ...int) {
	t.Helper()
	for _, worker := range s.Stats().Workers {
		pids = append(pids, worker.PID)
	}
	require.NoError(t, s.Close())
	for _, pid := range pids {
		for until := time.Now().Add(3 * wiretest.Patience); !gone(pid); time.Sleep(5 * time.Millisecond) {
			require.True(t, time.Now().Before(until), "process %d is still there", pid)
		}
	}
}

// gone reports whether a process is gone, or a zombie.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := strings.Cut(string(stat), ") ")
	return err == nil && strings.HasPrefix(rest, "Z")
}
