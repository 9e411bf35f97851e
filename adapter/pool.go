package adapter

import (
	"context"
	"math"
	"net"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
)

// How long a connection may be without a request before it is closed for one
// that waits: after a request, so that the next one is not just on its way; and
// after it was accepted, which is http.Server.Shutdown's measure.
const (
	idlePatience = time.Second
	newPatience  = 5 * time.Second
)

// pool is gevent's Pool for a Server: it limits the connections that are served
// at once, over all listeners.
//
// It follows a connection by the hooks of the http.Server and does not wrap it,
// so net/http still finds the type that it looks for: a *net.TCPConn for
// sendfile and half-closing, a *tls.Conn for its handshake.
type pool struct {
	slots   chan struct{}
	members sync.Map     // those that have a slot: net.Conn → *member
	waiting atomic.Int32 // connections that were accepted and have no slot yet
}

// member is a connection that has a slot.
type member struct {
	conn     net.Conn
	spare    atomic.Int64 // when it may be closed for another, in ns since 1970; 0 while it serves a request
	hijacked atomic.Bool  // a handler has taken it over
}

func newPool(size int) *pool { return &pool{slots: make(chan struct{}, size)} }

// watch sets the hooks of srv, around those that it has.
func (p *pool) watch(srv *http.Server) {
	connState, connContext := srv.ConnState, srv.ConnContext
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		if m := p.find(c); m != nil {
			p.note(m, state)
		}
		if connState != nil {
			connState(c, state)
		}
	}
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if connContext != nil {
			ctx = connContext(ctx, c)
		}
		if m := p.find(c); m != nil {
			ctx = context.WithValue(ctx, memberKey{}, m)
		}
		return ctx
	}
	srv.Handler = p.handler(srv.Handler)
}

type memberKey struct{}

// handler ends keep-alive while a connection waits, and gives the slot of a
// connection back that next has taken over. An upgrade has a Connection header
// of its own.
func (p *pool) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m, ok := r.Context().Value(memberKey{}).(*member); ok {
			defer p.afterRequest(m)
		}
		if p.waiting.Load() > 0 && r.Header["Upgrade"] == nil {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

func (p *pool) afterRequest(m *member) {
	if m.hijacked.Load() {
		p.leave(m)
	}
}

// note follows what the http.Server tells of a connection.
func (p *pool) note(m *member, state http.ConnState) {
	switch state {
	case http.StateNew:
		m.spare.Store(time.Now().Add(newPatience).UnixNano())
	case http.StateIdle:
		m.spare.Store(time.Now().Add(idlePatience).UnixNano())
	case http.StateActive:
		m.spare.Store(0)
	case http.StateHijacked:
		m.spare.Store(0)
		m.hijacked.Store(true)
	case http.StateClosed:
		p.leave(m)
	}
}

// find returns the member that c is, or that c is TLS over; nil for none.
func (p *pool) find(c net.Conn) *member {
	for {
		if m, ok := p.members.Load(c); ok {
			return m.(*member)
		}
		outer, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		c = outer.NetConn()
	}
}

// enter waits until there is a slot for c, and reports whether there was one
// before stop was closed.
func (p *pool) enter(c net.Conn, stop <-chan struct{}) bool {
	select {
	case p.slots <- struct{}{}:
	default:
		if !p.wait(stop) {
			return false
		}
	}
	p.members.Store(c, &member{conn: c})
	return true
}

// wait takes a slot, for which it makes connections without a request go.
func (p *pool) wait(stop <-chan struct{}) bool {
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	look := time.NewTimer(0)
	defer look.Stop()
	for {
		select {
		case p.slots <- struct{}{}:
			return true
		case <-stop:
			return false
		case <-look.C:
			look.Reset(p.makeRoom())
		}
	}
}

// makeRoom closes the connection that has been spare for longest, if there is
// one, and returns when to look again.
func (p *pool) makeRoom() time.Duration {
	var longest *member
	first := int64(math.MaxInt64)
	for _, v := range p.members.Range {
		m := v.(*member)
		if since := m.spare.Load(); since != 0 && since < first {
			longest, first = m, since
		}
	}
	if longest == nil {
		return idlePatience
	}
	if left := time.Until(time.Unix(0, first)); left > 0 {
		return min(left, idlePatience)
	}
	if longest.spare.CompareAndSwap(first, 0) {
		_ = longest.conn.Close()
	}
	return idlePatience
}

// leave gives the slot of a member back, once.
func (p *pool) leave(m *member) {
	if _, ok := p.members.LoadAndDelete(m.conn); ok {
		<-p.slots
	}
}

// pooled is a listener whose connections wait for a slot.
type pooled struct {
	net.Listener
	pool    *pool
	once    sync.Once
	closing chan struct{}
}

func (p *pool) listen(l net.Listener) net.Listener {
	return &pooled{Listener: l, pool: p, closing: make(chan struct{})}
}

// Accept returns the next connection once there is a slot for it.
func (l *pooled) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if !reflect.TypeOf(c).Comparable() {
			c = &struct{ net.Conn }{c} // as the key of a map
		}
		if l.pool.enter(c, l.closing) {
			return c, nil
		}
		_ = c.Close()
	}
}

// Close closes the listener, and a connection that waits: a server that stops
// reads no request any more.
func (l *pooled) Close() error {
	l.once.Do(func() { close(l.closing) })
	return l.Listener.Close()
}
