package adapter_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

func TestStoppingWithoutServer(t *testing.T) {
	require.Nil(t, adapter.Stopping(t.Context()))
}

// TestStoppingTells: an App, a plain handler and a connection that was taken over
// are told when the stop begins, while their contexts go on.
func TestStoppingTells(t *testing.T) {
	told := func(ctx context.Context) string {
		<-adapter.Stopping(ctx)
		return fmt.Sprint("told ", ctx.Err())
	}
	entered := make(chan struct{}, 3)
	mux := http.NewServeMux()
	mux.Handle("/app", &adapter.Handler{App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		entered <- struct{}{}
		_, err := start("200 OK", nil)
		return adapter.Text(told(env.Context())), err
	}})
	mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		fmt.Fprint(w, told(r.Context()))
	})
	mux.HandleFunc("/taken", func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		entered <- struct{}{}
		body := told(r.Context())
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	})
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		for _, path := range []string{"/app", "/plain", "/taken"} {
			if proto == "HTTP/2.0" && path == "/taken" {
				continue
			}
			t.Run(proto+path, func(t *testing.T) {
				srv := quiet(mux)
				wiretest.H2C(srv.HTTP)
				client := shortLived
				if proto == "HTTP/2.0" {
					client = wiretest.H2Client()
				}
				addr := serve(t, srv)
				answered := make(chan string, 1)
				go func() { answered <- fetch(t, client, "http://"+addr+path) }()
				<-entered
				require.NoError(t, srv.Shutdown(t.Context()))
				require.Equal(t, "told <nil>", <-answered)
			})
		}
	}
}

// TestStopTimeout: what does not end by itself loses its context and, if it was
// taken over, its connection, when StopTimeout is over and not before.
func TestStopTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ended := make(chan time.Duration, 2)
		mux := http.NewServeMux()
		mux.HandleFunc("/plain", func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			ended <- time.Since(began)
		})
		mux.HandleFunc("/taken", func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = io.Copy(io.Discard, c)
			ended <- time.Since(began)
		})
		srv, m := quiet(mux), newMemory()
		srv.StopTimeout = time.Minute
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- srv.Run(ctx, m) }()
		m.dial(t).ask("/plain")
		m.dial(t).ask("/taken")
		synctest.Wait()
		cancel()
		err := <-ran
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Minute, <-ended)
		require.Equal(t, time.Minute, <-ended)
		require.Equal(t, time.Minute, time.Since(began))
	})
}

// TestStopAnswersWhatIsUnderWay: after the stop has begun, a request on a
// connection that was idle and one on a connection that was new are answered, and
// the answers say that the connection ends.
func TestStopAnswersWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, m := quiet(greet), newMemory()
		go func() { _ = srv.Serve(m) }()
		idle, fresh, silent := m.dial(t), m.dial(t), m.dial(t)
		idle.ask("/")
		require.True(t, idle.answered())
		require.False(t, (<-idle.answers).Close)
		stopped := make(chan error, 1)
		go func() { stopped <- srv.Shutdown(context.Background()) }()
		time.Sleep(900 * time.Millisecond)
		idle.ask("/")
		require.True(t, idle.answered())
		require.True(t, (<-idle.answers).Close)
		time.Sleep(3 * time.Second)
		fresh.ask("/")
		require.True(t, fresh.answered())
		require.True(t, (<-fresh.answers).Close)
		require.False(t, silent.gone())
		time.Sleep(2 * time.Second)
		require.True(t, silent.gone())
		require.NoError(t, <-stopped)
		require.ErrorIs(t, srv.Serve(newMemory()), http.ErrServerClosed)
		require.NoError(t, srv.Shutdown(t.Context()), "a second time")
	})
}

// slowToTell is a connection that returns what it has read a moment later, as
// where the goroutine that reads gets no processor.
type slowToTell struct{ net.Conn }

func (c slowToTell) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	time.Sleep(200 * time.Millisecond)
	return n, err
}

// TestStopAnswersWhatWasRead: a request that came in time is answered, also where
// net/http has taken it off the connection and does not tell of it yet.
func TestStopAnswersWhatWasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer here.Close()
		c := newClient(here)
		srv, m := quiet(greet), newMemory()
		go func() { _ = srv.Serve(m) }()
		m.dialed <- slowToTell{there}
		c.ask("/")
		time.Sleep(time.Second)
		require.True(t, c.answered())
		<-c.answers
		stopped := make(chan error, 1)
		go func() { stopped <- srv.Shutdown(context.Background()) }()
		time.Sleep(900 * time.Millisecond)
		c.ask("/")
		time.Sleep(time.Second)
		require.True(t, c.answered())
		require.NotNil(t, <-c.answers)
		require.NoError(t, <-stopped)
	})
}

// TestCloseEndsShutdown at once.
func TestCloseEndsShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated()
		srv, m := quiet(g), newMemory()
		go func() { _ = srv.Serve(m) }()
		c := m.dial(t)
		c.ask("/")
		<-g.entered
		stopped := make(chan error, 1)
		go func() { stopped <- srv.Shutdown(context.Background()) }()
		time.Sleep(5 * time.Second)
		began := time.Now()
		require.NoError(t, srv.Close())
		require.NoError(t, <-stopped)
		require.Equal(t, began, time.Now())
		require.True(t, c.gone())
		close(g.release)
	})
}

// TestShutdownContext: a context of its own ends the wait, and nothing else.
func TestShutdownContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated()
		srv, m := quiet(g), newMemory()
		go func() { _ = srv.Serve(m) }()
		c := m.dial(t)
		c.ask("/")
		<-g.entered
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, srv.Shutdown(ctx), context.DeadlineExceeded)
		close(g.release)
		require.True(t, c.answered())
		require.NoError(t, srv.Shutdown(t.Context()))
	})
}

// slowListener accepts nothing before its gate is open, so that connections stay
// in the queue of the system.
type slowListener struct {
	*net.TCPListener
	gate chan struct{}
}

func (l *slowListener) Accept() (net.Conn, error) {
	<-l.gate
	return l.TCPListener.Accept()
}

// TestStopEmptiesTheBacklog: connections that the system has accepted, and the
// server has not, are served.
func TestStopEmptiesTheBacklog(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &slowListener{TCPListener: inner.(*net.TCPListener), gate: make(chan struct{})}
	srv := quiet(greet)
	served, stopped := make(chan error, 1), make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	client := wiretest.Client(t, inner.Addr().String())
	var conns []*wiretest.Conn
	for range 50 {
		c := client.Dial()
		c.Send("GET / HTTP/1.1\nHost: x\n\n")
		conns = append(conns, c)
	}
	go func() { stopped <- srv.Shutdown(context.Background()) }()
	close(l.gate)
	for _, c := range conns {
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, res.StatusCode)
	}
	require.NoError(t, <-stopped)
	require.ErrorIs(t, <-served, http.ErrServerClosed)
}
