package adapter_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// TestStopSeveralListeners: requests in flight on each of them are answered, and
// then none is listened on any more.
func TestStopSeveralListeners(t *testing.T) {
	needsUnix(t)
	own := issue(t, "own", nil)
	pair := own.write(t, t.TempDir())
	path := filepath.Join(t.TempDir(), "s")
	g := newGated()
	srv := quiet(g)
	tcp, unix, secure := listen(t, "127.0.0.1:0"), listen(t, "unix:"+path), listen(t, "127.0.0.1:0")
	served := make(chan error, 3)
	go func() { served <- srv.Serve(tcp) }()
	go func() { served <- srv.Serve(unix) }()
	go func() { served <- srv.ServeTLS(secure, pair.cert, pair.key) }()
	overTLS := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: own.pool()},
	}}
	answered := make(chan string, 3)
	for url, client := range map[string]*http.Client{
		"http://" + tcp.Addr().String():     shortLived,
		"http://app.test":                   overUnix(t, path, nil),
		"https://" + secure.Addr().String(): overTLS,
	} {
		go func() { answered <- fetch(t, client, url) }()
		<-g.entered
	}
	stopped := make(chan error, 1)
	go func() { stopped <- srv.Shutdown(context.Background()) }()
	for range 3 {
		require.ErrorIs(t, <-served, http.ErrServerClosed, "the listeners are closed before the requests are done")
	}
	require.NoFileExists(t, path)
	close(g.release)
	for range 3 {
		require.Equal(t, "done", <-answered)
	}
	require.NoError(t, <-stopped)
}

// TestShutdownsAtOnce: each of several calls waits for the requests in flight, for
// as long as its own context allows.
func TestShutdownsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated()
		srv, m := quiet(g), newMemory()
		ran := make(chan error, 1)
		go func() { ran <- srv.Run(t.Context(), m) }()
		c := m.dial(t)
		c.ask("/")
		<-g.entered
		patient := make(chan error, 10)
		for range cap(patient) {
			go func() { patient <- srv.Shutdown(context.Background()) }()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		require.ErrorIs(t, srv.Shutdown(ctx), context.DeadlineExceeded)
		require.Empty(t, patient)
		require.Empty(t, ran)
		close(g.release)
		require.True(t, c.answered())
		for range cap(patient) {
			require.NoError(t, <-patient)
		}
		require.NoError(t, <-ran)
	})
}

// TestRegisterOnShutdownOnce: functions that were registered with the http.Server
// are called once, also where several stop the Server, or their time is over. They
// may close a channel.
func TestRegisterOnShutdownOnce(t *testing.T) {
	for name, stop := range map[string]func(t *testing.T, srv *adapter.Server, cancel func()){
		"Run": func(_ *testing.T, _ *adapter.Server, cancel func()) { cancel() },
		"Shutdown": func(t *testing.T, srv *adapter.Server, _ func()) {
			require.ErrorIs(t, srv.Shutdown(t.Context()), context.DeadlineExceeded)
		},
		"Shutdown without time": func(t *testing.T, srv *adapter.Server, _ func()) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.ErrorIs(t, srv.Shutdown(ctx), context.DeadlineExceeded)
		},
		"all at once": func(t *testing.T, srv *adapter.Server, cancel func()) {
			cancel()
			for range 3 {
				go func() { _ = srv.Shutdown(context.Background()) }()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int32
				entered := make(chan struct{})
				srv, m := quiet(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					close(entered)
					<-r.Context().Done()
				})), newMemory()
				srv.HTTP.RegisterOnShutdown(func() { calls.Add(1) })
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ran := make(chan error, 1)
				go func() { ran <- srv.Run(ctx, m) }()
				m.dial(t).ask("/")
				<-entered
				stop(t, srv, cancel)
				<-ran
				synctest.Wait()
				require.Equal(t, int32(1), calls.Load())
			})
		})
	}
}

// farewell is an App that switches protocols, and says good-bye when the Server
// stops.
func farewell(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	write, err := start("101 Switching Protocols", upgrade)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(write, "hello\n"); err != nil {
		return nil, err
	}
	<-adapter.Stopping(env.Context())
	return adapter.Text("bye ", fmt.Sprint(env.Context().Err()), "\n"), nil
}

// TestStopUpgradedApps: one that ends when it is told is waited for. One that does
// not has its connection closed when StopTimeout is over.
func TestStopUpgradedApps(t *testing.T) {
	const ask = "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
	start := func(t *testing.T, app adapter.App) (*adapter.Server, *bufio.Reader) {
		srv, m := quiet(&adapter.Handler{App: app, ErrorLog: io.Discard}), newMemory()
		go func() { _ = srv.Serve(m) }()
		here, there := net.Pipe()
		t.Cleanup(func() { _ = here.Close() })
		m.dialed <- there
		_, err := io.WriteString(here, ask)
		require.NoError(t, err)
		in := bufio.NewReader(here)
		res, err := http.ReadResponse(in, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusSwitchingProtocols, res.StatusCode)
		require.Equal(t, []string{"Upgrade"}, res.Header["Connection"])
		return srv, in
	}
	t.Run("it ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			srv, in := start(t, farewell)
			line, err := in.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "hello\n", line)
			stopped := make(chan error, 1)
			go func() { stopped <- srv.Shutdown(context.Background()) }()
			time.Sleep(time.Second)
			require.Empty(t, stopped, "its client has not read the end yet")
			rest, err := io.ReadAll(in)
			require.NoError(t, err)
			require.Equal(t, "bye <nil>\n", string(rest))
			require.NoError(t, <-stopped)
		})
	})
	t.Run("it does not", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ended := make(chan time.Time, 1)
			srv, in := start(t, func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				if _, err := start("101 Switching Protocols", upgrade); err != nil {
					return nil, err
				}
				_, err := env.Input().ReadN(1)
				ended <- time.Now()
				return nil, err
			})
			srv.StopTimeout = time.Minute // not too late: the stop has not begun
			began := time.Now()
			require.ErrorIs(t, srv.Shutdown(t.Context()), context.DeadlineExceeded)
			require.Equal(t, time.Minute, (<-ended).Sub(began))
			rest, err := io.ReadAll(in)
			require.NoError(t, err)
			require.Empty(t, rest)
		})
	})
}

// TestStopTLS: over TLS as without, requests on idle and on new connections are
// answered, and a client that does not get on with its handshake has five seconds.
func TestStopTLS(t *testing.T) {
	own := issue(t, "own", nil)
	pair, err := tls.X509KeyPair(own.cert, own.key)
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		srv, m := quiet(greet), newMemory()
		srv.HTTP.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
		go func() { _ = srv.ServeTLS(m, "", "") }()
		dial := func() *client {
			here, there := net.Pipe()
			t.Cleanup(func() { _ = here.Close() })
			m.dialed <- there
			return newClient(tls.Client(here, &tls.Config{
				RootCAs: own.pool(), ServerName: "app.test",
				Time: func() time.Time { return time.Now().AddDate(30, 0, 0) }, // in a bubble it is the year 2000
			}))
		}
		idle, fresh, silent := dial(), dial(), m.dial(t)
		idle.ask("/")
		require.True(t, idle.answered())
		require.False(t, (<-idle.answers).Close)
		synctest.Wait()
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
	})
}

// TestStopIdleHTTP2: an idle connection of HTTP/2 is told to end and does, long
// before StopTimeout. On a busy one, what was in flight is answered.
func TestStopIdleHTTP2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated()
		mux := http.NewServeMux()
		mux.Handle("/held", g)
		mux.Handle("/", greet)
		srv, m := quiet(mux), newMemory()
		wiretest.H2C(srv.HTTP)
		srv.StopTimeout = time.Hour
		go func() { _ = srv.Serve(m) }()
		connect := func() *http.ClientConn {
			transport := wiretest.H2Client().Transport.(*http.Transport)
			transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
				here, there := net.Pipe()
				m.dialed <- there
				return here, nil
			}
			c, err := transport.NewClientConn(t.Context(), "http", "x:80")
			require.NoError(t, err)
			return c
		}
		get := func(c *http.ClientConn, path string) string {
			req, err := http.NewRequestWithContext(t.Context(), "GET", "http://x"+path, nil)
			require.NoError(t, err)
			res, err := c.RoundTrip(req)
			if err != nil {
				return err.Error()
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			return string(body)
		}
		idle, unused, busy := connect(), connect(), connect()
		require.Equal(t, "hello", get(idle, "/"))
		answers := make(chan string, 1)
		go func() { answers <- get(busy, "/held") }()
		<-g.entered
		stopped := make(chan error, 1)
		go func() { stopped <- srv.Shutdown(context.Background()) }()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Error(t, idle.Err(), "it is closed")
		require.Error(t, unused.Err(), "it is closed")
		require.NoError(t, busy.Err())
		require.Zero(t, busy.Available(), "GOAWAY has come")
		require.Empty(t, answers)
		require.Empty(t, stopped)
		close(g.release)
		require.Equal(t, "done", <-answers)
		require.NoError(t, <-stopped)
		for _, c := range []*http.ClientConn{idle, unused, busy} {
			_ = c.Close()
		}
	})
}

// TestStopHijackedAndReturned: a connection that goes on after its handler has
// returned is waited for, over TLS too, and closed when StopTimeout is over.
func TestStopHijackedAndReturned(t *testing.T) {
	own := issue(t, "own", nil)
	pair, err := tls.X509KeyPair(own.cert, own.key)
	require.NoError(t, err)
	for _, scheme := range []string{"http", "https"} {
		start := func(t *testing.T, after func(ctx context.Context, c net.Conn)) (*adapter.Server, *bufio.Reader) {
			returned := make(chan struct{})
			srv := quiet(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(returned)
				c, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					panic(err)
				}
				go after(r.Context(), c)
			}))
			l := listen(t, "127.0.0.1:0")
			var c net.Conn
			if scheme == "https" {
				srv.HTTP.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
				go func() { _ = srv.ServeTLS(l, "", "") }()
				c, err = tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: own.pool()})
			} else {
				go func() { _ = srv.Serve(l) }()
				c, err = net.Dial("tcp", l.Addr().String())
			}
			require.NoError(t, err)
			t.Cleanup(func() { _ = c.Close() })
			_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			require.NoError(t, err)
			<-returned
			return srv, bufio.NewReader(c)
		}
		t.Run(scheme+", it ends", func(t *testing.T) {
			told, release := make(chan struct{}), make(chan struct{})
			srv, in := start(t, func(ctx context.Context, c net.Conn) {
				<-adapter.Stopping(ctx)
				close(told)
				<-release
				_, _ = io.WriteString(c, "bye")
				_ = c.Close()
			})
			stopped := make(chan error, 1)
			go func() { stopped <- srv.Shutdown(context.Background()) }()
			<-told
			require.Never(t, func() bool { return len(stopped) > 0 }, 100*time.Millisecond, 10*time.Millisecond)
			close(release)
			rest, err := io.ReadAll(in)
			require.NoError(t, err)
			require.Equal(t, "bye", string(rest))
			require.NoError(t, <-stopped)
		})
		t.Run(scheme+", it does not", func(t *testing.T) {
			ended := make(chan error, 1)
			srv, in := start(t, func(_ context.Context, c net.Conn) {
				_, err := io.Copy(io.Discard, c)
				ended <- err
			})
			srv.StopTimeout = 50 * time.Millisecond
			require.ErrorIs(t, srv.Shutdown(t.Context()), context.DeadlineExceeded)
			require.ErrorIs(t, <-ended, net.ErrClosed)
			rest, _ := io.ReadAll(in)
			require.Empty(t, rest)
		})
	}
}
