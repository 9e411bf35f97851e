package wire

import (
	"sync"

	"github.com/gowsgi/gowsgi/environ"
)

// CountersKey is the environ's key for the Counters of a connection.
const CountersKey = "conformance.counters"

// Counters holds what applications count because a response cannot show it: how
// often they were called, their bodies closed, chunks taken, cleanups run.
type Counters struct {
	mu     sync.Mutex
	counts map[string]int
}

// CountersOf returns the counters in env, nil where there are none.
func CountersOf(env *environ.Environ) *Counters {
	counters, _ := env.Value(CountersKey).(*Counters)
	return counters
}

// Add counts one more of what. A nil Counters counts nothing.
func (c *Counters) Add(what string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = make(map[string]int)
	}
	c.counts[what]++
}

// Take returns the counts and empties them.
func (c *Counters) Take() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := c.counts
	c.counts = nil
	return counts
}
