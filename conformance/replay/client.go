package replay

import (
	"net"
	"strings"
	"sync"
	"time"

	"github.com/gowsgi/gowsgi/conformance/wire"
)

// client is a raw socket. It reads all the time, so that no send can block for ever.
type client struct {
	conn    *net.TCPConn
	methods []string
	silence time.Duration // how long means that nothing more will come

	mu       sync.Mutex
	received []byte
	ended    bool
	news     chan struct{}
}

func dial(addr string, methods []string, silence time.Duration) (*client, error) {
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn.(*net.TCPConn), methods: methods, silence: silence, news: make(chan struct{}, 1)}, nil
}

func (c *client) read() {
	buf := make([]byte, 64<<10)
	for {
		n, err := c.conn.Read(buf)
		c.note(buf[:n], err != nil)
		if err != nil {
			return
		}
	}
}

func (c *client) note(data []byte, ended bool) {
	c.mu.Lock()
	c.received = append(c.received, data...)
	c.ended = c.ended || ended
	c.mu.Unlock()
	select {
	case c.news <- struct{}{}:
	default:
	}
}

func (c *client) seen() (received string, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.received), c.ended
}

// wait returns once enough has been received, the connection has ended, or
// nothing has come for a while.
func (c *client) wait(enough func(received string) bool) {
	timer := time.NewTimer(c.silence)
	defer timer.Stop()
	for {
		received, ended := c.seen()
		if ended || enough(received) {
			return
		}
		select {
		case <-c.news:
			timer.Reset(c.silence)
		case <-timer.C:
			return
		}
	}
}

func never(string) bool { return false }

func (c *client) take(step wire.Step) {
	switch {
	case step.Send != nil:
		_, _ = c.conn.Write([]byte(*step.Send))
	case step.Await != nil:
		c.wait(func(received string) bool { return strings.Contains(received, string(*step.Await)) })
	case step.AwaitResponses > 0:
		c.wait(func(received string) bool {
			return wire.ParseResponses(received, c.methods, false).Complete() >= step.AwaitResponses
		})
	case step.HalfClose:
		_ = c.conn.CloseWrite()
	case step.Close:
		c.note(nil, true)
		_ = c.conn.Close()
	}
}
