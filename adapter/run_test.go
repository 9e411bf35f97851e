package adapter_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
)

// TestRunStoppedEarly: also where ctx ends before Run has begun to serve, its
// address is free again once it returns.
func TestRunStoppedEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 {
		srv := quiet(greet)
		srv.HTTP.Addr = freeAddr(t)
		require.NoError(t, srv.Run(ctx))
		l, err := net.Listen("tcp", srv.HTTP.Addr)
		require.NoError(t, err, "Run left its listener open")
		require.NoError(t, l.Close())
	}
}

// TestRunOnListeners serves on all that it is given, and closes them.
func TestRunOnListeners(t *testing.T) {
	srv := quiet(greet)
	srv.HTTP.Addr = "256.0.0.0:none" // not asked for
	var listeners []net.Listener
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		listeners = append(listeners, l)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- srv.Run(ctx, listeners...) }()
	for _, l := range listeners {
		require.Equal(t, "hello", fetch(t, shortLived, "http://"+l.Addr().String()))
	}
	cancel()
	require.NoError(t, <-ran)
	for _, l := range listeners {
		_, err := l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
	}
}

// TestRunOnListenersByTLS: certificates in TLSConfig decide, as they do for an
// address.
func TestRunOnListenersByTLS(t *testing.T) {
	pair := httptest.NewUnstartedServer(nil)
	pair.StartTLS() // for its certificate and its client
	defer pair.Close()
	srv := quiet(greet)
	srv.HTTP.TLSConfig = &tls.Config{Certificates: pair.TLS.Certificates}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- srv.Run(ctx, l) }()
	require.Equal(t, "hello", fetch(t, pair.Client(), "https://"+l.Addr().String()))
	cancel()
	require.NoError(t, <-ran)
}

// TestRunListenerFails: then the others are closed too, once their requests are
// done, and the error says which one it was.
func TestRunListenerFails(t *testing.T) {
	g := newGated()
	srv := quiet(g)
	good, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	broken := &brokenListener{Listener: newMemory(), fail: make(chan struct{})}
	ran, answered := make(chan error, 1), make(chan string, 1)
	go func() { ran <- srv.Run(t.Context(), good, broken) }()
	go func() { answered <- fetch(t, shortLived, "http://"+good.Addr().String()) }()
	<-g.entered
	close(broken.fail)
	close(g.release)
	err = <-ran
	require.EqualError(t, err, "adapter: serving on memory: the network is down")
	require.ErrorIs(t, err, errDown)
	require.Equal(t, "done", <-answered)
	_, err = good.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}

var errDown = errors.New("the network is down")

type brokenListener struct {
	net.Listener
	fail chan struct{}
}

func (l *brokenListener) Accept() (net.Conn, error) {
	<-l.fail
	return nil, errDown
}

// TestRunCannotServeTLS: net/http refuses this configuration before it has taken
// the listener over.
func TestRunCannotServeTLS(t *testing.T) {
	pair := httptest.NewUnstartedServer(nil)
	pair.StartTLS()
	defer pair.Close()
	srv := quiet(greet)
	srv.HTTP.TLSConfig = &tls.Config{
		Certificates: pair.TLS.Certificates,
		CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256},
		MaxVersion:   tls.VersionTLS12,
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.ErrorContains(t, srv.Run(t.Context(), l), "adapter: serving on "+l.Addr().String()+": ")
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}

// TestRunBesideServe: net/http gives a server a TLSConfig when it begins to
// serve, while Run looks whether there is one. The race detector sees it.
func TestRunBesideServe(t *testing.T) {
	for range 20 {
		srv := quiet(greet)
		srv.HTTP.Addr = "127.0.0.1:0"
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() { _ = srv.Serve(l) })
		group.Go(func() { _ = srv.Run(ctx) })
		require.Equal(t, "hello", fetch(t, shortLived, "http://"+l.Addr().String()))
		cancel()
		group.Wait()
	}
}

var _ server = (*adapter.Server)(nil)
