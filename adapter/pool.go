package adapter

import (
	"math"
	"sync/atomic"
	"time"
)

// pool is gevent's Pool for a Server: it limits the connections that are served
// at once, over all listeners.
type pool struct {
	slots   chan struct{}
	waiting atomic.Int32 // connections that were accepted and have no slot yet
}

func newPool(size int) *pool { return &pool{slots: make(chan struct{}, size)} }

// enter waits until there is a slot for a connection beside those of c, and
// reports whether there was one before stop was closed.
func (p *pool) enter(c *conns, stop <-chan struct{}) bool {
	select {
	case p.slots <- struct{}{}:
		return true
	default:
		return p.wait(c, stop)
	}
}

// wait takes a slot, for which it makes connections without a request go.
func (p *pool) wait(c *conns, stop <-chan struct{}) bool {
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	look := time.NewTimer(0)
	defer look.Stop()
	for {
		select {
		case p.slots <- struct{}{}:
			return true
		case <-stop:
			return false
		case <-look.C:
			look.Reset(c.makeRoom())
		}
	}
}

// leave gives a slot back.
func (p *pool) leave() { <-p.slots }

// makeRoom closes the connection that has been spare for longest, if there is
// one, and returns when to look again.
func (c *conns) makeRoom() time.Duration {
	var longest *member
	first := int64(math.MaxInt64)
	for _, v := range c.members.Range {
		m := v.(*member)
		if since := m.spare.Load(); since > 0 && since < first {
			longest, first = m, since
		}
	}
	if longest == nil {
		return idlePatience
	}
	if left := time.Until(time.Unix(0, first)); left > 0 {
		return min(left, idlePatience)
	}
	longest.closeSpare(first)
	return idlePatience
}
