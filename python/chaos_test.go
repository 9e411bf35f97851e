//go:build unix

package python_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

// While workers are killed, stopped and replaced at random, each request gets a
// whole right answer, a clean 502, 503 or 504, or a cut connection.
func TestChaos(t *testing.T) {
	requests := 1000
	if testing.Short() {
		requests = 200
	}
	s := run(t, python.Config{Workers: 3, Threads: 2, RequestTimeout: 500 * time.Millisecond, MaxRequests: 50, MaxRequestsJitter: 50})
	var next, right atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for n := next.Add(1); n <= int64(requests); n = next.Add(1) {
				body := strings.Repeat(fmt.Sprint(n, ";"), 1+rand.IntN(20_000))
				res, err := http.Post(s.URL("/echo"), "text/plain", strings.NewReader(body))
				if err != nil {
					continue
				}
				got, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				switch {
				case err != nil, res.StatusCode >= 502 && res.StatusCode <= 504:
				case res.StatusCode != 200 || string(got) != body:
					t.Errorf("request %d: status %d and %d bytes in the place of %d", n, res.StatusCode, len(got), len(body))
				default:
					right.Add(1)
				}
			}
		})
	}
	stop := make(chan struct{})
	var trouble sync.WaitGroup
	trouble.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Millisecond):
			}
			workers := s.Stats().Workers
			if len(workers) == 0 {
				continue
			}
			if w := workers[rand.IntN(len(workers))]; w.PID > 0 && (w.State == "idle" || w.State == "busy") {
				_ = syscall.Kill(w.PID, []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGSEGV, syscall.SIGTERM}[rand.IntN(4)])
			}
		}
	})
	clients.Wait()
	close(stop)
	trouble.Wait()
	require.Positive(t, right.Load())
	t.Logf("%d of %d requests had a right answer; %d workers were replaced", right.Load(), requests, s.Stats().Restarts)
	require.NoError(t, s.Close())
}
