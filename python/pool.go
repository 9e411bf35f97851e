package python

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// pool is the supervisor. One goroutine owns what is in it, learns by events
// what happens, and writes each transition to the log as one line.
//
// A worker goes from state to state so:
//
//	state     event                        then
//	starting  started, but not wanted      killed: dying
//	starting  ready, the last of its turn  serving; the worker in whose place it is: stopping
//	starting  failed, exited, late         the turn is off: its other workers are killed; tried again later
//	serving   old, fat                     a turn for its slot begins; it serves on until that is over
//	serving   exited, hung, faulty         dying; a turn for its slot begins, at once or after a pause
//	stopping  drained                      told to end: ending
//	stopping  overdue, hung, faulty        killed: dying
//	ending    overdue                      killed: dying
//	any       exited                       gone
//
// A turn (turnover) is a worker, or one for every slot, being started in the
// place of what is there. Start and Restart are turns of all slots.
type pool struct {
	config Config
	log    *log
	queue  *queue

	events chan event
	done   chan struct{} // closed when the goroutine has ended

	slots   []*slot
	workers []*worker // all whose process is not gone
	restart *turnover // of all slots; nil for none
	waiting []*turnover

	closing  bool
	closers  []chan error
	cut      int // requests that a stop did not wait for
	restarts uint64
	files    watch
	history  history
}

// slot is a place for a worker.
type slot struct {
	current  *worker   // at work; nil for none
	turn     *turnover // under way; nil for none
	failures int       // in a row
	retry    *time.Timer
}

type state int

const (
	starting state = iota
	serving
	stopping
	ending
	dying
)

type eventKind int

const (
	evStarted eventKind = iota
	evReady
	evFailed
	evExited
	evHung
	evFaulty
	evOld
	evDrained
	evOverdue
	evLate
	evRetry
	evFiles
	evRestart
	evGiveUp
	evClose
	evCloseOverdue
	evStats
)

// event is something that happened: to a worker, a slot or a turn, or a call of
// one of App's methods.
type event struct {
	kind   eventKind
	worker *worker
	slot   *slot
	turn   *turnover
	err    error
	text   string
	files  []string
	reply  chan error
	stats  chan Stats
}

func newPool(c Config) *pool {
	p := &pool{
		config: c, log: &log{w: c.ErrorLog},
		queue:  &queue{limit: c.Queue, timeout: c.QueueTimeout},
		events: make(chan event, 64), done: make(chan struct{}),
	}
	p.queue.drained = func(w *worker) { p.send(event{kind: evDrained, worker: w}) }
	p.queue.lost = p.lost
	p.queue.emptied = func() { p.send(event{kind: evDrained}) }
	for range c.Workers {
		p.slots = append(p.slots, new(slot))
	}
	go p.run()
	return p
}

// send tells the pool of an event. It may succeed after the pool's end, so that
// who waits for an answer waits for done as well.
func (p *pool) send(e event) bool {
	select {
	case p.events <- e:
		return true
	case <-p.done:
		return false
	}
}

// tell passes on what a worker said.
func (p *pool) tell(w *worker, m message) {
	switch {
	case m.Failure != "":
		p.send(event{kind: evFailed, worker: w, err: errors.New(strings.TrimRight(m.Failure, "\n"))})
	case m.Ready:
		p.send(event{kind: evReady, worker: w, files: m.Files})
	case len(m.Files) > 0:
		p.send(event{kind: evFiles, files: m.Files})
	}
}

// restartAll replaces all workers, or starts them, and waits until that is done.
func (p *pool) restartAll(ctx context.Context, why string) error {
	turn := &turnover{slots: p.slots, why: why}
	reply := make(chan error, 1)
	turn.done = func(err error) { reply <- err }
	if !p.send(event{kind: evRestart, turn: turn}) {
		return errClosed
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		p.send(event{kind: evGiveUp, turn: turn, err: fmt.Errorf("python: the workers were not ready in time: %w", ctx.Err())})
	case <-p.done:
	}
	select {
	case err := <-reply:
		return err
	case <-p.done:
		return errClosed
	}
}

// blame tells the pool of a worker that has failed a request. One whose
// connection was closed may have ended, or closed that connection alone: the
// next that is opened shows it.
func (p *pool) blame(w *worker, err error) {
	kind := evFaulty
	switch {
	case errors.Is(err, errUnseen):
		p.queue.forget(w)
		return
	case errors.Is(err, errHung):
		kind = evHung
	case !errors.Is(err, errGarbage):
		return // it reports its own end
	}
	p.queue.remove(w) // before another request gets it
	p.send(event{kind: kind, worker: w, err: err})
}

// lost is told of a worker that takes no connections. It reports its own end; if
// it has not within a second, it is no worker any more all the same.
func (p *pool) lost(w *worker) {
	p.queue.remove(w)
	time.AfterFunc(time.Second, func() { p.send(event{kind: evFaulty, worker: w, err: errGone}) })
}

func (p *pool) close() error {
	reply := make(chan error, 1)
	if !p.send(event{kind: evClose, reply: reply}) {
		return nil
	}
	select {
	case err := <-reply:
		return err
	case <-p.done:
	}
	select {
	case err := <-reply:
		return err
	default: // it was over before
		return nil
	}
}

func (p *pool) run() {
	defer close(p.done)
	watching := time.NewTicker(p.interval())
	defer watching.Stop()
	for !p.closing || len(p.workers) > 0 {
		select {
		case e := <-p.events:
			p.handle(e)
		case <-watching.C:
			p.look()
		}
	}
	p.finish()
}

// interval is how often the pool looks at memory and files.
func (p *pool) interval() time.Duration {
	if p.config.MaxMemory > 0 || p.config.Reload {
		return time.Second
	}
	return historyInterval
}

func (p *pool) handle(e event) {
	w := e.worker
	switch e.kind {
	case evStarted:
		w.started = true
		if w.state == dying {
			w.process.kill()
		}
	case evReady:
		p.files.add(e.files)
		p.ready(w)
	case evFailed:
		p.fail(w, e.err)
	case evExited:
		p.exited(w, e.err, e.text)
	case evHung, evFaulty:
		p.broken(w, e)
	case evOld:
		if w.state == serving {
			p.replace(w.slot, fmt.Sprintf("worker %d has had %d requests", w.pid.Load(), w.requests.Load()))
		}
	case evDrained:
		if w != nil && w.state == stopping {
			p.end(w)
		}
	case evOverdue:
		p.overdue(w)
	case evLate:
		if w.state == starting {
			p.fail(w, fmt.Errorf("the application was not imported within %v (Config.StartTimeout)", p.config.StartTimeout))
		}
	case evRetry:
		p.again(e.slot)
	case evFiles:
		p.files.add(e.files)
	case evRestart:
		p.beginRestart(e.turn)
	case evGiveUp:
		p.giveUp(e.turn, e.err)
	case evClose:
		p.beginClose(e.reply)
	case evCloseOverdue:
		p.queue.turnAway()
		p.stopAll()
	case evStats:
		e.stats <- p.stats()
	}
	if p.closing {
		p.goOnClosing()
	}
}

func (p *pool) requestLimit() uint64 {
	if p.config.MaxRequests == 0 {
		return 0
	}
	return uint64(p.config.MaxRequests + rand.IntN(p.config.MaxRequestsJitter+1))
}

// ready is the end of a turn when w was the last that it waited for.
func (p *pool) ready(w *worker) {
	if w.state != starting {
		return
	}
	w.deadline.Stop()
	turn := w.turn
	p.log.printf("worker %d is ready (%s)", w.pid.Load(), turn.why)
	if turn.missing--; turn.missing > 0 {
		return
	}
	for i, s := range turn.slots {
		former := s.current
		s.current, s.turn = turn.next[i], nil
		s.current.state, s.current.turn, s.current.ready = serving, nil, time.Now()
		p.queue.add(s.current)
		if former != nil {
			p.restarts++
			p.retire(former, turn.why)
		}
	}
	p.over(turn, nil)
}

// fail takes w's turn off: a worker of it will never be ready.
func (p *pool) fail(w *worker, err error) {
	if w.state != starting {
		return
	}
	p.kill(w, "it could not start")
	p.callOff(w.turn, fmt.Errorf("python: %s could not be started by %s: %w", p.config.App, p.config.Python, err))
}

// replace begins a turn for one slot, unless one is under way.
func (p *pool) replace(s *slot, why string) {
	if s.turn != nil || p.closing {
		return
	}
	p.begin(&turnover{slots: []*slot{s}, why: "since " + why})
}

const (
	firstPause = 100 * time.Millisecond
	longest    = 10 * time.Second
	// longestAlone is longest where no other worker is at work: all requests
	// wait for this one.
	longestAlone = time.Second
	// A worker that was at work so long, or for so many requests, was no
	// failure: what ends it need not end its successor.
	settledAfter    = 2 * time.Second
	settledRequests = 100
)

// pause tries a slot again later, and the later the more often it has failed.
func (p *pool) pause(s *slot) {
	if p.closing {
		return
	}
	s.failures++
	most := longestAlone
	if slices.ContainsFunc(p.slots, func(other *slot) bool { return other.current != nil }) {
		most = longest
	}
	wait := min(firstPause<<min(s.failures-1, 10), most)
	p.log.printf("the next attempt to start a worker is in %v", wait)
	s.retry = time.AfterFunc(wait, func() { p.send(event{kind: evRetry, slot: s}) })
}

func (p *pool) again(s *slot) {
	if s.current == nil {
		p.replace(s, "the one before it ended")
	} else if s.current.old.Load() {
		p.replace(s, "it is due")
	}
}

// vacate begins anew in the slot of a worker that was lost.
func (p *pool) vacate(w *worker, why string) {
	s := w.slot
	if s.current != w {
		return
	}
	s.current = nil
	p.restarts++
	if time.Since(w.ready) > settledAfter || w.requests.Load() >= settledRequests {
		s.failures = 0
	}
	switch {
	case s.turn != nil: // its successor is on the way
	case s.failures == 0:
		s.failures = 1
		p.replace(s, why)
	default:
		p.pause(s)
	}
}

// exited notes that a process is gone, with all that it had started.
func (p *pool) exited(w *worker, err error, how string) {
	p.workers = slices.DeleteFunc(p.workers, func(other *worker) bool { return other == w })
	p.queue.remove(w)
	if w.deadline != nil {
		w.deadline.Stop()
	}
	switch w.state {
	case starting:
		p.fail(w, fmt.Errorf("the worker ended before it was ready: %w", err))
	case serving:
		p.log.printf("worker %d ended by itself: %s", w.pid.Load(), how)
		w.state = dying
		p.vacate(w, fmt.Sprintf("worker %d ended", w.pid.Load()))
	default:
		if how == "" {
			how = err.Error()
		}
		p.log.printf("worker %d ended: %s (%s)", w.pid.Load(), how, w.reason)
	}
}

// broken ends a worker that hangs, or that does not keep to the protocol.
func (p *pool) broken(w *worker, e event) {
	switch w.state {
	case starting:
		p.fail(w, e.err)
		return
	case dying:
		return
	}
	p.queue.remove(w)
	p.log.printf("worker %d is killed: %s", w.pid.Load(), strings.TrimPrefix(e.err.Error(), "python: "))
	w.state, w.reason = dying, "it was killed"
	if e.kind == evHung {
		w.process.dump()
	} else {
		w.process.kill()
	}
	p.vacate(w, fmt.Sprintf("worker %d was killed", w.pid.Load()))
}

// kill ends a worker at once.
func (p *pool) kill(w *worker, why string) {
	if w.state == dying {
		return
	}
	p.queue.remove(w)
	w.state, w.reason = dying, why
	w.deadline.Stop()
	if w.started { // else evStarted finds it dying
		w.process.kill()
	}
}

// retire lets a worker finish what it has and end.
func (p *pool) retire(w *worker, why string) {
	p.log.printf("worker %d stops (%s)", w.pid.Load(), why)
	w.state, w.reason = stopping, why
	w.deadline = time.AfterFunc(p.config.StopTimeout, func() { p.send(event{kind: evOverdue, worker: w}) })
	if p.queue.remove(w) {
		p.end(w)
	}
}

func (p *pool) end(w *worker) {
	w.state = ending
	w.process.stop()
}

func (p *pool) overdue(w *worker) {
	if w.state != stopping && w.state != ending {
		return
	}
	busy := p.queue.load(w)
	p.cut += busy
	p.log.printf("worker %d is killed: it did not stop within %v (Config.StopTimeout), with %d requests in it", w.pid.Load(), p.config.StopTimeout, busy)
	p.kill(w, "StopTimeout was over")
}

// look is what the pool does from time to time.
func (p *pool) look() {
	p.measure()
	if p.config.Reload && p.restart == nil && !p.closing {
		if name := p.files.changed(); name != "" {
			p.log.printf("%s has changed", name)
			turn := &turnover{slots: p.slots, why: "since a source file changed"}
			turn.done = func(err error) {
				if err != nil {
					p.log.problem(err)
				}
			}
			p.beginRestart(turn)
		}
	}
}

// measure looks at the memory of the workers.
func (p *pool) measure() {
	var total int64
	for _, w := range p.workers {
		pid := int(w.pid.Load())
		if pid == 0 || w.state == dying {
			continue
		}
		w.memory = residentMemory(pid)
		total += w.memory
		if w.state == serving && p.config.MaxMemory > 0 && w.memory > p.config.MaxMemory {
			w.old.Store(true)
			p.replace(w.slot, fmt.Sprintf("worker %d has %d bytes of memory", pid, w.memory))
		}
	}
	p.history.add(time.Now(), total)
}
