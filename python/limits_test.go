//go:build unix

package python_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

// A header of many MB arrives whole, and goes out whole.
func TestLargeHeaders(t *testing.T) {
	s := run(t, python.Config{}, func(srv *http.Server) { srv.MaxHeaderBytes = 32 << 20 })
	const size = 16 << 20
	large := strings.Repeat("x", size)
	ask := func(target, headers, want string) {
		t.Helper()
		c := s.Dial() // Do would search 16 MB for a Date
		c.Send("GET " + target + " HTTP/1.1\nHost: x\nConnection: close\n" + headers + "\n")
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		require.True(t, bytes.Contains(got, []byte(want)), "%d bytes, which begin %.300q", len(got), got)
	}
	ask("/environ_of?HTTP_X_LARGE,HTTP_X_NEXT", "X-Large: "+large+"\nX-Next: next\n", "\r\n\r\nHTTP_X_LARGE='"+large+"'\nHTTP_X_NEXT='next'\n")
	ask("/environ_of?HTTP_X_NEXT", strings.Repeat("X-Many: 1234567890\n", 100_000)+"X-Next: next\n", "\r\n\r\nHTTP_X_NEXT='next'\n")
	ask("/large_header?16777216", "", "\r\nX-Large: "+large+"\r\n")
	require.Zero(t, s.Stats().Restarts)
	require.Empty(t, s.errors.String())
}

// Without a descriptor to spare in the Go process a request fails alone, and a
// worker that ends is replaced later.
func TestNoDescriptorsInGo(t *testing.T) {
	s := run(t, python.Config{Threads: 2})
	first, second := s.Dial(), s.Dial() // before there is no descriptor for them
	signal := filepath.Join(t.TempDir(), "signal")
	first.Send("GET /waits?" + signal + " HTTP/1.1\nHost: x\n\n")
	first.Until("first;")
	pid := s.Stats().Workers[0].PID

	release := exhaust(t)
	second.Send("GET /two HTTP/1.1\nHost: x\nConnection: close\n\n")
	answer := second.All()
	err := syscall.Kill(pid, syscall.SIGKILL)
	s.log.Wait(t, "the next attempt to start a worker")
	release()

	require.NoError(t, err)
	require.Contains(t, answer, "HTTP/1.1 500 Internal Server Error\n")
	require.Contains(t, s.errors.String(), "too many open files")
	require.Equal(t, "one two", s.body("/two"))
	require.NoError(t, os.WriteFile(signal, nil, 0o600))
}

// exhaust uses up the descriptors of this process until release is called.
func exhaust(t *testing.T) (release func()) {
	t.Helper()
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before))
	low := before
	low.Cur = 128
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low))
	var taken []int
	for {
		fd, err := syscall.Dup(2)
		if err != nil {
			break
		}
		syscall.CloseOnExec(fd)
		taken = append(taken, fd)
	}
	over := false
	release = func() {
		if over {
			return
		}
		over = true
		for _, fd := range taken {
			_ = syscall.Close(fd)
		}
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before)
	}
	t.Cleanup(release)
	return release
}

// A worker without a descriptor to spare cannot take another connection: the
// requests that it has go on, and it takes connections again afterwards.
func TestNoDescriptorsInWorker(t *testing.T) {
	s := run(t, python.Config{Threads: 2})
	signal := filepath.Join(t.TempDir(), "signal")
	c := s.Dial()
	c.Send("GET /exhausts?" + signal + " HTTP/1.1\nHost: x\n\n")
	c.Until("exhausted;")
	status, _ := s.get("/two")
	require.Equal(t, 502, status)
	require.NoError(t, os.WriteFile(signal, nil, 0o600))
	c.Until("released")
	require.Equal(t, "one two", s.body("/two"))
	require.Zero(t, s.Stats().Restarts)
}

// An atexit handler that hangs holds a stop up for StopTimeout and no longer.
func TestHangsAtExit(t *testing.T) {
	s := run(t, python.Config{StopTimeout: 300 * time.Millisecond})
	s.body("/hangs_at_exit")
	pid := s.pid()
	require.NoError(t, s.Close())
	require.True(t, gone(pid))
	require.Contains(t, s.log.String(), "it did not stop within 300ms")
}
