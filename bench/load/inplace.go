package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/bench"
	"github.com/gowsgi/gowsgi/middleware"
)

// inPlace returns the handlers that one server times while it serves them, and
// their names in order; the others are compared to the first. Between two calls
// of a handler, net/http and the kernel use the processor's caches, which a
// benchmark without a network does not show.
func inPlace() ([]string, map[string]*timed) {
	hello := bench.Hello()
	names := []string{"bare", "hello", "FromHandler", "GuardHeaders", "QuietDisconnects", "Environ"}
	return names, map[string]*timed{
		"bare":             {handler: hello.Bare},
		"hello":            {handler: hello.Gowsgi},
		"FromHandler":      {handler: &adapter.Handler{App: adapter.FromHandler(hello.Bare)}},
		"GuardHeaders":     {handler: middleware.GuardHeaders(hello.Bare)},
		"QuietDisconnects": {handler: middleware.QuietDisconnects(hello.Bare)},
		"Environ":          {handler: middleware.Environ(nil)(hello.Bare)},
	}
}

// timed counts how long its handler takes, in steps of 4 ns. It has no lock: the
// server has a GOMAXPROCS of 1 and its handlers do not block.
type timed struct {
	handler http.Handler
	counts  [5000]int
}

const step = 4 * time.Nanosecond

func (t *timed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	t.handler.ServeHTTP(w, r)
	t.counts[min(int(time.Since(began)/step), len(t.counts)-1)]++
}

// median returns the median since the last call of median.
func (t *timed) median() time.Duration {
	all, upTo := 0, 0
	for _, n := range t.counts {
		all += n
	}
	defer clear(t.counts[:])
	for i, n := range t.counts {
		if upTo += n; upTo*2 > all {
			return time.Duration(i) * step
		}
	}
	return 0
}

// runTimed serves the handlers under their names. It answers a line on standard
// input with their medians in nanoseconds.
func runTimed() error {
	mux := http.NewServeMux()
	names, handlers := inPlace()
	for name, h := range handlers {
		mux.Handle("/"+name, h)
	}
	return answer(mux, func() string {
		var medians []int64
		for _, name := range names {
			medians = append(medians, int64(handlers[name].median()))
		}
		return strings.Trim(fmt.Sprint(medians), "[]")
	})
}

// compareInPlace prints how much longer each handler took than the bare one: the
// median of the rounds, and their middle half.
func compareInPlace(rounds int, length time.Duration, only string) error {
	if !strings.Contains("in place", only) {
		return nil
	}
	s, err := start("inplace", "")
	if err != nil {
		return err
	}
	defer s.stop()
	names, _ := inPlace()
	for i, name := range names[1:] {
		over, err := s.timeInPlace(names, i+1, rounds, length)
		if err != nil {
			return err
		}
		slices.Sort(over)
		fmt.Printf("%-24s %+9.0f ns over bare, in a server %+6.0f–%+-6.0f\n", name, median(over), over[len(over)/4], over[len(over)*3/4])
	}
	return nil
}

// timeInPlace sends requests for the first handler and for another one in random
// order, which the processor's branch predictor cannot learn. It returns for each
// round how many nanoseconds longer the other handler took.
func (s *server) timeInPlace(names []string, other, rounds int, length time.Duration) ([]float64, error) {
	requests := [][]byte{
		work{method: "GET", path: "/" + names[0]}.raw(),
		work{method: "GET", path: "/" + names[other]}.raw(),
	}
	var over []float64
	for round := range rounds + 1 {
		if err := sendMixed(s.addr, requests, length); err != nil {
			return nil, err
		}
		text, err := s.ask()
		if err != nil {
			return nil, err
		}
		medians := make([]float64, len(names))
		for i, field := range strings.Fields(text) {
			if _, err := fmt.Sscan(field, &medians[i]); err != nil {
				return nil, err
			}
		}
		if round > 0 { // the first round warms up
			over = append(over, medians[other]-medians[0])
		}
	}
	return over, nil
}

func sendMixed(addr string, requests [][]byte, length time.Duration) error {
	errs := make([]error, 16)
	until := time.Now().Add(length)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			_, errs[i] = converse(addr, until, func() []byte { return requests[rand.IntN(len(requests))] })
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
