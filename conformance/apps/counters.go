package apps

import (
	"sync"

	"github.com/gowsgi/gowsgi/environ"
)

// Counters is what applications count that a response cannot show.
type Counters struct {
	mu     sync.Mutex
	counts map[string]int
}

const CountersKey = "conformance.counters"

func count(env *environ.Environ, what string) {
	counters, ok := env.Value(CountersKey).(*Counters)
	if !ok {
		return
	}
	counters.mu.Lock()
	defer counters.mu.Unlock()
	if counters.counts == nil {
		counters.counts = make(map[string]int)
	}
	counters.counts[what]++
}

// Take returns the counts and empties them.
func (c *Counters) Take() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := c.counts
	c.counts = nil
	return counts
}
