package python

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// queue hands the threads of the workers to requests: first come, first served.
//
// It is what every request goes through, so it is a lock and not the pool's
// goroutine; the pool says which workers take part.
type queue struct {
	mu      sync.Mutex
	workers []*worker
	threads int // of all workers
	waiting line
	ahead   int // how many are posted to a worker ahead of their turn
	limit   int // of waiting requests, and those ahead; less than 0: none may wait
	closed  bool
	looking bool // soon all free threads are looked at again

	timeout  time.Duration
	rejected atomic.Uint64
	finished atomic.Uint64
	// drained is told of a worker that takes no requests any more and has none.
	drained func(*worker)
	// lost is told of a worker that takes no connections.
	lost func(*worker)
	// emptied is told, once the queue is closed, that nobody waits any more.
	emptied func()
}

// acquire waits until it is t's turn, and returns the connection for it. Where
// that has a socket for requests, t was posted to it.
func (q *queue) acquire(ctx context.Context, t *ticket) (*connection, error) {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return nil, q.reject(errClosed)
	}
	if q.waiting.size == 0 {
		if w := q.idlest(); w != nil {
			c := q.take(w, t)
			q.mu.Unlock()
			return q.connect(w, c, t)
		}
	}
	if q.waiting.size+q.ahead >= max(q.limit, 0) {
		q.mu.Unlock()
		return nil, q.reject(errQueueFull)
	}
	t.granted = make(chan grant, 1)
	q.waiting.push(t)
	q.spread()
	q.mu.Unlock()
	return q.wait(ctx, t)
}

// take counts t into a free thread of w, and begins it if a connection is open.
// The caller holds the lock.
func (q *queue) take(w *worker, t *ticket) *connection {
	c := w.take()
	if c != nil {
		q.begin(c, t)
	}
	return c
}

func (q *queue) wait(ctx context.Context, t *ticket) (*connection, error) {
	timer := time.NewTimer(q.timeout)
	defer timer.Stop()
	select {
	case g := <-t.granted:
		return q.accept(g, t)
	case <-ctx.Done():
		// Either error has the Handler end the request in silence: the
		// client has left.
		return q.leave(t, fmt.Errorf("%w: %w", ctx.Err(), http.ErrAbortHandler))
	case <-timer.C:
		return q.leave(t, errQueueTimeout)
	}
}

// leave takes a request that will not wait any longer out of the queue, unless
// its turn has come meanwhile or a worker has read it.
func (q *queue) leave(t *ticket, err error) (*connection, error) {
	for !q.forsake(t) {
		select {
		case g := <-t.granted:
			return q.accept(g, t)
		case <-time.After(shortRequest):
		}
	}
	if reason, ok := err.(unavailable); ok {
		return nil, q.reject(reason)
	}
	return nil, err
}

// forsake takes t out of the queue, and reports whether it could.
func (q *queue) forsake(t *ticket) bool {
	q.mu.Lock()
	if t.posted && t.connection.current != t {
		q.takeBack(t.connection)
	}
	left := q.waiting.remove(t)
	q.spread()
	emptied := q.emptyAndClosed()
	q.mu.Unlock()
	if emptied {
		q.emptied()
	}
	return left
}

func (q *queue) accept(g grant, t *ticket) (*connection, error) {
	if reason, ok := g.err.(unavailable); ok {
		return nil, q.reject(reason)
	}
	if g.err != nil {
		return nil, g.err
	}
	return q.connect(g.worker, g.connection, t)
}

func (q *queue) reject(why unavailable) error {
	q.rejected.Add(1)
	return why
}

// connect opens a connection where a worker that was granted has none to spare.
func (q *queue) connect(w *worker, c *connection, t *ticket) (*connection, error) {
	if c != nil {
		return c, nil
	}
	c, err := w.dial()
	if err != nil {
		if errors.Is(err, errUnseen) {
			q.lost(w)
		}
		q.mu.Lock()
		q.vacate(w)
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if c.requests != nil {
		w.open = append(w.open, c)
	}
	q.begin(c, t)
	q.spread()
	return c, nil
}

// release gives back a connection that is fit for another request. The worker's
// next answer may have begun to come.
func (q *queue) release(c *connection) {
	q.mu.Lock()
	if !c.settle() {
		q.closeOne(c)
		return
	}
	if q.pass(c) {
		q.spread()
		emptied := q.emptyAndClosed()
		q.mu.Unlock()
		if emptied {
			q.emptied()
		}
		return
	}
	c.current = nil
	if c.worker.serving {
		c.worker.idle = append(c.worker.idle, c)
	} else {
		c.worker.close(c)
	}
	q.vacate(c.worker)
}

// discard gives back a thread whose connection must be closed.
func (q *queue) discard(c *connection) {
	q.mu.Lock()
	q.closeOne(c)
}

// closeOne closes a connection, and lets another request have its thread. The
// caller holds the lock, which is released.
func (q *queue) closeOne(c *connection) {
	q.recall(c)
	q.strand(c)
	c.current = nil
	c.worker.close(c)
	q.vacate(c.worker)
}

// unread reports whether the worker has not read the request that c is at. It
// will not any more.
func (q *queue) unread(c *connection) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	c.alone = true
	return q.recall(c)
}

// standAlone takes back what is posted behind the request that c is at, and posts
// no more. It reports whether the worker has read the next one already: then all of
// its answer to this one is on its way.
func (q *queue) standAlone(c *connection) (overtaken bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c.alone = true
	q.takeBack(c)
	q.spread()
	return len(c.ahead) > 0
}

// vacate notes that a thread of w is free, and hands it to who waits longest. The
// caller holds the lock, which is released.
func (q *queue) vacate(w *worker) {
	w.busy--
	drained := !w.serving && w.busy == 0
	if w.serving {
		q.hand(w)
	} else {
		q.handAll()
	}
	emptied := q.emptyAndClosed()
	q.mu.Unlock()
	if drained {
		q.drained(w)
	}
	if emptied {
		q.emptied()
	}
}

func (q *queue) emptyAndClosed() bool { return q.closed && q.waiting.size+q.ahead == 0 }

// hand gives the free threads of w to waiting requests. The caller holds the lock.
func (q *queue) hand(w *worker) {
	for w.busy < w.threads {
		if q.waiting.size == 0 && q.ahead > 0 {
			q.steal()
		}
		if q.waiting.size == 0 {
			break
		}
		t := q.waiting.pop()
		t.granted <- grant{worker: w, connection: q.take(w, t)}
	}
	q.spread()
}

// handAll is hand for all workers. The caller holds the lock.
func (q *queue) handAll() {
	for _, w := range q.workers {
		if q.waiting.size+q.ahead > 0 {
			q.hand(w)
		}
	}
}

// idlest returns the worker with a free thread that has the fewest requests.
func (q *queue) idlest() *worker {
	var best *worker
	for _, w := range q.workers {
		if w.busy < w.threads && (best == nil || w.busy < best.busy) {
			best = w
		}
	}
	return best
}

// add lets w take requests.
func (q *queue) add(w *worker) {
	q.mu.Lock()
	defer q.mu.Unlock()
	w.serving = true
	q.workers = append(q.workers, w)
	q.threads += w.threads
	q.hand(w)
}

// remove lets w take no more requests, and reports whether it has none.
func (q *queue) remove(w *worker) (drained bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.workers {
		if other == w {
			q.workers = append(q.workers[:i:i], q.workers[i+1:]...)
			q.threads -= w.threads
			break
		}
	}
	w.serving = false
	w.closeIdle()
	for _, c := range w.open {
		q.takeBack(c)
	}
	q.handAll()
	return w.busy == 0
}

// forget closes the connections to w that no request has.
func (q *queue) forget(w *worker) {
	q.mu.Lock()
	defer q.mu.Unlock()
	w.closeIdle()
}

// close lets nobody in any more. Who waits already goes on waiting.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}

// turnAway answers all who wait that it is over.
func (q *queue) turnAway() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, w := range q.workers {
		for _, c := range w.open {
			q.takeBack(c)
		}
	}
	for q.waiting.size > 0 {
		q.waiting.pop().granted <- grant{err: errClosed}
	}
}

func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting.size + q.ahead
}

// load returns the number of requests in w.
func (q *queue) load(w *worker) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return w.busy
}
