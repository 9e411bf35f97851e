//go:build unix

package applications

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/python"
)

func TestGevent(t *testing.T) {
	const streams = 1000
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	if limit.Max < 4*streams {
		t.Skipf("NOT TESTED: a process may have no more than %d descriptors, and the test needs %d: raise the hard limit (ulimit -Hn)", limit.Max, 4*streams)
	}
	s := serve(t, python.Config{App: "chat:app", Dir: "gevent", Workers: 1, Threads: streams + 8, Gevent: true})

	everywhere(t, func(t *testing.T, at string) {
		clerk := s.browse(t, at+"/listeners")
		listeners := func() int {
			clerk.open(t, at+"/listeners")
			return number(t, clerk.page)
		}
		client := &http.Client{Transport: new(http.Transport)}
		defer client.CloseIdleConnections()
		bodies := make([]io.Closer, streams)
		lines := make([]*bufio.Reader, streams)
		each := func(act func(n int) error) {
			t.Helper()
			var group sync.WaitGroup
			failures := make(chan error, streams)
			for n := range streams {
				group.Go(func() {
					if err := act(n); err != nil {
						failures <- fmt.Errorf("stream %d: %w", n, err)
					}
				})
			}
			group.Wait()
			close(failures)
			require.NoError(t, <-failures)
		}
		expect := func(n int, event string) error {
			for _, want := range []string{"data: " + event + "\n", "\n"} {
				if got, err := lines[n].ReadString('\n'); got != want {
					return fmt.Errorf("%q in the place of %q: %w", got, want, err)
				}
			}
			return nil
		}
		t.Run("1,000 streams at once", func(t *testing.T) {
			each(func(n int) error {
				response, err := client.Get(fmt.Sprint(s.URL, at, "/listen/", n))
				if err != nil {
					return err
				}
				bodies[n], lines[n] = response.Body, bufio.NewReader(response.Body)
				return expect(n, fmt.Sprint("welcome ", n))
			})
			require.Equal(t, streams, listeners())
			require.Len(t, s.Stats().Workers, 1)
		})
		t.Run("each gets its events", func(t *testing.T) {
			for round := range 3 {
				text := fmt.Sprint("hello ", round)
				clerk.send(t, at+"/say", values("text", text))
				require.Equal(t, fmt.Sprint(streams), clerk.page)
				each(func(n int) error { return expect(n, fmt.Sprint(text, " to ", n)) })
			}
			clerk.send(t, at+"/tell/7", values("text", "psst"))
			require.NoError(t, expect(7, "psst to 7"))
		})
		t.Run("clients that leave", func(t *testing.T) {
			for n := range streams / 2 {
				require.NoError(t, bodies[n].Close())
			}
			text := ""
			for until := time.Now().Add(6 * wiretest.Patience); listeners() > streams/2; {
				require.True(t, time.Now().Before(until), "%d listeners are still there", listeners())
				clerk.send(t, at+"/say", values("text", "anybody")) // a worker learns at its next chunk
				text += "anybody"
			}
			require.Contains(t, text, "anybody")
		})
		t.Run("the end of the streams", func(t *testing.T) {
			clerk.send(t, at+"/end", nil)
			require.Equal(t, fmt.Sprint(streams/2), clerk.page)
			each(func(n int) error {
				if n < streams/2 {
					return nil
				}
				_, err := io.Copy(io.Discard, lines[n])
				_ = bodies[n].Close()
				return err
			})
			require.Zero(t, listeners())
			require.Zero(t, s.Stats().Restarts)
		})
	})
}
