package adapter_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// gated answers each request once its gate lets it through, and counts the
// requests it holds.
type gated struct {
	entered chan string
	release chan struct{}
}

func newGated() *gated {
	return &gated{make(chan string, 100), make(chan struct{})}
}

func (g *gated) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.entered <- r.URL.Path
	<-g.release
	fmt.Fprint(w, "done")
}

// memory is a listener whose connections are pipes, for tests in which time is
// not the clock's.
type memory struct {
	dialed chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newMemory() *memory { return &memory{dialed: make(chan net.Conn), closed: make(chan struct{})} }

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.dialed:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error   { m.once.Do(func() { close(m.closed) }); return nil }
func (m *memory) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// client is one connection that a test talks over. It reads all the time, so
// that the server never waits for it.
type client struct {
	net.Conn
	answers chan *http.Response
}

func newClient(c net.Conn) *client {
	cl := &client{Conn: c, answers: make(chan *http.Response, 10)}
	go func() {
		defer close(cl.answers)
		for in := bufio.NewReader(c); ; {
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				return
			}
			body, err := io.ReadAll(res.Body)
			if err != nil {
				return
			}
			res.Body = io.NopCloser(strings.NewReader(string(body)))
			cl.answers <- res
		}
	}()
	return cl
}

// dial reaches a server in the same bubble. The server may not have accepted
// the connection when it returns.
func (m *memory) dial(t *testing.T) *client {
	here, there := net.Pipe()
	go func() {
		select {
		case m.dialed <- there:
		case <-m.closed:
			_ = there.Close()
		}
	}()
	t.Cleanup(func() { _ = here.Close() })
	return newClient(here)
}

func (c *client) ask(path string) {
	go func() { _, _ = fmt.Fprintf(c.Conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path) }()
}

// answered reports whether an answer has come by now, within a bubble.
func (c *client) answered() bool {
	synctest.Wait()
	return len(c.answers) > 0
}

// gone reports whether the server has closed the connection by now.
func (c *client) gone() bool {
	synctest.Wait()
	select {
	case _, open := <-c.answers:
		return !open
	default:
		return false
	}
}

// inBubble runs a test around a server with a limit of spawn connections and no
// IdleTimeout, in a bubble of its own time.
func inBubble(t *testing.T, spawn int, h http.Handler, test func(t *testing.T, srv *adapter.Server, m *memory)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv, m := quiet(h), newMemory()
		srv.Spawn = spawn
		done := make(chan error, 1)
		go func() { done <- srv.Serve(m) }()
		test(t, srv, m)
		require.NoError(t, srv.Close())
		require.ErrorIs(t, <-done, http.ErrServerClosed)
	})
}

var greet = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })

// TestSpawnCountsOverAllListeners: the limit is the Server's, not a listener's.
func TestSpawnCountsOverAllListeners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated()
		srv := quiet(g)
		srv.Spawn = 2
		listeners := []*memory{newMemory(), newMemory(), newMemory()}
		done := make(chan error, len(listeners))
		for _, m := range listeners {
			go func() { done <- srv.Serve(m) }()
		}
		for _, m := range listeners {
			m.dial(t).ask("/" + m.Addr().String())
		}
		synctest.Wait()
		require.Len(t, g.entered, 2)
		g.release <- struct{}{}
		synctest.Wait()
		time.Sleep(time.Minute) // until the idle one makes room
		synctest.Wait()
		require.Len(t, g.entered, 3)
		close(g.release)
		require.NoError(t, srv.Close())
		for range listeners {
			require.ErrorIs(t, <-done, http.ErrServerClosed)
		}
	})
}

// TestSpawnIdleClientsLockNobodyOut: nothing but the limit closes connections
// here, and idle ones must make room all the same.
func TestSpawnIdleClientsLockNobodyOut(t *testing.T) {
	const spawn = 8
	inBubble(t, spawn, greet, func(t *testing.T, _ *adapter.Server, m *memory) {
		var clients []*client
		for range spawn {
			c := m.dial(t)
			c.ask("/")
			require.True(t, c.answered())
			<-c.answers
			clients = append(clients, c)
			time.Sleep(time.Minute)
		}
		for _, c := range clients {
			require.False(t, c.gone(), "nobody waits: an idle connection stays")
		}
		late := m.dial(t)
		late.ask("/")
		require.True(t, late.answered(), "the connection that idled longest makes room at once")
		require.True(t, clients[0].gone())
		for _, c := range clients[1:] {
			require.False(t, c.gone(), "the others stay")
		}
	})
}

// TestSpawnSilentClientsLockNobodyOut: neither do those that connect and never
// send a request.
func TestSpawnSilentClientsLockNobodyOut(t *testing.T) {
	inBubble(t, 1, greet, func(t *testing.T, _ *adapter.Server, m *memory) {
		silent := m.dial(t)
		synctest.Wait()
		late := m.dial(t)
		late.ask("/")
		require.False(t, late.answered(), "a new connection gets some time to send its request")
		require.False(t, silent.gone())
		time.Sleep(10 * time.Second)
		require.True(t, late.answered())
		require.True(t, silent.gone())
	})
}

// TestSpawnBusyClientsTakeTurns: a client that never idles for long is told to
// close its connection while another waits, and loses no request by that.
func TestSpawnBusyClientsTakeTurns(t *testing.T) {
	inBubble(t, 1, greet, func(t *testing.T, _ *adapter.Server, m *memory) {
		busy := m.dial(t)
		for range 10 {
			busy.ask("/")
			require.True(t, busy.answered())
			require.False(t, (<-busy.answers).Close, "nobody waits")
			time.Sleep(100 * time.Millisecond)
		}
		late := m.dial(t)
		late.ask("/")
		require.False(t, late.answered(), "there is no room yet")
		busy.ask("/")
		require.True(t, busy.answered())
		require.True(t, (<-busy.answers).Close, "Connection: close")
		require.True(t, late.answered())
		require.False(t, (<-late.answers).Close)
	})
}

// TestSpawnLeavesRequestsAlone: a request in progress is never closed for a
// client that waits, however long it takes, nor is an upgrade told to close.
func TestSpawnLeavesRequestsAlone(t *testing.T) {
	g := newGated()
	inBubble(t, 1, g, func(t *testing.T, _ *adapter.Server, m *memory) {
		g.entered, g.release = make(chan string, 10), make(chan struct{})
		slow := m.dial(t)
		slow.ask("/slow")
		synctest.Wait()
		late := m.dial(t)
		late.ask("/late")
		time.Sleep(24 * time.Hour)
		require.False(t, late.answered())
		g.release <- struct{}{}
		require.True(t, slow.answered())
		<-slow.answers
		time.Sleep(time.Minute)
		synctest.Wait()
		g.release <- struct{}{}
		require.True(t, late.answered())
	})
}

// TestSpawnCountsConnectionsTakenOver: a connection that a handler has taken
// over counts until that handler returns.
func TestSpawnCountsConnectionsTakenOver(t *testing.T) {
	hijack := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\n\r\n")
		_ = rw.Flush()
		if r.URL.Path == "/inside" {
			_, _ = rw.ReadByte() // until the client has enough
			_ = c.Close()
		}
	})
	app := &adapter.Handler{App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("101 Switching Protocols", adapter.Headers{{"Connection", "Upgrade"}, {"Upgrade", "echo"}})
		if err != nil {
			return nil, err
		}
		_, _ = env.Input().ReadN(1)
		return nil, nil
	}, ErrorLog: io.Discard}
	mux := http.NewServeMux()
	mux.Handle("/inside", hijack)
	mux.Handle("/outside", hijack)
	mux.Handle("/app", app)
	mux.Handle("/", greet)
	for _, path := range []string{"/inside", "/app"} {
		t.Run(path, func(t *testing.T) {
			inBubble(t, 1, mux, func(t *testing.T, _ *adapter.Server, m *memory) {
				taken := m.dial(t)
				taken.ask(path)
				require.True(t, taken.answered())
				late := m.dial(t)
				late.ask("/")
				time.Sleep(time.Hour)
				require.False(t, late.answered(), "the handler still has the connection")
				_ = taken.Close()
				require.True(t, late.answered())
			})
		})
	}
	t.Run("the handler returned", func(t *testing.T) {
		inBubble(t, 1, mux, func(t *testing.T, _ *adapter.Server, m *memory) {
			taken := m.dial(t)
			taken.ask("/outside")
			require.True(t, taken.answered())
			late := m.dial(t)
			late.ask("/")
			require.True(t, late.answered())
		})
	})
}

// TestSpawnDoesNotTouchAnUpgrade: to an upgrade, "Connection: close" would be
// the wrong answer.
func TestSpawnDoesNotTouchAnUpgrade(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			w.Header().Add("Connection", "Upgrade")
			w.Header().Set("Upgrade", "echo")
			w.WriteHeader(http.StatusSwitchingProtocols)
		}
		fmt.Fprint(w, "hello")
	})
	inBubble(t, 1, h, func(t *testing.T, _ *adapter.Server, m *memory) {
		first := m.dial(t)
		first.ask("/")
		require.True(t, first.answered())
		<-first.answers
		m.dial(t).ask("/")
		synctest.Wait()
		go func() {
			_, _ = io.WriteString(first, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		}()
		require.True(t, first.answered())
		require.Equal(t, []string{"Upgrade"}, (<-first.answers).Header["Connection"])
	})
}

// TestSpawnShutdown: a client that waits for its turn when the server stops is
// answered too, and the limit stays as it is.
func TestSpawnShutdown(t *testing.T) {
	g := newGated()
	inBubble(t, 1, g, func(t *testing.T, srv *adapter.Server, m *memory) {
		g.entered, g.release = make(chan string, 10), make(chan struct{})
		first := m.dial(t)
		first.ask("/first")
		synctest.Wait()
		late := m.dial(t)
		late.ask("/late")
		synctest.Wait()
		stopped := make(chan error, 1)
		go func() { stopped <- srv.Shutdown(context.Background()) }()
		synctest.Wait()
		require.Len(t, g.entered, 1)
		close(g.release)
		require.NoError(t, <-stopped)
		require.True(t, first.answered())
		require.True(t, late.answered())
	})
}

// TestSpawnKeepsCount lets connections end in every way, and then looks whether
// just as many are served at once as before.
func TestSpawnKeepsCount(t *testing.T) {
	const spawn = 3
	g := newGated()
	mux := http.NewServeMux()
	mux.Handle("/held", g)
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("ouch") })
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = c.Close()
		}
		if c.LocalAddr() == nil {
			panic(err)
		}
	})
	mux.HandleFunc("/hijackpanic", func(w http.ResponseWriter, _ *http.Request) {
		c, _, _ := http.NewResponseController(w).Hijack()
		defer c.Close()
		panic("ouch")
	})
	mux.Handle("/", greet)
	inBubble(t, spawn, mux, func(t *testing.T, _ *adapter.Server, m *memory) {
		g.entered, g.release = make(chan string, 10), make(chan struct{})
		for range 3 {
			for _, raw := range []string{
				"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
				"GET /panic HTTP/1.1\r\nHost: x\r\n\r\n",
				"GET /abort HTTP/1.1\r\nHost: x\r\n\r\n",
				"GET /hijack HTTP/1.1\r\nHost: x\r\n\r\n",
				"GET /hijackpanic HTTP/1.1\r\nHost: x\r\n\r\n",
				"nonsense\r\n\r\n",
				"GET / HTT",
				"",
			} {
				c := m.dial(t)
				go func() { _, _ = io.WriteString(c, raw) }()
				synctest.Wait()
				require.NoError(t, c.Close())
				synctest.Wait()
			}
		}
		for range spawn + 2 {
			m.dial(t).ask("/held")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, g.entered, spawn)
		close(g.release)
		synctest.Wait()
	})
}

// TestSpawnHidesNothing: what a bare http.Server shows of its connections and
// listeners to the program's own hooks and handlers, a limited one shows too.
func TestSpawnHidesNothing(t *testing.T) {
	pair := httptest.NewUnstartedServer(nil)
	pair.StartTLS() // for its certificate and its client
	defer pair.Close()
	listen := func(t *testing.T, network, addr string) net.Listener {
		l, err := net.Listen(network, addr)
		require.NoError(t, err)
		return l
	}
	tests := []struct {
		name   string
		scheme string
		listen func(t *testing.T) net.Listener
		serve  func(srv server, l net.Listener) error
		want   string
	}{
		{"TCP", "http", func(t *testing.T) net.Listener { return listen(t, "tcp", "127.0.0.1:0") }, server.Serve,
			"BaseContext *net.TCPListener, ConnContext *net.TCPConn, StateNew *net.TCPConn, TLS false, HTTP/1.1, Hijack *net.TCPConn"},
		{"Unix", "http", func(t *testing.T) net.Listener { return listen(t, "unix", t.TempDir()+"/sock") }, server.Serve,
			"BaseContext *net.UnixListener, ConnContext *net.UnixConn, StateNew *net.UnixConn, TLS false, HTTP/1.1, Hijack *net.UnixConn"},
		{"a TLS listener of the program's own", "https", func(t *testing.T) net.Listener {
			config := &tls.Config{Certificates: pair.TLS.Certificates, NextProtos: []string{"http/1.1"}}
			return tls.NewListener(listen(t, "tcp", "127.0.0.1:0"), config)
		}, server.Serve,
			"BaseContext *tls.listener, ConnContext *tls.Conn, StateNew *tls.Conn, TLS true, HTTP/1.1, Hijack *tls.Conn"},
		{"ServeTLS", "https", func(t *testing.T) net.Listener { return listen(t, "tcp", "127.0.0.1:0") },
			func(srv server, l net.Listener) error { return srv.ServeTLS(l, "", "") },
			"BaseContext *tls.listener, ConnContext *tls.Conn, StateNew *tls.Conn, TLS true, HTTP/1.1, Hijack *tls.Conn"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, kind := range []string{"bare", "limited"} {
				seen := new(wiretest.Buffer)
				note := func(what string, v any) { fmt.Fprintf(seen, "%s %T, ", what, v) }
				httpServer := &http.Server{
					TLSConfig:   &tls.Config{Certificates: pair.TLS.Certificates, NextProtos: []string{"http/1.1"}},
					BaseContext: func(l net.Listener) context.Context { note("BaseContext", l); return context.Background() },
					ConnContext: func(ctx context.Context, c net.Conn) context.Context { note("ConnContext", c); return ctx },
					ConnState: func(c net.Conn, state http.ConnState) {
						if state == http.StateNew {
							note("StateNew", c)
						}
					},
					Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						fmt.Fprintf(seen, "TLS %v, %s, ", r.TLS != nil, r.Proto)
						c, rw, err := http.NewResponseController(w).Hijack()
						if err != nil {
							panic(err)
						}
						fmt.Fprintf(seen, "Hijack %T", c)
						_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
						_ = rw.Flush()
						_ = c.Close()
					}),
				}
				var srv server = httpServer
				if kind == "limited" {
					wrapped := adapter.Wrap(httpServer)
					wrapped.Log, wrapped.ErrorLog, wrapped.Spawn = io.Discard, io.Discard, 5
					srv = wrapped
				}
				l := test.listen(t)
				done := make(chan error, 1)
				go func() { done <- test.serve(srv, l) }()
				transport := pair.Client().Transport.(*http.Transport).Clone()
				transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, l.Addr().Network(), l.Addr().String())
				}
				res, err := (&http.Client{Transport: transport}).Get(test.scheme + "://example.com/")
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.Equal(t, test.want, seen.String(), kind)
				require.NoError(t, srv.Close())
				require.ErrorIs(t, <-done, http.ErrServerClosed)
			}
		})
	}
}

// server is what http.Server and adapter.Server have in common.
type server interface {
	Serve(l net.Listener) error
	ServeTLS(l net.Listener, certFile, keyFile string) error
	Close() error
}

// TestSpawnHTTP2 counts a connection of HTTP/2 once, over TLS and without, and
// lets an idle one make room.
func TestSpawnHTTP2(t *testing.T) {
	pair := httptest.NewUnstartedServer(nil)
	pair.EnableHTTP2 = true
	pair.StartTLS()
	defer pair.Close()
	for _, scheme := range []string{"https", "http"} {
		t.Run(scheme, func(t *testing.T) {
			g := newGated()
			srv := quiet(g)
			srv.Spawn = 1
			wiretest.H2C(srv.HTTP)
			srv.HTTP.Protocols.SetHTTP2(true)
			srv.HTTP.TLSConfig = &tls.Config{Certificates: pair.TLS.Certificates}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			done := make(chan error, 1)
			go func() {
				if scheme == "https" {
					done <- srv.ServeTLS(l, "", "")
				} else {
					done <- srv.Serve(l)
				}
			}()
			connect := func() *http.Client {
				if scheme == "http" {
					return wiretest.H2Client()
				}
				transport := pair.Client().Transport.(*http.Transport).Clone()
				return &http.Client{Transport: transport}
			}
			answers := make(chan string, 3)
			get := func(client *http.Client, path string) {
				res, err := client.Get(scheme + "://" + l.Addr().String() + path)
				if err != nil {
					answers <- err.Error()
					return
				}
				defer res.Body.Close()
				body, _ := io.ReadAll(res.Body)
				answers <- res.Proto + " " + string(body)
			}
			first := connect()
			go get(first, "/one")
			require.Equal(t, "/one", <-g.entered)
			go get(first, "/two")
			require.Equal(t, "/two", <-g.entered, "one connection, two requests")
			g.release <- struct{}{}
			g.release <- struct{}{}
			require.Equal(t, "HTTP/2.0 done", <-answers)
			require.Equal(t, "HTTP/2.0 done", <-answers)
			go get(connect(), "/three")
			require.Equal(t, "/three", <-g.entered, "the idle connection makes room")
			g.release <- struct{}{}
			require.Equal(t, "HTTP/2.0 done", <-answers)
			require.NoError(t, srv.Close())
			require.ErrorIs(t, <-done, http.ErrServerClosed)
		})
	}
}
