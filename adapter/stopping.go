package adapter

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Stopping returns a channel that is closed once the Server of the request with
// ctx begins to stop. It is for responses that would not end by themselves, such
// as an event stream or a connection that has switched protocols: they have the
// Server's StopTimeout to end as their protocol wants it. Only then does ctx end.
//
// Without a Server of this package the channel is nil, and receiving from it
// blocks for ever.
func Stopping(ctx context.Context) <-chan struct{} {
	begun, _ := ctx.Value(stoppingKey{}).(<-chan struct{})
	return begun
}

type stoppingKey struct{}

// stopping is how a Server stops. The channels tell of its three points in time:
// it begins, the requests' time is over, and it was closed.
type stopping struct {
	begun  chan struct{}   // Stopping
	closed context.Context // ends when Close is called
	close  func()

	once sync.Once
	over chan struct{} // closed once the http.Server has stopped
	err  error         // with which it has

	mu       sync.Mutex
	at       time.Time // when it began
	cut      bool      // requests were in flight when their time was over
	timer    *time.Timer
	backlogs map[*backlog]struct{} // those that are accepted from
	ends     []context.CancelCauseFunc
}

func newStopping() *stopping {
	s := &stopping{begun: make(chan struct{}), over: make(chan struct{}), backlogs: make(map[*backlog]struct{})}
	s.closed, s.close = context.WithCancel(context.Background())
	return s
}

var errTimeOver = errors.New("adapter: the server has stopped, and the time for its requests is over")

// context returns a context for requests, which ends when their time is over.
func (s *stopping) context(outer context.Context) context.Context {
	ctx, end := context.WithCancelCause(outer)
	s.mu.Lock()
	s.ends = append(s.ends, end)
	s.mu.Unlock()
	return context.WithValue(ctx, stoppingKey{}, (<-chan struct{})(s.begun))
}

// hasBegun reports whether the Server stops.
func (s *stopping) hasBegun() bool {
	select {
	case <-s.begun:
		return true
	default:
		return false
	}
}

// admit notes that the Server accepts from b, and reports whether it may.
func (s *stopping) admit(b *backlog) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hasBegun() {
		return false
	}
	s.backlogs[b] = struct{}{}
	return true
}

func (s *stopping) dismiss(b *backlog) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.backlogs, b)
}

// accepting reports whether a listener still has connections to accept.
func (s *stopping) accepting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.backlogs) > 0
}

// begin begins the stop, once: it tells the requests, lets the listeners accept
// who has connected already, and calls expire after timeout.
func (s *stopping) begin(timeout time.Duration, expire func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hasBegun() {
		return
	}
	s.at = time.Now()
	close(s.begun)
	s.timer = time.AfterFunc(timeout, expire)
	for b := range s.backlogs {
		b.drain(s.at.Add(timeout / 2))
	}
}

// began returns when the stop began.
func (s *stopping) began() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// endRequests ends the contexts of the requests. Inflight says that there are
// some, which are thereby cut off.
func (s *stopping) endRequests(inFlight bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer.Stop()
	s.cut = s.cut || inFlight
	for _, end := range s.ends {
		end(errTimeOver)
	}
	s.ends = nil
}

// wasCut reports whether the time of requests was over before they were.
func (s *stopping) wasCut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cut
}

// stopHTTP stops srv, once, however many ask for it: functions that users have
// registered with it for a shutdown are called each time. A Close ends it.
func (s *stopping) stopHTTP(srv *http.Server) (over <-chan struct{}) {
	s.once.Do(func() {
		go func() {
			defer close(s.over)
			s.err = srv.Shutdown(s.closed)
		}()
	})
	return s.over
}

// closeBacklogs closes the listeners, whatever they have in their queues.
func (s *stopping) closeBacklogs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for b := range s.backlogs {
		_ = b.Close()
	}
}

// longestPause is the longest time between two looks at the connections.
const longestPause = 50 * time.Millisecond

// await looks at the connections until done reports true, or the Server is
// closed, or ctx ends.
func (s *stopping) await(ctx context.Context, done func() bool) error {
	pause := time.Millisecond
	look := time.NewTimer(pause)
	defer look.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closed.Done():
			return nil
		case <-look.C:
			pause = min(2*pause, longestPause)
			look.Reset(pause)
		}
	}
	return nil
}

// Shutdown stops gracefully, and loses no request that it can still answer:
//
//   - Stopping tells the requests in flight, which then have their time.
//   - Connections that clients have opened already are accepted and served. Then
//     the listeners are closed, which is a matter of milliseconds; under a flood
//     of connections, or where they wait for Spawn, of half the StopTimeout.
//   - Every response whose request comes from now on says "Connection: close".
//     Connections of HTTP/1 without a request stay open for a second more, so
//     that a request under way is answered; new ones have five seconds from when
//     they were accepted.
//   - Clients of HTTP/2 are told to use another connection (GOAWAY), and which
//     of their requests are served to the end. Functions that were registered
//     with RegisterOnShutdown are called now.
//
// It waits for the requests in flight, and for connections that were taken over
// (a WebSocket) until their handlers have returned and they are closed. After
// StopTimeout the contexts of the requests that are left end, and the connections
// that were taken over are closed; the error that Shutdown returns in the end
// says so. If ctx ends before, Shutdown returns its error and leaves what is in
// flight to Close.
//
// Shutdown may be called several times, at once too. A Close by somebody else
// ends it without an error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.once.Do(s.setUp)
	s.begin()
	err := s.stop.await(ctx, s.quiet)
	if err == nil {
		err = s.shutDownHTTP(ctx)
	}
	if err == nil {
		err = s.stop.await(ctx, s.conns.noneTakenOver)
	}
	if err != nil {
		return s.giveUp(err)
	}
	if s.stop.wasCut() {
		return s.cutOff()
	}
	s.stop.endRequests(false)
	return nil
}

func (s *Server) begin() { s.stop.begin(s.stopTimeout(), s.expire) }

// shutDownInTime is Shutdown for Run, also while somebody else's is under way:
// after StopTimeout it closes what is left.
func (s *Server) shutDownInTime() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.stopTimeout())
	defer cancel()
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		_ = s.Close()
		return s.cutOff()
	}
	return err
}

// shutDownHTTP stops the http.Server. A Close ends it.
func (s *Server) shutDownHTTP(ctx context.Context) error {
	over := s.stop.stopHTTP(s.HTTP)
	select {
	case <-over:
		return s.stop.err
	case <-s.stop.closed.Done():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// quiet closes the connections whose time is over, and reports whether the
// http.Server may be told to stop: it would drop a request that it has not read
// to the end of its header by then. The listeners come first, since a connection
// that is accepted last has to be among those that are looked at.
func (s *Server) quiet() bool {
	accepting := s.stop.accepting()
	return s.conns.settle(s.stop.began()) && !accepting
}

// giveUp ends a stop for which there is no time any more. Without a request in
// flight, or one that has just been cut off, it is as good as any other.
func (s *Server) giveUp(err error) error {
	inFlight := s.inFlight() || s.stop.wasCut()
	s.stop.closeBacklogs()
	s.stop.stopHTTP(s.HTTP)
	if inFlight {
		return err
	}
	return s.Close()
}

// expire ends the time of the requests.
func (s *Server) expire() {
	s.stop.endRequests(s.inFlight())
	s.conns.closeTakenOver()
}

// inFlight reports whether there are requests that are not answered yet.
func (s *Server) inFlight() bool {
	return s.conns.inFlight() || s.pool != nil && s.pool.waiting.Load() > 0
}

func (s *Server) cutOff() error {
	return fmt.Errorf("adapter: requests still in flight %v after the stop were cut off: %w", s.stopTimeout(), context.DeadlineExceeded)
}

func (s *Server) stopTimeout() time.Duration {
	if s.StopTimeout == 0 {
		return DefaultStopTimeout
	}
	return s.StopTimeout
}

// Close stops at once: it closes the listeners and all connections, those that
// were taken over too, and ends the requests' contexts. It waits for no handler.
func (s *Server) Close() error {
	s.once.Do(s.setUp)
	s.begin()
	s.stop.close()
	s.stop.endRequests(false)
	s.conns.closeTakenOver()
	return s.HTTP.Close()
}

// accept serves on l, unless the Server stops.
func (s *Server) accept(l net.Listener, serve func(net.Listener) error) error {
	s.once.Do(s.setUp)
	b := newBacklog(l, s.conns, s.pool)
	if !s.stop.admit(b) {
		_ = l.Close()
		return http.ErrServerClosed
	}
	defer s.stop.dismiss(b)
	return serve(b)
}
