//go:build unix

package applications

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

func TestThreads(t *testing.T) {
	s := serve(t, python.Config{App: "jobs", Dir: "threads", Threads: 4, StopTimeout: time.Second})

	everywhere(t, func(t *testing.T, at string) {
		b := s.browse(t, at+"/timer")
		t.Run("timer", func(t *testing.T) { b.shows(t, at+"/timer", "ticked") })
		t.Run("background thread", func(t *testing.T) {
			var group sync.WaitGroup
			for n := range 20 {
				group.Go(func() {
					response, err := http.Get(fmt.Sprintf("%s%s/background?job-%d", s.URL, at, n))
					if err != nil {
						t.Error(err)
						return
					}
					_ = response.Body.Close()
					if response.ContentLength != int64(len(fmt.Sprintf("JOB-%d", n))) {
						t.Error(response.Status, response.ContentLength)
					}
				})
			}
			group.Wait()
			b.open(t, at+"/background?one")
			require.Equal(t, "ONE", b.page)
		})
		t.Run("executor", func(t *testing.T) {
			b.open(t, at+"/pool?a+b+c")
			require.Equal(t, "A B C", b.page)
		})
	})
	t.Run("nothing left after Close", func(t *testing.T) { closes(t, s) })
}
