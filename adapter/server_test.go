package adapter_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/logadapter"
)

// serve runs srv on loopback until the test ends and returns its address.
func serve(t *testing.T, srv *adapter.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, srv.Close())
		require.ErrorIs(t, <-done, http.ErrServerClosed)
	})
	return l.Addr().String()
}

// shortLived is a client that keeps no connection, so that a server which stops
// has none to wait for.
var shortLived = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// fetch is the body of a GET.
func fetch(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	res, err := client.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(body)
}

// show answers with the values of the keys that its query names.
func show(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	var b strings.Builder
	for key := range strings.SplitSeq(env.Get("QUERY_STRING"), ",") {
		fmt.Fprintf(&b, "%s=%v ", key, env.Value(key))
	}
	_, err := start("200 OK", nil)
	return adapter.Text(b.String()), err
}

func TestNewServer(t *testing.T) {
	logs := new(wiretest.Buffer)
	srv := adapter.NewServer("127.0.0.1:0", show)
	srv.Log, srv.ErrorLog = logs, logs
	srv.Environ = map[string]any{"my.key": "mine", "SERVER_SOFTWARE": "old/1.0"}
	require.Positive(t, srv.HTTP.ReadHeaderTimeout)
	require.Positive(t, srv.HTTP.IdleTimeout)
	addr := serve(t, srv)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	require.Equal(t, "SERVER_NAME=127.0.0.1 SERVER_PORT="+port+" my.key=mine SERVER_SOFTWARE=old/1.0 ",
		fetch(t, http.DefaultClient, "http://"+addr+"/?SERVER_NAME,SERVER_PORT,my.key,SERVER_SOFTWARE"))
	require.Contains(t, logs.Wait(t, "\n"), `"GET /?SERVER_NAME,SERVER_PORT,my.key,SERVER_SOFTWARE HTTP/1.1" 200 `)
}

func TestServerOptionsStar(t *testing.T) {
	srv := adapter.NewServer("", show)
	srv.Log = io.Discard
	addr := serve(t, srv)
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Contains(t, string(got), "HTTP/1.1 200 OK\r\n")
}

// TestWrap gives an http.Server of plain handlers and Handlers what it lacks,
// and leaves what it has.
func TestWrap(t *testing.T) {
	logs := new(wiretest.Buffer)
	mux := http.NewServeMux()
	mux.Handle("/app/", &adapter.Handler{App: show})
	mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) {
		env, ok := environ.FromContext(r.Context())
		if !ok {
			panic("no environ")
		}
		fmt.Fprint(w, env.Get("my.key"), r.Context().Value(baseKey{}))
	})
	mux.Handle("/fail", &adapter.Handler{App: func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
		return nil, errors.New("boom")
	}})
	own := log.New(io.Discard, "", 0)
	srv := adapter.Wrap(&http.Server{
		Handler:     mux,
		ReadTimeout: time.Minute,
		ErrorLog:    own,
		BaseContext: func(net.Listener) context.Context { return context.WithValue(context.Background(), baseKey{}, "kept") },
	})
	srv.Environ = map[string]any{"my.key": "mine"}
	srv.Log, srv.ErrorLog = logs, logs
	addr := serve(t, srv)
	require.Equal(t, "my.key=mine ", fetch(t, http.DefaultClient, "http://"+addr+"/app/?my.key"))
	require.Equal(t, "minekept", fetch(t, http.DefaultClient, "http://"+addr+"/plain"))
	require.Equal(t, "Internal Server Error", fetch(t, http.DefaultClient, "http://"+addr+"/fail"))
	got := logs.Wait(t, `"GET /fail HTTP/1.1" 500 21`)
	require.Contains(t, got, "GET /fail HTTP/1.1: boom\n")
	require.Contains(t, got, `"GET /plain HTTP/1.1" 200 8 `)
	require.Same(t, own, srv.HTTP.ErrorLog)
	require.Equal(t, time.Minute, srv.HTTP.ReadTimeout)
}

type baseKey struct{}

func TestWrapServesTwoListeners(t *testing.T) {
	srv := adapter.NewServer("", show)
	logs := new(wiretest.Buffer)
	srv.Log = logs
	var got []string
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		go func() { _ = srv.Serve(l) }()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		require.Equal(t, "SERVER_PORT="+port+" ", fetch(t, shortLived, "http://"+l.Addr().String()+"/?SERVER_PORT"))
		got = append(got, port)
	}
	require.NotEqual(t, got[0], got[1])
	require.NoError(t, srv.Shutdown(t.Context()))
	require.Equal(t, 2, strings.Count(logs.String(), "\n"), "one line a request")
}

func TestServerOverUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	logs := new(wiretest.Buffer)
	srv := adapter.NewServer("", show)
	srv.Log = logs
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	require.Equal(t, "SERVER_NAME=app.test SERVER_PORT=80 REMOTE_ADDR=<nil> REMOTE_PORT=<nil> ",
		fetch(t, client, "http://app.test/?SERVER_NAME,SERVER_PORT,REMOTE_ADDR,REMOTE_PORT"))
	require.Contains(t, logs.Wait(t, "\n"), "- - - [")
}

func TestServerTLS(t *testing.T) {
	ts := httptest.NewUnstartedServer(nil)
	ts.StartTLS() // for its certificate and its client
	defer ts.Close()
	logs := new(wiretest.Buffer)
	srv := adapter.NewServer("", show)
	srv.HTTP.TLSConfig = &tls.Config{Certificates: ts.TLS.Certificates}
	srv.Log, srv.ErrorLog = io.Discard, logs
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- srv.ServeTLS(l, "", "") }()
	require.Equal(t, "wsgi.url_scheme=https HTTPS=on ", fetch(t, ts.Client(), "https://"+l.Addr().String()+"/?wsgi.url_scheme,HTTPS"))

	// A client that goes away in the handshake is no news; one that speaks
	// no TLS is.
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, c.Close())
	_, err = http.Get("http://" + l.Addr().String())
	require.NoError(t, err)
	require.NotContains(t, logs.Wait(t, "HTTP request to an HTTPS server"), "EOF")
	require.NoError(t, srv.Shutdown(t.Context()))
	require.ErrorIs(t, <-done, http.ErrServerClosed)
}

func TestRun(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		close(entered)
		<-release
		_, err := start("200 OK", nil)
		return adapter.Text("finished"), err
	}
	srv := adapter.NewServer(freeAddr(t), app)
	srv.Log = io.Discard
	ctx, cancel := context.WithCancel(t.Context())
	ran, answered := make(chan error, 1), make(chan string, 1)
	go func() { ran <- srv.Run(ctx) }()
	waitFor(t, srv.HTTP.Addr)
	go func() { answered <- fetch(t, shortLived, "http://"+srv.HTTP.Addr) }()
	<-entered
	cancel()
	close(release)
	require.NoError(t, <-ran)
	require.Equal(t, "finished", <-answered)
}

func TestRunCutsOff(t *testing.T) {
	entered := make(chan struct{})
	app := func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
		close(entered)
		<-env.Context().Done()
		return nil, env.Context().Err()
	}
	srv := adapter.NewServer(freeAddr(t), app)
	srv.Log, srv.ErrorLog = io.Discard, io.Discard
	srv.StopTimeout = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- srv.Run(ctx) }()
	waitFor(t, srv.HTTP.Addr)
	go func() { _, _ = http.Get("http://" + srv.HTTP.Addr) }()
	<-entered
	cancel()
	err := <-ran
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.EqualError(t, err, "adapter: requests still in flight 1ms after the stop were cut off: context deadline exceeded")
}

// TestRunShutDown: a Shutdown by somebody else ends Run, once requests are done.
func TestRunShutDown(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		close(entered)
		<-release
		_, err := start("200 OK", nil)
		return adapter.Text("finished"), err
	}
	srv := adapter.NewServer(freeAddr(t), app)
	srv.Log = io.Discard
	ran, shut, answered := make(chan error, 1), make(chan error, 1), make(chan string, 1)
	go func() { ran <- srv.Run(t.Context()) }()
	waitFor(t, srv.HTTP.Addr)
	go func() { answered <- fetch(t, shortLived, "http://"+srv.HTTP.Addr) }()
	<-entered
	go func() { shut <- srv.Shutdown(context.Background()) }()
	select {
	case err := <-ran:
		t.Fatalf("Run returned %v before the request in flight was done", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	require.NoError(t, <-ran)
	require.NoError(t, <-shut)
	require.Equal(t, "finished", <-answered)
}

func TestRunCannotListen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	srv := adapter.NewServer(l.Addr().String(), show)
	require.ErrorContains(t, srv.Run(t.Context()), "adapter: listen tcp "+l.Addr().String())
	require.ErrorContains(t, srv.ListenAndServe(), "adapter: listen tcp ")
	require.ErrorContains(t, srv.ListenAndServeTLS("", ""), "adapter: listen tcp ")
}

// TestSpawn checks that a connection beyond the limit waits for its turn.
func TestSpawn(t *testing.T) {
	entered, release := make(chan struct{}, 2), make(chan struct{})
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		entered <- struct{}{}
		<-release
		_, err := start("200 OK", adapter.Headers{{"Connection", "close"}})
		return nil, err
	}
	srv := adapter.NewServer("", app)
	srv.Log, srv.Spawn = io.Discard, 1
	addr := serve(t, srv)
	for range 2 {
		go func() { _, _ = http.Get("http://" + addr) }()
	}
	<-entered
	require.Never(t, func() bool { return len(entered) > 0 }, 50*time.Millisecond, 5*time.Millisecond)
	release <- struct{}{}
	<-entered
	release <- struct{}{}
}

// TestServerLogsThroughSlog checks that a logger's stream gets records, not lines.
func TestServerLogsThroughSlog(t *testing.T) {
	var b bytes.Buffer
	srv := adapter.NewServer("", show)
	srv.Log = logadapter.New(slog.New(slog.NewTextHandler(&b, nil)), slog.LevelInfo)
	addr := serve(t, srv)
	fetch(t, shortLived, "http://"+addr+"/")
	require.NoError(t, srv.Shutdown(t.Context()))
	require.Contains(t, b.String(), `level=INFO msg="127.0.0.1 - - [`)
	require.Contains(t, b.String(), `\"GET / HTTP/1.1\" 200 `)
}

// freeAddr is an address nobody listens on.
func freeAddr(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// waitFor returns once addr accepts connections.
func waitFor(t *testing.T, addr string) {
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, wiretest.Patience, time.Millisecond)
}
