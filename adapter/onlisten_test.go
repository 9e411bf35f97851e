package adapter_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// TestServerAddrUnix: http.Server.Addr takes Listen's forms wherever a Server
// listens, OnListen tells of it before anybody is accepted, and the file is gone
// once the server is.
func TestServerAddrUnix(t *testing.T) {
	needsUnix(t)
	own := issue(t, "own", nil)
	f := own.write(t, t.TempDir())
	for _, tt := range []struct {
		name  string
		serve func(ctx context.Context, srv *adapter.Server) error
		want  error
	}{
		{"Run", func(ctx context.Context, srv *adapter.Server) error { return srv.Run(ctx) }, nil},
		{"ListenAndServe", func(_ context.Context, srv *adapter.Server) error { return srv.ListenAndServe() }, http.ErrServerClosed},
		{"ListenAndServeTLS", func(_ context.Context, srv *adapter.Server) error { return srv.ListenAndServeTLS(f.cert, f.key) }, http.ErrServerClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s")
			stale(t, path)
			srv := adapter.NewServer("unix:"+path+"?mode=0600", show)
			srv.Log, srv.ErrorLog = io.Discard, io.Discard
			told, done := make(chan net.Addr, 1), make(chan error, 1)
			srv.OnListen = func(addr net.Addr) { told <- addr }
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() { done <- tt.serve(ctx, srv) }()
			require.Equal(t, &net.UnixAddr{Name: path, Net: "unix"}, <-told)
			client, scheme := overUnix(t, path, nil), "http"
			client.Transport.(*http.Transport).DisableKeepAlives = true // nothing to wait for
			if tt.name == "ListenAndServeTLS" {
				client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: own.pool()}
				scheme = "https"
			}
			require.Equal(t, "wsgi.url_scheme="+scheme+" ", fetch(t, client, scheme+"://app.test/?wsgi.url_scheme"))
			cancel()
			require.NoError(t, srv.Shutdown(t.Context()))
			require.ErrorIs(t, <-done, tt.want)
			require.NoFileExists(t, path)
		})
	}
}

// TestServerAddrRefused: nothing is announced, and the error is Listen's.
func TestServerAddrRefused(t *testing.T) {
	srv := adapter.NewServer("fd:3", show)
	srv.OnListen = func(net.Addr) { t.Error("there is no listener") }
	const want = `adapter: the address "fd:3": a descriptor is written as in fd://3`
	require.EqualError(t, srv.Run(t.Context()), want)
	require.EqualError(t, srv.ListenAndServe(), want)
	require.EqualError(t, srv.ListenAndServeTLS("c", "k"), want)
}

// TestOnListen is told of each of several listeners, one at a time and before it
// accepts.
func TestOnListen(t *testing.T) {
	srv := quiet(greet)
	var told []string // without a lock: the race detector would see calls that overlap
	var all sync.WaitGroup
	all.Add(3)
	accepting := make(chan string, 3)
	srv.OnListen = func(addr net.Addr) {
		told = append(told, addr.String())
		select {
		case early := <-accepting:
			if early == addr.String() {
				t.Error("it accepts already")
			}
			accepting <- early
		default:
		}
		all.Done()
	}
	var listeners []net.Listener
	var want []string
	for range 3 {
		l := listen(t, "127.0.0.1:0")
		listeners, want = append(listeners, &reporting{Listener: l, accepting: accepting}), append(want, l.Addr().String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx, listeners...) }()
	all.Wait()
	for _, addr := range want {
		require.Equal(t, "hello", fetch(t, shortLived, "http://"+addr))
	}
	cancel()
	require.NoError(t, <-done)
	require.ElementsMatch(t, want, told)
}

// reporting tells when it begins to accept.
type reporting struct {
	net.Listener
	once      sync.Once
	accepting chan string
}

func (l *reporting) Accept() (net.Conn, error) {
	l.once.Do(func() { l.accepting <- l.Addr().String() })
	return l.Listener.Accept()
}

// TestRunOnSeveralKinds serves TCP, a Unix socket and an abstract name at once;
// when one of them fails, the others end too, and the socket file is gone.
func TestRunOnSeveralKinds(t *testing.T) {
	needsUnix(t)
	path := filepath.Join(t.TempDir(), "s")
	srv := quiet(greet)
	tcp, unix := listen(t, "127.0.0.1:0"), listen(t, "unix:"+path)
	broken := &brokenListener{Listener: newMemory(), fail: make(chan struct{})}
	done := make(chan error, 1)
	go func() { done <- srv.Run(t.Context(), tcp, unix, broken) }()
	require.Equal(t, "hello", fetch(t, shortLived, "http://"+tcp.Addr().String()))
	require.Equal(t, "hello", fetch(t, overUnix(t, path, nil), "http://app.test"))
	close(broken.fail)
	require.EqualError(t, <-done, "adapter: serving on memory: the network is down")
	for _, l := range []net.Listener{tcp, unix} {
		_, err := l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
	}
	require.NoFileExists(t, path)
}

// TestServeFails: the Serve of another listener goes on.
func TestServeFails(t *testing.T) {
	srv := quiet(greet)
	good := serve(t, srv)
	broken := &brokenListener{Listener: newMemory(), fail: make(chan struct{})}
	close(broken.fail)
	require.True(t, errors.Is(srv.Serve(broken), errDown))
	require.Equal(t, "hello", fetch(t, http.DefaultClient, "http://"+good))
}

// TestEnvironOverListeners: a peer on a Unix socket has no address, and the
// server is known by the host that was asked for; PEP 3333 lets neither name nor
// port be empty.
func TestEnvironOverListeners(t *testing.T) {
	needsUnix(t)
	const query = "/?SERVER_NAME,SERVER_PORT,REMOTE_ADDR,REMOTE_PORT,SERVER_PROTOCOL"
	for proto, http2 := range bothProtocols {
		t.Run(proto, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s")
			logs := new(wiretest.Buffer)
			srv := adapter.NewServer("", show)
			srv.Log, srv.ErrorLog = logs, logs
			wiretest.H2C(srv.HTTP)
			l := listen(t, "unix:"+path)
			go func() { _ = srv.Serve(l) }()
			defer srv.Close()
			protocols := new(http.Protocols)
			protocols.SetUnencryptedHTTP2(http2)
			protocols.SetHTTP1(!http2)
			client := overUnix(t, path, protocols)
			require.Equal(t, "SERVER_NAME=app.test SERVER_PORT=8080 REMOTE_ADDR=<nil> REMOTE_PORT=<nil> SERVER_PROTOCOL="+proto+" ",
				fetch(t, client, "http://app.test:8080"+query))
			require.Regexp(t, `^- - - \[[^]]+\] "GET \S+ `+proto+`" 200 \d+ [0-9.]+\n$`, logs.Wait(t, "\n"))
		})
	}
}

// TestH2C: http.Protocols switches HTTP/2 without TLS on, beside HTTP/1, for raw
// bytes too.
func TestH2C(t *testing.T) {
	logs := new(wiretest.Buffer)
	srv := adapter.NewServer("", show)
	srv.Log, srv.ErrorLog = logs, logs
	wiretest.H2C(srv.HTTP)
	wire := wiretest.Client(t, serve(t, srv))
	c := wire.DialH2()
	c.Open(1, true, "GET", "/?SERVER_PROTOCOL,wsgi.url_scheme,HTTPS,HTTP_HOST,REQUEST_METHOD,REMOTE_ADDR")
	require.Equal(t, "200 SERVER_PROTOCOL=HTTP/2.0 wsgi.url_scheme=http HTTPS=<nil> HTTP_HOST=x REQUEST_METHOD=GET REMOTE_ADDR=127.0.0.1  END", c.Answer(1))
	require.Contains(t, logs.Wait(t, "\n"), ` HTTP/2.0" 200 `)
	require.Contains(t, wire.Ask("GET /?SERVER_PROTOCOL HTTP/1.1\nHost: x\nConnection: close\n\n"), "SERVER_PROTOCOL=HTTP/1.1 ")
}
