package adapter_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// hidden is a request of 64 bytes, so that a server that begins to read in the
// middle of many finds a whole one at every multiple of 64.
var hidden = fmt.Sprintf("GET /hidden HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", 64-38))

// hiding lists bodies that hide a request behind what a server is to read of
// them, or in what it leaves unread.
var hiding = map[string]string{
	"more than is drained":            "Content-Length: 524288\r\n\r\n" + strings.Repeat(hidden, 8192),
	"more than is drained, in chunks": "Transfer-Encoding: chunked\r\n\r\n80000\r\n" + strings.Repeat(hidden, 8192) + "\r\n0\r\n\r\n",
	"a bad chunk":                     "Transfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\nxyz\r\n" + hidden,
	"a chunk without its end":         "Transfer-Encoding: chunked\r\n\r\n4\r\ntrue  " + hidden,
	"a bad trailer":                   "Transfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n0\r\nno colon\r\n" + hidden,
	"a bad trailer at once":           "Transfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n" + hidden,
	"too long a trailer":              "Transfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n0\r\n" + strings.Replace(hidden, "X: ", "X: "+strings.Repeat("x", 8192), 1),
}

// replacing lists what middleware puts in the place of a request's body.
var replacing = map[string]func(http.ResponseWriter, *http.Request) *http.Request{
	"nothing": func(_ http.ResponseWriter, r *http.Request) *http.Request { return r },
	"MaxBytesReader": func(w http.ResponseWriter, r *http.Request) *http.Request {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<30)
		return r
	},
	"MaxBytesReader in a copy": func(w http.ResponseWriter, r *http.Request) *http.Request {
		r = r.Clone(r.Context())
		r.Body = http.MaxBytesReader(w, r.Body, 1<<30)
		return r
	},
	"a limit that is quiet": func(_ http.ResponseWriter, r *http.Request) *http.Request {
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(r.Body, 4), r.Body}
		return r
	},
	"a decoder that closes nothing": func(_ http.ResponseWriter, r *http.Request) *http.Request {
		r.Body, r.ContentLength = io.NopCloser(bufio.NewReader(r.Body)), -1
		return r
	},
	"a reader that is deaf to errors": func(_ http.ResponseWriter, r *http.Request) *http.Request {
		r.Body = io.NopCloser(deaf{r.Body})
		return r
	},
	"another body": func(_ http.ResponseWriter, r *http.Request) *http.Request {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader("true")), 4
		return r
	},
}

type deaf struct{ io.Reader }

func (d deaf) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// long is an answer that neither net/http nor FromHandler holds back.
var long = strings.Repeat("y", 8<<10)

// answering lists ways of an http.Handler to answer and to treat its request.
var answering = map[string]http.HandlerFunc{
	"unread": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, long) },
	"flushed": func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		fmt.Fprint(w, "y")
	},
	"decoded": func(w http.ResponseWriter, r *http.Request) {
		var v any
		_ = json.NewDecoder(r.Body).Decode(&v)
		fmt.Fprint(w, long)
	},
	"read": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, long)
	},
	"read after": func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = io.ReadAll(r.Body)
	},
	"full duplex, unread": func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		fmt.Fprint(w, long)
	},
	"full duplex, decoded": func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		var v any
		_ = json.NewDecoder(r.Body).Decode(&v)
		fmt.Fprint(w, long)
	},
	"full duplex, read after": func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.(http.Flusher).Flush()
		_, _ = io.ReadAll(r.Body)
	},
	"full duplex, short": func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		fmt.Fprint(w, "y")
	},
}

// inChunks is an App that streams: do reads its input and sends chunks.
func inChunks(do func(env *environ.Environ, chunk func())) adapter.App {
	return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		if _, err := start("200 OK", plain); err != nil {
			return nil, err
		}
		return adapter.Stream(func(yield func([]byte, error) bool) {
			do(env, func() { yield([]byte("y"), nil) })
		}), nil
	}
}

// apps lists ways of an App to answer and to treat its input.
var apps = map[string]adapter.App{
	"unread": inChunks(func(_ *environ.Environ, chunk func()) { chunk() }),
	"read": inChunks(func(env *environ.Environ, chunk func()) {
		_, _ = env.Input().ReadN(-1)
		chunk()
	}),
	"read in part": inChunks(func(env *environ.Environ, chunk func()) {
		_, _ = env.Input().ReadN(3)
		chunk()
	}),
	"read after": inChunks(func(env *environ.Environ, chunk func()) {
		chunk()
		_, _ = env.Input().ReadN(-1)
	}),
	"read past wsgi.input": inChunks(func(env *environ.Environ, chunk func()) {
		_, _ = io.ReadAll(env.Request().Body)
		chunk()
	}),
	"a list":     answer("200 OK", plain, adapter.Text("y")),
	"fails":      func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return nil, io.ErrNoProgress },
	"fails late": answer("200 OK", plain, adapter.Stream(seq(io.ErrNoProgress, "y"))),
}

// TestSmuggling asks for nothing but that a request hidden in the body of another
// is never served (RFC 9112, 11.2).
func TestSmuggling(t *testing.T) {
	same := func(app adapter.App) adapter.App { return app }
	handlers := make(map[string]http.Handler)
	for name, app := range apps {
		handlers["App, "+name] = &adapter.Handler{App: app, ErrorLog: io.Discard}
	}
	for name, h := range answering {
		handlers["FromHandler, "+name] = middleware.WSGI(same)(h)
	}
	for name, h := range handlers {
		for by, replace := range replacing {
			for what, body := range hiding {
				if by == "a reader that is deaf to errors" && strings.Contains(what, "trailer") {
					// net/http takes a body that a bad trailer has closed for
					// one that was read, where its own is not in its place,
					// and nobody else hears of the error.
					continue
				}
				t.Run(name+"/"+by+"/"+what, func(t *testing.T) {
					var served atomic.Int32
					srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/hidden" {
							served.Add(1)
							return
						}
						h.ServeHTTP(w, replace(w, r))
					}))
					c := srv.Dial()
					go func() {
						_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\n"+body)
						_ = c.CloseWrite()
					}()
					require.Contains(t, c.All(), "HTTP/1.1 ")
					require.Zero(t, served.Load(), "requests that were hidden in the body")
				})
			}
		}
	}
}
