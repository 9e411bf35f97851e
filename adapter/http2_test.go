package adapter_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// net/http's HTTP/2 server reads the header map of a 1xx response after WriteHeader
// has returned, if the stream was reset meanwhile. A change of the map then is a
// data race, and mostly the end of the process.
func TestEarlyHintsOfResetStreams(t *testing.T) {
	hints := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := range 200 {
			w.Header().Set("X-Early-"+strconv.Itoa(i), "value")
		}
		w.WriteHeader(http.StatusEarlyHints)
		clear(w.Header())
		fmt.Fprint(w, "body")
	})
	for name, h := range map[string]http.Handler{
		"FromHandler":  &adapter.Handler{App: adapter.FromHandler(hints)},
		"GuardHeaders": middleware.GuardHeaders(hints),
		"AccessLog":    middleware.AccessLog(io.Discard)(hints),
	} {
		t.Run(name, func(t *testing.T) {
			srv := wiretest.Serve(t, h, wiretest.H2C)
			client := wiretest.H2Client()
			defer client.CloseIdleConnections()
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 50 {
						resetOnHint(client, srv.URL("/"))
					}
				})
			}
			all.Wait()
		})
	}
}

// resetOnHint asks for url and resets the stream as soon as an answer begins.
func resetOnHint(client *http.Client, url string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	trace := &httptrace.ClientTrace{
		WroteRequest:   func(httptrace.WroteRequestInfo) { cancel() },
		Got1xxResponse: func(int, textproto.MIMEHeader) error { cancel(); return nil },
	}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodGet, url, nil)
	if err != nil {
		panic(err)
	}
	if res, err := client.Do(r); err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
}

// Upgrade is a field of one HTTP/1.1 connection. Over HTTP/2 it makes a response
// malformed (RFC 9113, 8.2.2), and a client resets the stream.
func TestUpgradeRequiredOverHTTP2(t *testing.T) {
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusUpgradeRequired)
	})
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("426 Upgrade Required", adapter.Headers{{"Upgrade", "websocket"}})
		return nil, err
	}
	for name, h := range map[string]http.Handler{
		"App":          &adapter.Handler{App: app},
		"FromHandler":  &adapter.Handler{App: adapter.FromHandler(bare)},
		"GuardHeaders": middleware.GuardHeaders(bare),
	} {
		t.Run(name, func(t *testing.T) {
			srv := wiretest.Serve(t, h, wiretest.H2C)
			for client, want := range map[*http.Client]string{wiretest.H2Client(): "", http.DefaultClient: "websocket"} {
				res, err := client.Get(srv.URL("/"))
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.Equal(t, http.StatusUpgradeRequired, res.StatusCode)
				require.Equal(t, want, res.Header.Get("Upgrade"), res.Proto)
				client.CloseIdleConnections()
			}
		})
	}
}
