package reliability

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/recorder"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// hasty lets a server wait for its clients for a second, in the place of
// NewServer's minute.
func hasty(s *adapter.Server) {
	limits := &recorder.Patience{Send: time.Second, Take: time.Second, Stalled: io.ErrClosedPipe}
	s.HTTP.ReadTimeout, s.HTTP.WriteTimeout = -1, -1
	s.HTTP.Handler = limits.Handler(s.HTTP.Handler)
	s.HTTP.ReadHeaderTimeout = time.Second
	s.HTTP.IdleTimeout = 5 * time.Second
}

func slowClients() int {
	if long {
		return 500
	}
	return 100
}

// TestSlowWriters: clients that dribble their heads and bodies are let go, and
// nobody else waits for them.
func TestSlowWriters(t *testing.T) {
	before := hold()
	n := new(counts)
	s := serve(t, n.app, hasty)
	var answered, slow = new(atomic.Int64), new(sync.WaitGroup)
	for i := range slowClients() {
		head := "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: " // and never its end
		if i%2 == 0 {
			head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
		}
		slow.Go(func() {
			c, err := net.Dial("tcp", s.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(patience))
			_, _ = io.WriteString(c, head)
			go func() {
				for {
					if _, err := io.WriteString(c, "x"); err != nil {
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
			}()
			got, _ := io.ReadAll(c)
			if strings.HasPrefix(string(got), "HTTP/1.1 408 Request Timeout\r\n") {
				answered.Add(1)
			}
		})
	}
	client := http1Client()
	require.NoError(t, ask(client, "GET", s.url("/stream"), nil, string(streamed)))
	slow.Wait()
	client.CloseIdleConnections()
	require.EqualValues(t, slowClients()/2, answered.Load(), "408 for those whose head was complete")
	s.stop(t)
	before.settle(t)
}

// TestSlowReaders: clients that take nothing, or a byte now and then, are let go.
// HTTP/2 has them stall a stream and keep the connection.
func TestSlowReaders(t *testing.T) {
	before := hold()
	n := new(counts)
	endless := func(yield func([]byte, error) bool) {
		for yield(make([]byte, 256<<10), nil) {
		}
	}
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		n.opened.Add(1)
		_, err := start("200 OK", plain)
		return &counted{seq: endless, counts: n}, err
	}
	var began, ended atomic.Int64
	s := serve(t, app, hasty, func(s *adapter.Server) {
		s.HTTP.ConnState = func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				began.Add(1)
			case http.StateClosed:
				ended.Add(1)
			}
		}
	})
	client := wiretest.Client(t, s.addr)
	var open []net.Conn
	for i := range slowClients() {
		if i%4 == 0 {
			c := client.DialH2()
			c.Open(1, true, "GET", "/")
			open = append(open, c)
			continue
		}
		c := client.Dial()
		require.NoError(t, c.SetReadBuffer(4096))
		c.Send("GET / HTTP/1.1\nHost: x\n\n")
		open = append(open, c)
	}
	var dribbling sync.WaitGroup
	over := make(chan struct{})
	for i, c := range open {
		if i%8 == 1 { // dribbles
			dribbling.Go(func() {
				_ = c.SetDeadline(time.Now().Add(patience))
				for {
					if _, err := c.Read(make([]byte, 16)); err != nil {
						return
					}
					select {
					case <-over:
						return
					case <-time.After(50 * time.Millisecond):
					}
				}
			})
		}
	}
	eventually(t, func() bool { return began.Load() == int64(slowClients()) && ended.Load() == began.Load() },
		"%d of %d clients are still connected", began.Load()-ended.Load(), slowClients())
	close(over)
	dribbling.Wait()
	for _, c := range open {
		_ = c.Close()
	}
	require.Positive(t, n.opened.Load())
	require.Equal(t, n.opened.Load(), n.closed.Load(), "Bodies and their Closes")
	require.Zero(t, n.twice.Load())
	s.stop(t)
	before.settle(t)
	require.NotContains(t, s.errs.String(), "panic")
}
