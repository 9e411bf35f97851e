package python

import (
	"fmt"
	"slices"
	"time"
)

// beginClose lets the requests in flight end, and then the workers.
func (p *pool) beginClose(reply chan error) {
	p.closers = append(p.closers, reply)
	if p.closing {
		return
	}
	p.closing = true
	p.queue.close()
	for _, w := range p.workers {
		if w.state == starting {
			p.kill(w, "the App is being closed")
		}
	}
	for _, turn := range append(p.waiting, p.restart) {
		if turn != nil {
			turn.over = true
			turn.done(errClosed)
		}
	}
	p.restart, p.waiting = nil, nil
	time.AfterFunc(p.config.StopTimeout, func() { p.send(event{kind: evCloseOverdue}) })
}

// goOnClosing stops the workers once nobody waits for one any more, or none is
// left.
func (p *pool) goOnClosing() {
	if p.queue.length() > 0 && slices.ContainsFunc(p.slots, func(s *slot) bool { return s.current != nil }) {
		return
	}
	p.stopAll()
}

func (p *pool) stopAll() {
	p.queue.turnAway()
	for _, s := range p.slots {
		if w := s.current; w != nil {
			s.current = nil
			p.retire(w, "the App is being closed")
		}
	}
}

func (p *pool) finish() {
	p.queue.turnAway()
	var err error
	if p.cut > 0 {
		err = fmt.Errorf("python: StopTimeout was over with %d requests in flight, which were cut off", p.cut)
	}
	for i, reply := range p.closers {
		if i > 0 {
			err = nil
		}
		reply <- err
	}
}
