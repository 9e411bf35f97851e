package adapter

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// How long a connection may be without a request before it is closed, for one
// that waits for its turn or because the Server stops: after a request, so that
// the next one is not just on its way; and after it was accepted, which is
// http.Server.Shutdown's measure.
//
// The margin is for a request that came in time: a busy net/http may have read it
// from the connection and not have told of it yet.
const (
	readMargin   = 250 * time.Millisecond
	idlePatience = time.Second + readMargin
	newPatience  = 5*time.Second + readMargin
)

// conns are the connections of a Server.
//
// They are followed by the hooks of the http.Server and not wrapped, so net/http
// and handlers still find the type that they look for: a *net.TCPConn for sendfile
// and half-closing, a *tls.Conn for its handshake.
type conns struct {
	members sync.Map // those accepted: net.Conn → *member
	stop    *stopping
	pool    *pool // nil where Spawn gives no limit

	left  atomic.Int64 // those taken over whose handlers have returned
	sweep atomic.Int64 // how many of them make it worth looking which are closed
}

// member is a connection of a Server.
type member struct {
	conn  net.Conn // as it was accepted; under TLS if there is TLS
	phase atomic.Int32
	proto atomic.Int32 // the major version of HTTP that its requests have; 0 before the first
	spare atomic.Int64 // when it may be closed, in ns since 1970; 0 while it serves a request; spent once it is closed so

	doomed    bool        // it was closed when its request came
	announced atomic.Bool // its response says that the connection ends
	returned  atomic.Bool // it was taken over, and its handler has returned
	hasSlot   atomic.Bool // it counts for Spawn
}

// spent is the value of member.spare for a connection that was closed because it
// had no request.
const spent = -1

// These values of member.phase say what a connection does.
const (
	phaseNew       = iota // it has sent no whole header yet
	phaseActive           // the header of a request has been read; with HTTP/2, there are requests
	phaseServing          // a handler answers it (HTTP/1)
	phaseIdle             // it waits for the next request
	phaseTakenOver        // a handler has taken it over
)

func newConns(stop *stopping, p *pool) *conns {
	c := &conns{stop: stop, pool: p}
	c.sweep.Store(minSweep)
	return c
}

// add takes a connection that was accepted.
func (c *conns) add(conn net.Conn) {
	m := &member{conn: conn}
	m.hasSlot.Store(c.pool != nil)
	m.spare.Store(time.Now().Add(newPatience).UnixNano())
	c.members.Store(conn, m)
}

// watch sets the hooks of srv, around those that it has.
func (c *conns) watch(srv *http.Server) {
	connState, connContext := srv.ConnState, srv.ConnContext
	srv.ConnState = func(conn net.Conn, state http.ConnState) {
		if m := c.find(conn); m != nil {
			c.note(m, state)
		}
		if connState != nil {
			connState(conn, state)
		}
	}
	srv.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		if connContext != nil {
			ctx = connContext(ctx, conn)
		}
		if m := c.find(conn); m != nil {
			ctx = context.WithValue(ctx, memberKey{}, m)
		}
		return ctx
	}
	srv.Handler = c.handler(srv.Handler)
}

type memberKey struct{}

// handler follows the requests of next. It ends keep-alive while a connection
// waits for its turn, and when the Server stops. An upgrade has a Connection
// header of its own.
func (c *conns) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, _ := r.Context().Value(memberKey{}).(*member)
		if m != nil {
			m.serve(r)
			defer c.afterRequest(m)
		}
		if c.wantsEnd() && r.Header["Upgrade"] == nil {
			w.Header().Set("Connection", "close")
			if m != nil {
				m.announced.Store(true)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// wantsEnd reports whether a connection is to end with the request that it serves.
func (c *conns) wantsEnd() bool {
	return c.pool != nil && c.pool.waiting.Load() > 0 || c.stop.hasBegun()
}

// serve notes that a handler answers r. Nobody would get the answer to one that
// came while its connection was closed: its client may send it again, so it must
// not be served too.
func (m *member) serve(r *http.Request) {
	if m.proto.Load() == 0 {
		m.proto.Store(int32(r.ProtoMajor))
	}
	if r.ProtoMajor != 1 {
		return
	}
	if m.doomed {
		panic(http.ErrAbortHandler)
	}
	m.phase.Store(phaseServing)
}

// afterRequest looks after a connection that its handler has taken over: it no
// longer counts for Spawn, and it may be closed already.
func (c *conns) afterRequest(m *member) {
	if m.phase.Load() != phaseTakenOver {
		return
	}
	c.giveBack(m)
	m.returned.Store(true)
	if m.isOver() {
		c.members.Delete(m.conn)
		return
	}
	if c.left.Add(1) > c.sweep.Load() {
		c.forgetClosed()
	}
}

// minSweep is the least number of connections for which forgetClosed looks. It
// looks again when there are twice as many as it has left.
const minSweep = 64

// forgetClosed forgets the connections that were taken over and are closed now,
// which nobody tells.
func (c *conns) forgetClosed() {
	var open int64
	for key, v := range c.members.Range {
		switch m := v.(*member); {
		case !m.returned.Load():
		case m.isOver():
			c.members.Delete(key)
		default:
			open++
		}
	}
	c.left.Store(open)
	c.sweep.Store(max(minSweep, 2*open))
}

// note follows what the http.Server tells of a connection.
func (c *conns) note(m *member, state http.ConnState) {
	switch state {
	case http.StateNew:
		m.spare.Store(time.Now().Add(newPatience).UnixNano())
	case http.StateActive:
		m.doomed = m.spare.Swap(0) == spent || m.doomed
		m.phase.Store(phaseActive)
	case http.StateIdle:
		m.phase.Store(phaseIdle)
		m.spare.Store(time.Now().Add(idlePatience).UnixNano())
	case http.StateHijacked:
		m.spare.Store(0)
		m.phase.Store(phaseTakenOver)
	case http.StateClosed:
		c.members.Delete(m.conn)
		c.giveBack(m)
	}
}

func (c *conns) giveBack(m *member) {
	if m.hasSlot.Swap(false) {
		c.pool.leave()
	}
}

// find returns the member that conn is, or that conn is TLS over; nil for none.
func (c *conns) find(conn net.Conn) *member {
	for {
		if m, ok := c.members.Load(conn); ok {
			return m.(*member)
		}
		outer, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		conn = outer.NetConn()
	}
}

// closeSpare closes a connection which may be closed since the time that its spare
// has, unless a request has come.
func (m *member) closeSpare(since int64) {
	if some, _ := readable(m.conn); !some && m.spare.CompareAndSwap(since, spent) {
		_ = m.conn.Close()
	}
}

// settle closes the connections that have had no request for long enough, and
// reports whether no other can bring one that the http.Server would drop if it
// were told to stop. Began is when the Server began to stop.
func (c *conns) settle(began time.Time) bool {
	now, patient := time.Now(), began.Add(idlePatience)
	settled := true
	for _, v := range c.members.Range {
		m := v.(*member)
		if m.isSettled(now.Before(patient)) {
			continue
		}
		settled = false
		since := m.spare.Load()
		if since > 0 && now.UnixNano() >= max(since, patient.UnixNano()) {
			m.closeSpare(since)
		}
	}
	return settled
}

// isSettled reports whether no request is expected from m, or it has told its
// client. Those of HTTP/2 are told by the http.Server.
func (m *member) isSettled(early bool) bool {
	switch m.phase.Load() {
	case phaseNew:
		return false
	case phaseServing:
		return m.announced.Load() || !early
	case phaseActive:
		return m.proto.Load() > 1
	case phaseIdle:
		return m.proto.Load() != 1
	default:
		return true
	}
}

// inFlight reports whether there are requests that are not answered yet.
func (c *conns) inFlight() bool {
	for _, v := range c.members.Range {
		m := v.(*member)
		switch m.phase.Load() {
		case phaseActive, phaseServing:
			return true
		case phaseTakenOver:
			if !m.isOver() {
				return true
			}
		}
	}
	return false
}

// noneTakenOver reports whether those that were taken over have all ended.
func (c *conns) noneTakenOver() bool {
	for _, v := range c.members.Range {
		if m := v.(*member); m.phase.Load() == phaseTakenOver && !m.isOver() {
			return false
		}
	}
	return true
}

func (c *conns) closeTakenOver() {
	for _, v := range c.members.Range {
		if m := v.(*member); m.phase.Load() == phaseTakenOver {
			_ = m.conn.Close()
		}
	}
}

// isOver reports whether a connection that was taken over has ended: its handler
// has returned, and somebody has closed it, as far as that can be seen.
func (m *member) isOver() bool {
	if !m.returned.Load() {
		return false
	}
	raw := rawConn(m.conn)
	return raw == nil || raw.Control(func(uintptr) {}) != nil
}

// rawConn returns the access to the system's side of a connection or listener, nil
// where there is none. A closed one fails every call.
func rawConn(c any) syscall.RawConn {
	outer, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := outer.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}
