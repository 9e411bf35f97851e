package python

import (
	"slices"
	"sync"
	"time"
)

// Stats is a snapshot of an App.
type Stats struct {
	Workers  []WorkerStats
	Queued   int    // requests waiting for a thread now
	Requests uint64 // finished, of all workers that ever were; 503s do not count
	Restarts uint64 // workers that were replaced, for any reason
	Rejected uint64 // 503s
}

// WorkerStats is a snapshot of one worker.
type WorkerStats struct {
	PID      int
	State    string        // "starting", "idle", "busy", "stopping"
	Requests uint64        // finished
	Memory   int64         // resident bytes
	Age      time.Duration // since it was started
}

// stats makes a snapshot.
func (p *pool) stats() Stats {
	s := p.totals()
	for _, w := range p.workers {
		pid := int(w.pid.Load())
		memory := w.memory
		if pid != 0 && w.state != dying {
			memory = residentMemory(pid)
		}
		s.Workers = append(s.Workers, WorkerStats{
			PID: pid, State: p.stateOf(w), Requests: w.requests.Load(), Memory: memory, Age: time.Since(w.born),
		})
	}
	s.Restarts = p.restarts
	return s
}

// totals are the figures that outlive the pool's goroutine.
func (p *pool) totals() Stats {
	return Stats{Queued: p.queue.length(), Requests: p.queue.finished.Load(), Rejected: p.queue.rejected.Load()}
}

func (p *pool) stateOf(w *worker) string {
	switch {
	case w.state == starting:
		return "starting"
	case w.state != serving:
		return "stopping"
	case p.queue.load(w) > 0:
		return "busy"
	default:
		return "idle"
	}
}

const (
	historyInterval = 5 * time.Second
	historyLength   = 120 // ten minutes
)

// history is the memory of all workers over the last minutes. The pool writes
// it, and the status page reads it.
type history struct {
	mu     sync.Mutex
	points []point
}

type point struct {
	at    time.Time
	bytes int64
}

func (h *history) add(at time.Time, bytes int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.points); n > 0 && at.Sub(h.points[n-1].at) < historyInterval-time.Second/2 {
		return
	}
	if len(h.points) == historyLength {
		h.points = append(h.points[:0], h.points[1:]...)
	}
	h.points = append(h.points, point{at, bytes})
}

func (h *history) all() []point {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.points)
}
