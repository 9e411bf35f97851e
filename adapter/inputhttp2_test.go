package adapter_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

func unwrapped(h http.Handler) http.Handler { return h }

// gunzip is a middleware for net/http that decodes what clients send.
func gunzip(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = &decoder{ReadCloser: r.Body}
		next.ServeHTTP(w, r)
	})
}

type decoder struct {
	io.ReadCloser
	unpacked *gzip.Reader
}

func (d *decoder) Read(p []byte) (n int, err error) {
	if d.unpacked == nil {
		if d.unpacked, err = gzip.NewReader(d.ReadCloser); err != nil {
			return 0, err
		}
	}
	return d.unpacked.Read(p)
}

// impatient is one that gives a client little time to send its body.
func impatient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			panic(err)
		}
		next.ServeHTTP(w, r)
	})
}

// bareEcho is echo for net/http alone.
func bareEcho(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_, _ = w.Write(body)
}

// TestInputFailsOverHTTP2: a body that is no good is answered for as over
// HTTP/1.1, also where HTTP/2 has an error of its own for it.
func TestInputFailsOverHTTP2(t *testing.T) {
	length := func(n string) [2]string { return [2]string{"content-length", n} }
	tests := []struct {
		name string
		wrap func(http.Handler) http.Handler
		app  adapter.App
		send func(c *wiretest.H2)
		want string
		bare string // the answer of bareEcho, where net/http can tell
		log  string // a part of the one line on the error log
	}{
		{"shorter than its Content-Length", nil, echo, func(c *wiretest.H2) {
			c.Open(1, false, "POST", "/", length("10"))
			c.Body(1, true, "hello")
		}, "400 END", "400 END", "request declared a Content-Length of 10 but only wrote 5 bytes"},
		{"shorter, and the App has another error for it", nil, rewording, func(c *wiretest.H2) {
			c.Open(1, false, "POST", "/", length("10"))
			c.Body(1, true, "hello")
		}, "400 END", "400 END", "request declared a Content-Length of 10 but only wrote 5 bytes"},
		{"shorter, and the App has none", nil, forgetful, func(c *wiretest.H2) {
			c.Open(1, false, "POST", "/", length("10"))
			c.Body(1, true, "hello")
		}, "400 END", "400 END", "request declared a Content-Length of 10 but only wrote 5 bytes"},
		{"shorter, met after the first chunk", nil, streaming, func(c *wiretest.H2) {
			c.Open(1, false, "POST", "/", length("10"))
			c.Body(1, true, "hello")
		}, "200 go on\n RESET 2", "", "request declared a Content-Length of 10 but only wrote 5 bytes"},
		{"not what a middleware can decode", gunzip, echo, func(c *wiretest.H2) {
			c.Open(1, false, "POST", "/")
			c.Body(1, true, "hello, this is no gzip")
		}, "400 END", "400 END", "gzip: invalid header"},
		{"cut short within what a middleware decodes", gunzip, echo, func(c *wiretest.H2) {
			c.Open(1, false, "POST", "/")
			c.Body(1, true, "\x1f\x8b\x08\x00\x00")
		}, "400 END", "400 END", "unexpected EOF"},
		{"slower than it may be", impatient, echo, func(c *wiretest.H2) {
			c.Open(1, false, "POST", "/")
			c.Body(1, false, "hello")
		}, "408 END", "", "i/o timeout"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wrap := test.wrap
			if wrap == nil {
				wrap = unwrapped
			}
			errs := new(wiretest.Buffer)
			srv := wiretest.Serve(t, wrap(&adapter.Handler{App: test.app, ErrorLog: errs}), wiretest.H2C)
			c := srv.DialH2()
			test.send(c)
			require.Equal(t, test.want, c.Answer(1))
			require.NoError(t, c.Close())                      // else a stop takes a second
			require.NoError(t, srv.HTTP.Shutdown(t.Context())) // the handler is done
			require.Contains(t, errs.String(), "Invalid request (from 127.0.0.1:")
			require.Contains(t, errs.String(), test.log)
			require.Equal(t, 1, strings.Count(errs.String(), "\n"), errs.String())
			if test.bare == "" {
				return
			}
			c = wiretest.Serve(t, wrap(http.HandlerFunc(bareEcho)), wiretest.H2C).DialH2()
			test.send(c)
			require.Equal(t, test.bare, c.Answer(1), "by a bare handler")
		})
	}
}

// TestInputTooLongOverHTTP2: there net/http resets the stream, and an answer may
// come too late.
func TestInputTooLongOverHTTP2(t *testing.T) {
	errs := new(wiretest.Buffer)
	srv := wiretest.Serve(t, &adapter.Handler{App: echo, ErrorLog: errs}, wiretest.H2C)
	c := srv.DialH2()
	c.Open(1, false, "POST", "/", [2]string{"content-length", "3"})
	c.Body(1, true, "hello")
	require.NotContains(t, c.Answer(1), "200")
	require.Contains(t, errs.Wait(t, "\n"), "sender tried to send more than declared Content-Length of 3 bytes\n")
}

// TestUploadTakenBackOverHTTP2: a client that resets its stream, or whose
// connection is lost, has left.
func TestUploadTakenBackOverHTTP2(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T, c *wiretest.H2){
		"the stream is reset": func(_ *testing.T, c *wiretest.H2) { c.Reset(1, wiretest.H2Cancel) },
		"the connection closes": func(t *testing.T, c *wiretest.H2) {
			require.NoError(t, c.Close())
		},
		"the connection is reset": func(t *testing.T, c *wiretest.H2) {
			require.NoError(t, c.SetLinger(0))
			require.NoError(t, c.Close())
		},
	} {
		for by, wrap := range map[string]func(http.Handler) http.Handler{
			"":                   unwrapped,
			", behind a decoder": gunzip,
		} {
			t.Run(name+by, func(t *testing.T) {
				errs, log := new(wiretest.Buffer), new(wiretest.Buffer)
				entered := make(chan struct{})
				app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
					close(entered)
					return echo(env, start)
				}
				srv := wiretest.Serve(t, wrap(&adapter.Handler{App: app, ErrorLog: errs, Log: log}), wiretest.H2C)
				c := srv.DialH2()
				c.Open(1, false, "POST", "/")
				c.Body(1, false, packed("hello, world")[:20])
				<-entered
				leave(t, c)
				require.Contains(t, log.Wait(t, "\n"), `"POST / HTTP/2.0" 000 - `)
				require.Empty(t, errs.String())
				require.Empty(t, srv.Logs.String())
			})
		}
	}
}

// packed is text as gzip packs it.
func packed(text string) string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// TestUploadOutlastsTheWriteDeadline: it is the server's own limit, and no client
// that left.
func TestUploadOutlastsTheWriteDeadline(t *testing.T) {
	errs := new(wiretest.Buffer)
	h := &adapter.Handler{App: echo, ErrorLog: errs}
	srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			panic(err)
		}
		h.ServeHTTP(w, r)
	}), wiretest.H2C)
	c := srv.DialH2()
	c.Open(1, false, "POST", "/")
	c.Body(1, false, "hello")
	require.Equal(t, "RESET 2", c.Answer(1))
	require.Contains(t, errs.Wait(t, "\n"), "i/o timeout\n")
}
