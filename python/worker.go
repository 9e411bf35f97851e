package python

import (
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// worker is one process that runs the application.
type worker struct {
	slot     *slot
	turn     *turnover // that it was started for; nil once it is at work
	threads  int
	born     time.Time
	pid      atomic.Int64
	requests atomic.Uint64
	limit    uint64 // requests after which it is replaced; 0: none
	timeout  time.Duration
	ahead    bool        // requests are posted to it ahead of their turn
	old      atomic.Bool // the limit has been reported

	process *process // set before evStarted

	// The queue's, under its lock.
	serving bool
	busy    int
	idle    []*connection
	open    []*connection // all with a socket for requests

	// The pool's.
	state    state
	started  bool
	ready    time.Time // when it began to take requests
	reason   string    // why it has to end
	memory   int64
	deadline *time.Timer
}

// run starts the process, tells the pool what it says, and how it ends.
func (w *worker) run(p *pool) {
	printed := &output{log: p.log}
	proc, err := startProcess(&p.config, printed)
	if err != nil {
		p.send(event{kind: evExited, worker: w, err: err})
		return
	}
	w.process = proc
	w.pid.Store(int64(proc.pid()))
	p.send(event{kind: evStarted, worker: w})
	told := make(chan struct{})
	go func() {
		defer close(told)
		if err := proc.messages(func(m message) { p.tell(w, m) }); err != nil {
			p.send(event{kind: evFaulty, worker: w, err: err})
		}
	}()
	how := proc.wait()
	select {
	case <-told:
	case <-time.After(time.Second): // somebody else holds the socket
	}
	proc.close()
	err = fmt.Errorf("%s", how)
	if tail := printed.close(); tail != "" && w.requests.Load() == 0 {
		err = fmt.Errorf("%s; the last it printed:\n%s", how, tail)
	}
	p.send(event{kind: evExited, worker: w, err: err, text: how})
}

// take counts a request in and returns an open connection, nil where none is
// idle. The caller holds the queue's lock.
func (w *worker) take() *connection {
	w.busy++
	if last := len(w.idle) - 1; last >= 0 {
		c := w.idle[last]
		w.idle[last] = nil
		w.idle = w.idle[:last]
		return c
	}
	return nil
}

// dial opens a connection to the worker.
func (w *worker) dial() (*connection, error) {
	ours, theirs, err := socketPair("connection")
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	passed := []*os.File{theirs}
	var r *requests
	if w.ahead {
		var file *os.File
		if r, file, err = newRequests(); err != nil {
			_ = ours.Close()
			return nil, err
		}
		if file != nil {
			defer file.Close()
			passed = append(passed, file)
		}
	}
	if err = sendDescriptors(w.process.control, passed...); err != nil {
		_ = ours.Close()
		if r != nil {
			r.close()
		}
		return nil, errUnseen
	}
	return newConnection(w, ours, r), nil
}

// close closes a connection. The caller holds the queue's lock.
func (w *worker) close(c *connection) {
	if at := slices.Index(w.open, c); at >= 0 {
		w.open = slices.Delete(w.open, at, at+1)
	}
	c.close()
}

// closeIdle closes what no request has. The caller holds the queue's lock.
func (w *worker) closeIdle() {
	for _, c := range w.idle {
		w.close(c)
	}
	w.idle = nil
}
