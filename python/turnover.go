package python

import (
	"slices"
	"time"
)

// turnover is workers being started in the place of those in some slots.
type turnover struct {
	slots   []*slot
	next    []*worker // for each of slots
	missing int       // that are not ready
	why     string
	done    func(error) // may be nil
	over    bool
}

// begin starts a worker for each slot of turn.
func (p *pool) begin(turn *turnover) {
	turn.missing = len(turn.slots)
	for _, s := range turn.slots {
		s.turn = turn
		if s.retry != nil {
			s.retry.Stop()
		}
		w := &worker{
			slot: s, turn: turn, threads: p.config.Threads, born: time.Now(), timeout: p.config.RequestTimeout,
			limit: p.requestLimit(), ahead: !p.config.Gevent,
		}
		turn.next = append(turn.next, w)
		p.workers = append(p.workers, w)
		w.deadline = time.AfterFunc(p.config.StartTimeout, func() { p.send(event{kind: evLate, worker: w}) })
		go w.run(p)
	}
}

// callOff ends a turn without success: what is at work stays.
func (p *pool) callOff(turn *turnover, err error) {
	if turn.over {
		return
	}
	for i, s := range turn.slots {
		s.turn = nil
		if w := turn.next[i]; w.state == starting {
			p.kill(w, "it is not needed any more")
		}
	}
	if turn.done == nil {
		p.log.problem(err)
	}
	p.over(turn, err)
	for _, s := range turn.slots {
		if s.turn == nil && (s.current == nil || turn.done == nil) {
			p.pause(s)
		}
	}
}

func (p *pool) over(turn *turnover, err error) {
	turn.over = true
	if turn.done != nil {
		turn.done(err)
	}
	if p.restart != turn {
		return
	}
	p.restart = nil
	if len(p.waiting) > 0 && !p.closing {
		next := p.waiting[0]
		p.waiting = p.waiting[1:]
		p.beginRestart(next)
	}
}

// beginRestart begins a turn of all slots, in the place of those of single ones.
func (p *pool) beginRestart(turn *turnover) {
	switch {
	case turn.over: // its caller has left
	case p.closing:
		turn.over = true
		turn.done(errClosed)
	case p.restart != nil:
		p.waiting = append(p.waiting, turn)
	default:
		for _, s := range turn.slots {
			if s.turn != nil {
				p.drop(s.turn)
			}
		}
		p.restart = turn
		p.begin(turn)
	}
}

// drop ends the turn of a single slot in favour of a greater one.
func (p *pool) drop(turn *turnover) {
	turn.over = true
	for i, s := range turn.slots {
		s.turn = nil
		p.kill(turn.next[i], "all workers are being replaced")
	}
}

func (p *pool) giveUp(turn *turnover, err error) {
	p.waiting = slices.DeleteFunc(p.waiting, func(t *turnover) bool { return t == turn })
	switch {
	case turn.over:
	case p.restart == turn:
		p.callOff(turn, err)
	default:
		turn.over = true
		turn.done(err)
	}
}
