package adapter_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// failingWriter is the ResponseWriter of a middleware that fails by itself: it
// passes on so many bytes and no more.
type failingWriter struct {
	http.ResponseWriter
	left  int
	flush bool // it is Flush that fails
	err   error
}

var errOwn = errors.New("compressing: out of memory")

func (w *failingWriter) Write(p []byte) (int, error) {
	if !w.flush && len(p) > w.left {
		n, _ := w.ResponseWriter.Write(p[:w.left])
		w.left = 0
		return n, w.err
	}
	w.left -= len(p)
	return w.ResponseWriter.Write(p)
}

func (w *failingWriter) FlushError() error {
	if w.flush {
		return w.err
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// unwrappable is one that lets nobody past it.
type unwrappable struct{ *failingWriter }

func (w unwrappable) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// TestWriterFails: an error of a middleware's own is no client that left. It is
// logged, and the response is not ended as if it were whole.
func TestWriterFails(t *testing.T) {
	apps := map[string]adapter.App{
		"a list":   answer("200 OK", plain, adapter.Text("hello, world")),
		"a stream": answer("200 OK", plain, adapter.Stream(seq(nil, "hello, ", "world"))),
		"write()": func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			write, err := start("200 OK", plain)
			if err == nil {
				_, err = io.WriteString(write, "hello, world")
			}
			return nil, err
		},
		"write(), and nobody looks at its error": func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			write, err := start("200 OK", plain)
			_, _ = io.WriteString(write, "hello, world")
			return nil, err
		},
	}
	for name, app := range apps {
		for _, left := range []int{0, 3} {
			for kind, wrap := range map[string]func(w *failingWriter) http.ResponseWriter{
				"that can be unwrapped": func(w *failingWriter) http.ResponseWriter { return unwrappable{w} },
				"that cannot":           func(w *failingWriter) http.ResponseWriter { return w },
			} {
				for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
					t.Run(fmt.Sprint(name, ", a writer ", kind, ", after ", left, ", ", proto), func(t *testing.T) {
						errs := new(wiretest.Buffer)
						h := &adapter.Handler{App: app, ErrorLog: errs}
						srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							h.ServeHTTP(wrap(&failingWriter{w, left, false, errOwn}), r)
						}), wiretest.H2C)
						requireTruncated(t, srv, proto)
						require.Contains(t, errs.Wait(t, "hidden keys"), "adapter: writing the response: compressing: out of memory\n")
						require.Equal(t, 1, strings.Count(errs.String(), "compressing"), errs.String())
						require.Empty(t, srv.Logs.String())
					})
				}
			}
		}
	}
}

// TestFlushFails is TestWriterFails for a writer that holds everything back.
func TestFlushFails(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(proto, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			h := &adapter.Handler{App: answer("200 OK", plain, adapter.Stream(seq(nil, "one", "two"))), ErrorLog: errs}
			srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(unwrappable{&failingWriter{w, 0, true, errOwn}}, r)
			}), wiretest.H2C)
			requireTruncated(t, srv, proto)
			require.Contains(t, errs.Wait(t, "hidden keys"), "adapter: writing the response: compressing: out of memory\n")
		})
	}
}

// TestWriterHasABrokenPipe: an EPIPE looks like a client that left also where it is
// a middleware's own. It may be met in silence, but not taken for the end.
func TestWriterHasABrokenPipe(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(proto, func(t *testing.T) {
			h := &adapter.Handler{App: answer("200 OK", plain, adapter.Stream(seq(nil, "hello, ", "world"))), ErrorLog: new(wiretest.Buffer)}
			srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(unwrappable{&failingWriter{w, 3, false, syscall.EPIPE}}, r)
			}), wiretest.H2C)
			requireTruncated(t, srv, proto)
		})
	}
}

// requireTruncated asks for a response that must not look whole.
func requireTruncated(t *testing.T, srv *wiretest.Server, proto string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	if proto == "HTTP/2" {
		client = wiretest.H2Client()
	}
	defer client.CloseIdleConnections()
	res, err := client.Get(srv.URL("/"))
	if err != nil {
		return
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.Error(t, err, "a whole response: %d %q", res.StatusCode, body)
}

// TestLengthOfAnother: net/http holds a response to a Content-Length that a
// middleware has set. That is an error over HTTP/2 as over HTTP/1.1.
func TestLengthOfAnother(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(proto, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			h := &adapter.Handler{App: answer("200 OK", plain, adapter.Stream(seq(nil, "one", "two", "three"))), ErrorLog: errs}
			srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "4")
				h.ServeHTTP(w, r)
			}), wiretest.H2C)
			requireTruncated(t, srv, proto)
			require.Contains(t, errs.Wait(t, "hidden keys"), "declared Content-Length")
		})
	}
}

// TestWriteDeadline: time that is up is no client that left.
func TestWriteDeadline(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(proto, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			endless := func(yield func([]byte, error) bool) {
				for yield([]byte(strings.Repeat("x", 1<<16)), nil) {
				}
			}
			h := &adapter.Handler{App: answer("200 OK", plain, adapter.Stream(endless)), ErrorLog: errs}
			srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
					panic(err)
				}
				h.ServeHTTP(w, r)
			}), wiretest.H2C)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, "GET", srv.URL("/"), nil)
			require.NoError(t, err)
			client := http.DefaultClient
			if proto == "HTTP/2" {
				client = wiretest.H2Client()
			}
			res, err := client.Do(r) // and nobody reads its body
			if err == nil {
				defer res.Body.Close()
			}
			require.Contains(t, errs.Wait(t, "hidden keys"), "i/o timeout\n")
		})
	}
}

// gzipped is the ResponseWriter of a middleware that compresses.
type gzipped struct {
	http.ResponseWriter
	packed *gzip.Writer
}

func (w gzipped) Write(p []byte) (int, error) { return w.packed.Write(p) }

func (w gzipped) FlushError() error {
	if err := w.packed.Flush(); err != nil {
		return err
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// TestClientGoneBehindAMiddleware: the connection's error is still its own when
// a middleware passes it on, or wraps it.
func TestClientGoneBehindAMiddleware(t *testing.T) {
	for name, wrap := range map[string]func(http.ResponseWriter) http.ResponseWriter{
		"compressing": func(w http.ResponseWriter) http.ResponseWriter { return gzipped{w, gzip.NewWriter(w)} },
		"wrapping":    func(w http.ResponseWriter) http.ResponseWriter { return wordy{w} },
	} {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
			t.Run(name+" "+proto, func(t *testing.T) {
				errs, log := new(wiretest.Buffer), new(wiretest.Buffer)
				left := make(chan struct{})
				app := answer("200 OK", plain, adapter.Stream(func(yield func([]byte, error) bool) {
					for chunk := "xxx"; yield([]byte(chunk), nil); chunk = strings.Repeat("x", 1<<10) {
						<-left
					}
				}))
				h := &adapter.Handler{App: app, ErrorLog: errs, Log: log}
				srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					h.ServeHTTP(wrap(w), r)
				}), wiretest.H2C)
				if proto == "HTTP/2" {
					c := srv.DialH2()
					c.Open(1, true, "GET", "/")
					c.Reset(1, wiretest.H2Cancel)
				} else {
					c := srv.Dial()
					c.Send(get)
					c.Until("\r\n\r\n")
					require.NoError(t, c.SetLinger(0))
					require.NoError(t, c.Close())
				}
				close(left)
				log.Wait(t, "\n")
				require.Empty(t, errs.String())
				require.Empty(t, srv.Logs.String())
			})
		}
	}
}

// wordy says more of an error than it was.
type wordy struct{ http.ResponseWriter }

func (w wordy) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	if err != nil {
		err = fmt.Errorf("writing through: %w", err)
	}
	return n, err
}

func (w wordy) FlushError() error {
	if err := http.NewResponseController(w.ResponseWriter).Flush(); err != nil {
		return fmt.Errorf("flushing through: %w", err)
	}
	return nil
}
