package python

import (
	"slices"
	"time"
)

// While a thread is at work, requests are posted to it ahead of their turn: it
// finds the next one in its socket, and need not wait until Go has read its
// answer and written another request. Their answers come one after the other, so
// the turn goes from the goroutine of one request to that of the next.
//
// A request that is posted ahead is bound to nothing: as long as the worker has
// not read it, it can be taken back and given to another thread. That is done
// when another thread has nothing to do, when the request ahead of it takes long,
// when the worker is to end or has ended, and when the client leaves.

const (
	// mostAhead is how many requests are posted to a thread ahead of their turn.
	mostAhead = 32
	// shortRequest is how long the requests behind another are left where they
	// are, while there are other threads that could have them.
	shortRequest = 10 * time.Millisecond
	// soon is when a worker will have read the request whose turn it is.
	soon = 2 * time.Millisecond
)

// begin gives t its turn on c, and posts it. The caller holds the lock, as do
// those of all functions here.
func (q *queue) begin(c *connection, t *ticket) {
	c.current, c.since, c.alone = t, time.Now(), false
	if c.requests != nil && !t.posted {
		c.post(t)
	}
	t.sent = t.posted
}

// post posts a request, and reports whether there was room for it.
func (c *connection) post(t *ticket) bool {
	c.posted++
	t.number = c.posted
	t.posted = c.requests.post(t.packet())
	t.connection = c
	return t.posted
}

// spread posts as many of the waiting requests ahead of their turn as it can.
func (q *queue) spread() {
	if q.waiting.size == 0 && q.ahead == 0 {
		return
	}
	if q.threads > 1 {
		q.relieve()
	}
	for q.waiting.size > 0 && q.postAhead(q.waiting.first) {
		q.waiting.pop()
	}
}

// postAhead posts t to the thread that has the fewest requests ahead.
func (q *queue) postAhead(t *ticket) bool {
	if t.long() {
		return false
	}
	var best *connection
	for _, w := range q.workers {
		for _, c := range w.open {
			if c.current != nil && !c.alone && len(c.ahead) < mostAhead && !q.slow(c) && (best == nil || len(c.ahead) < len(best.ahead)) {
				best = c
			}
		}
	}
	if best == nil || !best.post(t) {
		return false
	}
	best.ahead = append(best.ahead, t)
	q.ahead++
	return true
}

// slow reports whether the requests behind the one that c is at had better be
// with another thread.
func (q *queue) slow(c *connection) bool {
	return q.threads > 1 && time.Since(c.since) > shortRequest
}

// relieve takes back what is posted behind requests that take long.
func (q *queue) relieve() {
	for _, w := range q.workers {
		for _, c := range w.open {
			if len(c.ahead) > 0 && q.slow(c) {
				q.takeBack(c)
			}
		}
	}
}

// steal takes back what is posted to the thread with the most ahead, so that a
// thread which has nothing to do gets some of it.
func (q *queue) steal() {
	var most *connection
	for _, w := range q.workers {
		for _, c := range w.open {
			if len(c.ahead) > 0 && (most == nil || len(c.ahead) > len(most.ahead)) {
				most = c
			}
		}
	}
	if most != nil {
		q.takeBack(most)
	}
}

// takeBack puts what the worker has not read of c back into the line, in front.
//
// It leaves everything as it is while the worker has not read the request whose
// turn it is: with that one taken out, the worker could read the next one first.
func (q *queue) takeBack(c *connection) {
	if len(c.ahead) == 0 {
		return
	}
	if number, ok := c.requests.oldest(); ok && number == c.current.number {
		q.lookAgain()
		return
	}
	q.recall(c)
}

// lookAgain soon hands out once more what could not be taken back.
func (q *queue) lookAgain() {
	if q.looking {
		return
	}
	q.looking = true
	time.AfterFunc(soon, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.looking = false
		q.handAll()
	})
}

// recall is takeBack for a connection that is to be closed. It reports whether the
// worker has not read the request whose turn it is either, and will not any more.
func (q *queue) recall(c *connection) (unread bool) {
	if c.requests == nil {
		return false
	}
	var recalled []*ticket
	for {
		number, ok := c.requests.takeBack()
		if !ok {
			break
		}
		if c.current != nil && c.current.number == number {
			unread = true
			continue
		}
		at := slices.IndexFunc(c.ahead, func(t *ticket) bool { return t.number == number })
		recalled = append(recalled, c.ahead[at])
		c.ahead = slices.Delete(c.ahead, at, at+1)
	}
	for _, t := range slices.Backward(recalled) {
		t.posted, t.connection = false, nil
		q.waiting.pushFirst(t)
		q.ahead--
	}
	return unread
}

// pass gives the turn on c to the first request that is posted behind the one
// that has ended, and reports whether there was one.
func (q *queue) pass(c *connection) bool {
	if len(c.ahead) == 0 {
		return false
	}
	t := c.ahead[0]
	c.ahead = slices.Delete(c.ahead, 0, 1)
	q.ahead--
	q.begin(c, t)
	t.granted <- grant{worker: c.worker, connection: c}
	return true
}

// strand ends the requests that a worker has read and whose answers cannot come.
func (q *queue) strand(c *connection) {
	for _, t := range c.ahead {
		q.ahead--
		t.granted <- grant{err: errGone}
	}
	c.ahead = nil
}
