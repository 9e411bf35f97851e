package middleware_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// TestAccessLogAddresses looks at addresses as a server or a middleware such as
// chi's RealIP leaves them, on the log and in the environ.
func TestAccessLogAddresses(t *testing.T) {
	tests := []struct{ remote, want string }{
		{"192.0.2.7:4711", "192.0.2.7"},
		{"192.0.2.7", "192.0.2.7"},
		{"2001:db8::7", "2001:db8::7"},
		{"::1", "::1"},
		{"[2001:db8::7]:4711", "2001:db8::7"},
		{"[2001:db8::7]", "2001:db8::7"},
		{"fe80::1%eth0", "fe80::1%eth0"},
		{"[fe80::1%eth0]:4711", "fe80::1%eth0"},
		{"client.test:80", "client.test"},
		{"@", "-"},
		{"", "-"},
		{"a\nb", `a\x0ab`},
	}
	for _, test := range tests {
		t.Run(test.remote, func(t *testing.T) {
			outer, inner := new(wiretest.Buffer), new(wiretest.Buffer)
			var addr, record string
			h := &adapter.Handler{Log: inner, App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				addr = env.Get("REMOTE_ADDR")
				_, err := start("200 OK", nil)
				return nil, err
			}, FormatRequest: func(rec adapter.Record) string {
				record = rec.Remote
				return rec.String()
			}}
			logged := middleware.AccessLog(outer)(h)
			wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.RemoteAddr = test.remote
				logged.ServeHTTP(w, r)
			})).Do(get)
			require.Contains(t, outer.Wait(t, "\n"), test.want+" - - [")
			require.Contains(t, inner.Wait(t, "\n"), test.want+" - - [")
			if test.want == "-" || test.remote == "a\nb" {
				return
			}
			require.Equal(t, test.want, addr)
			require.Equal(t, test.want, record)
		})
	}
}

// TestAccessLogOfThoseWhoLeft: a client that was gone got no status, whatever
// handler it is that noticed.
func TestAccessLogOfThoseWhoLeft(t *testing.T) {
	giveUp := func(_ *environ.Environ, _ adapter.StartResponse, err error) (adapter.Body, error) { return nil, err }
	answer := func(_ *environ.Environ, start adapter.StartResponse, _ error) (adapter.Body, error) {
		_, err := start("400 Bad Request", nil)
		return adapter.Text("sorry"), err
	}
	app := func(then func(*environ.Environ, adapter.StartResponse, error) (adapter.Body, error)) func(func()) http.Handler {
		return func(read func()) http.Handler {
			return &adapter.Handler{ErrorLog: io.Discard, App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_, _ = env.Input().ReadN(5)
				read()
				_, err := env.Input().ReadN(-1)
				return then(env, start, err)
			}}
		}
	}
	handlers := map[string]func(read func()) http.Handler{
		"an App that fails":   app(giveUp),
		"an App that answers": app(answer),
		"an App in a middleware": func(read func()) http.Handler {
			return middleware.WSGI(func(app adapter.App) adapter.App { return app })(app(giveUp)(read))
		},
		"a handler in a middleware": func(read func()) http.Handler {
			return middleware.WSGI(func(app adapter.App) adapter.App { return app })(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.ReadFull(r.Body, make([]byte, 5))
				read()
				_, _ = io.ReadAll(r.Body)
			}))
		},
		"a handler that returns": func(read func()) http.Handler {
			return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.ReadFull(r.Body, make([]byte, 5))
				read()
				_, _ = io.ReadAll(r.Body)
			})
		},
	}
	for name, h := range handlers {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
			t.Run(name+" "+proto, func(t *testing.T) {
				log := new(wiretest.Buffer)
				reading := make(chan struct{})
				srv := wiretest.Serve(t, middleware.AccessLog(log)(h(func() { close(reading) })), wiretest.H2C)
				if proto == "HTTP/2.0" {
					c := srv.DialH2()
					c.Open(1, false, "POST", "/")
					c.Body(1, false, "hello")
					<-reading
					c.Reset(1, wiretest.H2Cancel)
				} else {
					c := srv.Dial()
					c.Send("POST / HTTP/1.1\nHost: x\nContent-Length: 100\n\nhello")
					<-reading
					require.NoError(t, c.SetLinger(0))
					require.NoError(t, c.Close())
				}
				require.Contains(t, log.Wait(t, "\n"), `"POST / `+proto+`" 000 - `)
			})
		}
	}
}

// TestAccessLogOfHalfClosed: a client that has closed its sending half gets its
// answer, and the access line says which.
func TestAccessLogOfHalfClosed(t *testing.T) {
	tests := []struct {
		name string
		h    http.HandlerFunc
		want string
		line string
	}{
		{"nothing", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			"HTTP/1.1 200 OK\nContent-Length: 0\n\n", `" 200 - `},
		{"a body", func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			w.Header()["Content-Type"] = nil
			_, _ = io.WriteString(w, "hello")
		}, "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", `" 200 5 `},
		{"a trailer", func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			w.Header().Set("Trailer", "X-Sum")
			w.Header().Set("X-Sum", "1")
		}, "HTTP/1.1 200 OK\nTrailer: X-Sum\nX-Sum: 1\nTransfer-Encoding: chunked\n\n0\nX-Sum: 1\n\n", `" 200 - `},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, wiretest.Serve(t, test.h).Do(get), "without AccessLog")
			log := new(wiretest.Buffer)
			require.Equal(t, test.want, wiretest.Serve(t, middleware.AccessLog(log)(test.h)).Do(get))
			require.Contains(t, log.Wait(t, "\n"), test.line)
		})
	}
}

// TestAccessLogInATimeout: the answer to a handler that gave up is not AccessLog's.
func TestAccessLogInATimeout(t *testing.T) {
	inner, outer := new(wiretest.Buffer), new(wiretest.Buffer)
	r := chi.NewRouter()
	r.Use(middleware.AccessLog(outer), chimiddleware.Timeout(time.Millisecond), middleware.AccessLog(inner))
	r.Get("/", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	require.Contains(t, wiretest.Serve(t, r).Ask("GET / HTTP/1.1\nHost: x\nConnection: close\n\n"), "HTTP/1.1 504 Gateway Timeout\n")
	require.Contains(t, outer.Wait(t, "\n"), `" 504 - `)
}
