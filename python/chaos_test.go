//go:build unix

package python_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

// chaosRequests is an environment variable with the number of requests of
// TestChaos, for a long run: GOWSGI_CHAOS=10000.
const chaosRequests = "GOWSGI_CHAOS"

// While workers are killed, stopped and replaced at random, and die, hang, talk
// garbage and grow fat by themselves, each request gets a whole right answer, a
// clean 502, 503 or 504, or a cut connection.
func TestChaos(t *testing.T) {
	requests := 1000
	if testing.Short() {
		requests = 200
	}
	if given := os.Getenv(chaosRequests); given != "" {
		var err error
		requests, err = strconv.Atoi(given)
		require.NoError(t, err, chaosRequests)
	}
	s := run(t, python.Config{Workers: 3, Threads: 2, RequestTimeout: 500 * time.Millisecond, MaxRequests: 200, MaxRequestsJitter: 200, MaxMemory: 100 << 20})
	var next, right, refused, cut atomic.Int64
	count := func(err error) {
		if err != nil {
			cut.Add(1)
		} else {
			refused.Add(1)
		}
	}
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for n := next.Add(1); n <= int64(requests); n = next.Add(1) {
				if n%100 == 0 {
					path := []string{"/dies", "/dies_late", "/dies_within_chunk", "/crashes", "/hangs", "/hangs_late", "/garbage", "/bloats"}[rand.IntN(8)]
					status, err := s.trouble(path)
					if err == nil && (status < 502 || status > 504) && path != "/bloats" {
						t.Errorf("request %d: %s has status %d", n, path, status)
					}
					count(err)
					continue
				}
				body := strings.Repeat(fmt.Sprint(n, ";"), 1+rand.IntN(20_000))
				res, err := http.Post(s.URL("/echo"), "text/plain", strings.NewReader(body))
				if err != nil {
					count(err)
					continue
				}
				got, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				switch {
				case err != nil, res.StatusCode >= 502 && res.StatusCode <= 504:
					count(err)
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
			case <-time.After(500 * time.Millisecond): // a worker's life is long enough to be no failure to start
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
	require.Equal(t, int64(requests), right.Load()+refused.Load()+cut.Load(), "some answers were wrong")
	t.Logf("of %d requests %d had their right answer, %d a 502, 503 or 504, and %d a cut connection; %d workers were replaced",
		requests, right.Load(), refused.Load(), cut.Load(), s.Stats().Restarts)
	require.NoError(t, s.Close())
	require.Empty(t, s.Logs.String(), "net/http's log: a panic, say")
	dir, err := filepath.Abs("testdata/apps")
	require.NoError(t, err)
	require.Empty(t, processes(t, dir), "left behind")
}

// trouble asks for an application that ends or blocks its worker.
func (s *running) trouble(path string) (status int, err error) {
	res, err := http.Get(s.URL(path))
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}
