package adapter

import (
	"errors"
	"net"
	"net/http"
	"os"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
)

// acceptPatience is how long a listener that closes waits for a connection that
// somebody else, who has the same socket, may have accepted in the meantime.
const acceptPatience = 10 * time.Millisecond

// backlog is a listener of a Server. When the Server stops, the connections in
// its queue are accepted before it closes: the system would reset them.
type backlog struct {
	net.Listener
	conns *conns
	pool  *pool // nil where Spawn gives no limit

	until   atomic.Int64 // when to close at the latest, in ns since 1970; 0 unless the Server stops
	once    sync.Once
	closing chan struct{} // closed by Close: a connection that waits for its turn is turned away
	close   func() error  // closes the listener, once
}

func newBacklog(l net.Listener, c *conns, p *pool) *backlog {
	b := &backlog{Listener: l, conns: c, pool: p, closing: make(chan struct{})}
	b.close = sync.OnceValue(l.Close)
	return b
}

// Accept returns the next connection, with Spawn once it is its turn. When the
// Server stops, it fails with http.ErrServerClosed once there is none.
func (b *backlog) Accept() (net.Conn, error) {
	for {
		c, err := b.next()
		if err != nil {
			return nil, err
		}
		if !reflect.TypeOf(c).Comparable() {
			c = &struct{ net.Conn }{c} // as the key of a map
		}
		if b.pool == nil || b.pool.enter(b.conns, b.closing) {
			b.conns.add(c)
			return c, nil
		}
		_ = c.Close()
	}
}

func (b *backlog) next() (net.Conn, error) {
	if b.until.Load() == 0 {
		c, err := b.Listener.Accept()
		if err == nil || b.until.Load() == 0 {
			return c, err
		}
	}
	return b.last()
}

// deadliner is a listener whose Accept can be interrupted.
type deadliner interface{ SetDeadline(time.Time) error }

// last returns a connection that is in the queue already.
func (b *backlog) last() (net.Conn, error) {
	l, ok := b.Listener.(deadliner)
	for empty := false; ok; {
		some, known := readable(b.Listener)
		if known && !some || !known && empty || time.Now().UnixNano() > b.until.Load() {
			break
		}
		if l.SetDeadline(time.Now().Add(acceptPatience)) != nil {
			break
		}
		c, err := b.Listener.Accept()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return c, err
		}
		empty = true
	}
	_ = b.close()
	return nil, http.ErrServerClosed
}

// drain makes Accept fail once there is nothing left to accept, or after until.
func (b *backlog) drain(until time.Time) {
	b.until.Store(until.UnixNano())
	if l, ok := b.Listener.(deadliner); !ok || l.SetDeadline(time.Unix(1, 0)) != nil {
		_ = b.close() // nothing else ends its Accept
	}
}

// Close closes the listener, and a connection that waits for its turn.
func (b *backlog) Close() error {
	b.once.Do(func() { close(b.closing) })
	return b.close()
}
