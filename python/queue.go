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
	waiting line
	limit   int // of waiting requests; less than 0: none may wait
	closed  bool

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

// acquire waits for a free thread and returns a connection to it.
func (q *queue) acquire(ctx context.Context) (*connection, error) {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return nil, q.reject(errClosed)
	}
	if q.waiting.size == 0 {
		if w := q.idlest(); w != nil {
			c := w.take()
			q.mu.Unlock()
			return q.connect(w, c)
		}
	}
	if q.waiting.size >= max(q.limit, 0) {
		q.mu.Unlock()
		return nil, q.reject(errQueueFull)
	}
	t := &ticket{granted: make(chan grant, 1)}
	q.waiting.push(t)
	q.mu.Unlock()
	return q.wait(ctx, t)
}

func (q *queue) wait(ctx context.Context, t *ticket) (*connection, error) {
	timer := time.NewTimer(q.timeout)
	defer timer.Stop()
	select {
	case g := <-t.granted:
		return q.accept(g)
	case <-ctx.Done():
		// Either error has the Handler end the request in silence: the
		// client has left.
		return q.leave(t, fmt.Errorf("%w: %w", ctx.Err(), http.ErrAbortHandler))
	case <-timer.C:
		return q.leave(t, errQueueTimeout)
	}
}

// leave takes a request that will not wait any longer out of the queue, unless
// its turn has come meanwhile.
func (q *queue) leave(t *ticket, err error) (*connection, error) {
	q.mu.Lock()
	left := q.waiting.remove(t)
	emptied := q.closed && q.waiting.size == 0
	q.mu.Unlock()
	if emptied {
		q.emptied()
	}
	if !left {
		return q.accept(<-t.granted)
	}
	if reason, ok := err.(unavailable); ok {
		return nil, q.reject(reason)
	}
	return nil, err
}

func (q *queue) accept(g grant) (*connection, error) {
	if g.worker == nil {
		return nil, q.reject(errClosed)
	}
	return q.connect(g.worker, g.connection)
}

func (q *queue) reject(why unavailable) error {
	q.rejected.Add(1)
	return why
}

// connect opens a connection where a worker that was granted has none to spare.
func (q *queue) connect(w *worker, c *connection) (*connection, error) {
	if c != nil {
		return c, nil
	}
	c, err := w.dial()
	if err != nil {
		if errors.Is(err, errUnseen) {
			q.lost(w)
		}
		q.vacate(w, nil)
		return nil, err
	}
	return c, nil
}

// release gives back a connection that is fit for another request.
func (q *queue) release(c *connection) { q.vacate(c.worker, c) }

// discard gives back a thread whose connection must be closed.
func (q *queue) discard(c *connection) {
	c.close()
	q.vacate(c.worker, nil)
}

// vacate notes that a thread of w is free, and hands it to who waits longest.
func (q *queue) vacate(w *worker, c *connection) {
	q.mu.Lock()
	w.busy--
	if !w.serving && c != nil {
		c.close()
		c = nil
	}
	if c != nil {
		w.idle = append(w.idle, c)
	}
	drained := !w.serving && w.busy == 0
	if w.serving {
		q.hand(w)
	}
	emptied := q.closed && q.waiting.size == 0
	q.mu.Unlock()
	if drained {
		q.drained(w)
	}
	if emptied {
		q.emptied()
	}
}

// hand gives the free threads of w to waiting requests. The caller holds the lock.
func (q *queue) hand(w *worker) {
	for q.waiting.size > 0 && w.busy < w.threads {
		q.waiting.pop().granted <- grant{w, w.take()}
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
	q.hand(w)
}

// remove lets w take no more requests, and reports whether it has none.
func (q *queue) remove(w *worker) (drained bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.workers {
		if other == w {
			q.workers = append(q.workers[:i:i], q.workers[i+1:]...)
		}
	}
	w.serving = false
	w.closeIdle()
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
	for q.waiting.size > 0 {
		q.waiting.pop().granted <- grant{}
	}
}

func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting.size
}

// load returns the number of requests in w.
func (q *queue) load(w *worker) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return w.busy
}

// grant is a thread of a worker, and a connection to it if one is open. Without
// a worker it says that none will come.
type grant struct {
	worker     *worker
	connection *connection
}

// ticket is a waiting request.
type ticket struct {
	granted    chan grant
	prev, next *ticket
	queued     bool
}

// line is a list of tickets that one can leave from anywhere.
type line struct {
	first, last *ticket
	size        int
}

func (l *line) push(t *ticket) {
	t.queued, t.prev = true, l.last
	if l.last == nil {
		l.first = t
	} else {
		l.last.next = t
	}
	l.last = t
	l.size++
}

func (l *line) pop() *ticket {
	t := l.first
	l.remove(t)
	return t
}

// remove takes t out, and reports whether it was still there.
func (l *line) remove(t *ticket) bool {
	if !t.queued {
		return false
	}
	t.queued = false
	l.size--
	if t.prev == nil {
		l.first = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		l.last = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
	return true
}
