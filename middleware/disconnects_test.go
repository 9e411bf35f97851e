package middleware_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// compressing is the ResponseWriter of a middleware that fails by itself.
type compressing struct{ http.ResponseWriter }

func (compressing) Write([]byte) (int, error) {
	return 0, errors.New("compressing: out of memory")
}

// TestQuietDisconnectsHearsOthers: an error of a middleware's own is no client
// that left, over HTTP/2 neither.
func TestQuietDisconnectsHearsOthers(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(proto, func(t *testing.T) {
			h := middleware.QuietDisconnects(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if _, err := io.WriteString(w, "hello"); err != nil {
					panic(err)
				}
			}))
			srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(compressing{w}, r)
			}), wiretest.H2C)
			client := &http.Client{Transport: &http.Transport{}}
			if proto == "HTTP/2" {
				client = wiretest.H2Client()
			}
			defer client.CloseIdleConnections()
			_, err := client.Get(srv.URL("/"))
			require.Error(t, err)
			srv.Logs.Wait(t, "compressing: out of memory")
		})
	}
}

// flushless is a ResponseWriter that cannot flush.
type flushless struct{ w http.ResponseWriter }

func (f flushless) Header() http.Header         { return f.w.Header() }
func (f flushless) WriteHeader(status int)      { f.w.WriteHeader(status) }
func (f flushless) Write(p []byte) (int, error) { return f.w.Write(p) }

// TestQuietDisconnectsWithoutFlush: that a writer cannot flush is no error of its
// connection, and hides none.
func TestQuietDisconnectsWithoutFlush(t *testing.T) {
	done := make(chan struct{})
	h := middleware.QuietDisconnects(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				panic(err)
			}
		}
	}))
	srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		h.ServeHTTP(flushless{w}, r)
	}))
	c := srv.Dial()
	c.Send(get)
	c.Until("\r\n\r\n")
	require.NoError(t, c.SetLinger(0))
	require.NoError(t, c.Close())
	<-done
	require.NoError(t, srv.HTTP.Close())
	require.Empty(t, srv.Logs.String())
}
