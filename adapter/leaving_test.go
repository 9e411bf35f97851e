package adapter_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// departures are the ways in which a client leaves before it has an answer. Each
// sends a request and calls leave when it may go.
var departures = map[string]func(t *testing.T, srv *wiretest.Server, leave func()){
	"HTTP/1.1, closed": func(t *testing.T, srv *wiretest.Server, leave func()) {
		c := srv.Dial()
		c.Send(get)
		leave()
		require.NoError(t, c.Close())
	},
	"HTTP/1.1, reset": func(t *testing.T, srv *wiretest.Server, leave func()) {
		c := srv.Dial()
		c.Send(get)
		leave()
		require.NoError(t, c.SetLinger(0))
		require.NoError(t, c.Close())
	},
	"HTTP/2, the stream reset": func(_ *testing.T, srv *wiretest.Server, leave func()) {
		c := srv.DialH2()
		c.Open(1, true, "GET", "/")
		leave()
		c.Reset(1, wiretest.H2Cancel)
	},
	"HTTP/2, closed": func(t *testing.T, srv *wiretest.Server, leave func()) {
		c := srv.DialH2()
		c.Open(1, true, "GET", "/")
		leave()
		require.NoError(t, c.Close())
	},
}

// honouring are Apps that give up when their request's context ends, each in a
// way of its own.
func honouring(entered chan<- struct{}) map[string]adapter.App {
	wait := func(env *environ.Environ) error {
		close(entered)
		<-env.Context().Done()
		return env.Context().Err()
	}
	return map[string]adapter.App{
		"returned": func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
			return nil, wait(env)
		},
		"wrapped": func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
			return nil, fmt.Errorf("reading the rows: %w", wait(env))
		},
		"as the cause": func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
			_ = wait(env)
			return nil, context.Cause(env.Context())
		},
		"panicked": func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
			panic(wait(env))
		},
		"after start": func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, _ = start("200 OK", plain)
			return nil, wait(env)
		},
		"by the Body": func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("200 OK", plain)
			return adapter.Stream(func(yield func([]byte, error) bool) { yield(nil, wait(env)) }), err
		},
		"and by its Close": func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("200 OK", plain)
			body := func(yield func([]byte, error) bool) { yield(nil, wait(env)) }
			return closing{body, new(atomic.Int32), env.Context().Err}, err
		},
		"by a handler inside": func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			return adapter.FromHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(wait(env)) }))(env, start)
		},
	}
}

// TestClientLeaves: an App that is told by its context that the client left, and
// says so, has not failed. Nothing is logged, and no status was sent.
func TestClientLeaves(t *testing.T) {
	for name := range honouring(nil) {
		for how, depart := range departures {
			t.Run(name+", "+how, func(t *testing.T) {
				errs, log := new(wiretest.Buffer), new(wiretest.Buffer)
				entered := make(chan struct{})
				srv := wiretest.Serve(t, &adapter.Handler{App: honouring(entered)[name], ErrorLog: errs, Log: log}, wiretest.H2C)
				depart(t, srv, func() { <-entered })
				require.Regexp(t, `"GET / HTTP/(1.1|2.0)" 000 - `, log.Wait(t, "\n"))
				require.Empty(t, errs.String())
				require.Empty(t, srv.Logs.String())
			})
		}
	}
}

// TestServerLogsThoseWhoLeft looks at the access lines of the server around.
func TestServerLogsThoseWhoLeft(t *testing.T) {
	for how, depart := range departures {
		t.Run(how, func(t *testing.T) {
			errs, log := new(wiretest.Buffer), new(wiretest.Buffer)
			entered := make(chan struct{})
			srv := adapter.NewServer("", honouring(entered)["returned"])
			srv.Log, srv.ErrorLog = log, errs
			wiretest.H2C(srv.HTTP)
			addr := serve(t, srv)
			depart(t, wiretest.Client(t, addr), func() { <-entered })
			require.Regexp(t, `"GET / HTTP/(1.1|2.0)" 000 - `, log.Wait(t, "\n"))
			require.Empty(t, errs.String())
		})
	}
}

// TestClientLeavesWithAnswerUnderWay: then the head was sent, and the access
// line says which, as pywsgi's does.
func TestClientLeavesWithAnswerUnderWay(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			errs, log := new(wiretest.Buffer), new(wiretest.Buffer)
			app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_, err := start("200 OK", plain)
				return adapter.Stream(func(yield func([]byte, error) bool) {
					if yield([]byte("xxx"), nil) {
						<-env.Context().Done()
						yield(nil, env.Context().Err())
					}
				}), err
			}
			srv := wiretest.Serve(t, &adapter.Handler{App: app, ErrorLog: errs, Log: log}, wiretest.H2C)
			leave(t, srv, strings.TrimSuffix(proto, ".0"))
			require.Contains(t, log.Wait(t, "\n"), `"GET / `+proto+`" 200 3 `)
			require.Empty(t, errs.String())
			require.Empty(t, srv.Logs.String())
		})
	}
}

// TestStayed: errors of contexts that tell nothing of the client are errors like
// any other.
func TestStayed(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	expired, cancel := context.WithTimeout(context.Background(), -1)
	defer cancel()
	leaving := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithCancel(r.Context())
			cancel()
			h.ServeHTTP(w, r.WithContext(ctx))
		})
	}
	tests := []struct {
		name string
		wrap func(http.Handler) http.Handler
		err  error
		log  string
	}{
		{"another context was cancelled", unwrapped, ended.Err(), "context canceled"},
		{"another context's time was up", unwrapped, expired.Err(), "context deadline exceeded"},
		{"another context's time was up, and the client left", leaving, expired.Err(), "context deadline exceeded"},
		{"another error, and the client left", leaving, errors.New("boom"), "boom"},
		{"an own EPIPE, and the client left", leaving, &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}, "write tcp: broken pipe"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs, log := new(wiretest.Buffer), new(wiretest.Buffer)
			h := &adapter.Handler{ErrorLog: errs, Log: log, App: func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return nil, test.err }}
			require.Equal(t, internalError, wiretest.Serve(t, test.wrap(h)).Ask(get))
			require.Contains(t, log.Wait(t, "\n"), `" 500 21 `)
			require.Contains(t, errs.String(), "GET / HTTP/1.1: "+test.log+"\n")
		})
	}
}

// TestIgnoredErrorsAndContexts: IgnoredErrors decides here as it does on
// connections.
func TestIgnoredErrorsAndContexts(t *testing.T) {
	own := errors.New("canceling statement due to user request")
	tests := []struct {
		name    string
		ignored []error
		err     error // nil: the context's
		log     string
	}{
		{"by default", nil, nil, ""},
		{"nothing is ignored", []error{}, nil, "context canceled"},
		{"something else is", []error{io.ErrClosedPipe}, nil, "context canceled"},
		{"the error itself is", []error{context.Canceled}, nil, ""},
		{"more than by default", append(adapter.DefaultIgnoredErrors[:2:2], own), nil, ""},
		{"an error of a driver's own", append(adapter.DefaultIgnoredErrors[:2:2], own), own, ""},
		{"an error of a driver's own, which is not listed", nil, own, "canceling statement"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs, log := new(wiretest.Buffer), new(wiretest.Buffer)
			entered := make(chan struct{})
			h := &adapter.Handler{ErrorLog: errs, Log: log, IgnoredErrors: test.ignored}
			h.App = func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
				close(entered)
				<-env.Context().Done()
				if test.err != nil {
					return nil, test.err
				}
				return nil, env.Context().Err()
			}
			srv := wiretest.Serve(t, h)
			departures["HTTP/1.1, closed"](t, srv, func() { <-entered })
			line := log.Wait(t, "\n")
			if test.log == "" {
				require.Contains(t, line, `" 000 - `)
				require.Empty(t, errs.String())
				return
			}
			require.Contains(t, line, `" 500 `)
			require.Contains(t, errs.String(), test.log)
		})
	}
}

// TestHalfCloseAndGivingUp: a client that has closed its sending half and waits
// is not told that all is well by an App that gave up.
func TestHalfCloseAndGivingUp(t *testing.T) {
	errs, log := new(wiretest.Buffer), new(wiretest.Buffer)
	entered := make(chan struct{}, 1)
	srv := wiretest.Serve(t, &adapter.Handler{App: honouring(entered)["returned"], ErrorLog: errs, Log: log})
	require.Empty(t, srv.Do(get))
	require.Contains(t, log.Wait(t, "\n"), `" 000 - `)
	require.Empty(t, errs.String())
}

// TestHalfCloseIsServed: an App that does not look at its context is not
// disturbed, and its response is what was logged.
func TestHalfCloseIsServed(t *testing.T) {
	log := new(wiretest.Buffer)
	srv := adapter.NewServer("", func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		<-env.Context().Done()
		_, err := start("200 OK", plain)
		return adapter.Text("hello"), err
	})
	srv.Log = log
	require.Equal(t, ok5, wiretest.Client(t, serve(t, srv)).Do(get))
	require.Contains(t, log.Wait(t, "\n"), `" 200 5 `)
}

// TestClientLeavesWithoutAServer: without a server there is no connection to be cut off.
func TestClientLeavesWithoutAServer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	errs := new(wiretest.Buffer)
	h := &adapter.Handler{ErrorLog: errs, App: func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
		return nil, env.Context().Err()
	}}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	require.Empty(t, errs.String())
}

const gatewayTimeout = "HTTP/1.1 504 Gateway Timeout\nConnection: close\nContent-Length: 0\nContent-Type: text/plain\n\n"

// TestTimeIsUp: an App whose time is up has not failed either; its client waits.
func TestTimeIsUp(t *testing.T) {
	deadline := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), time.Millisecond)
			defer cancel()
			h.ServeHTTP(w, r.WithContext(ctx))
		})
	}
	cause := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeoutCause(r.Context(), time.Millisecond, errors.New("five seconds are enough"))
			defer cancel()
			h.ServeHTTP(w, r.WithContext(ctx))
		})
	}
	const line = `^Time is up \(GET / HTTP/1\.1 from 127\.0\.0\.1:\d+\): %s\n$`
	apps := honouring(make(chan struct{}))
	for name, app := range apps {
		wrap, text := deadline, ".*context deadline exceeded"
		if name == "as the cause" {
			wrap, text = cause, "five seconds are enough"
		}
		if name == "and by its Close" {
			text = "context deadline exceeded"
		}
		t.Run(name, func(t *testing.T) {
			errs, log := new(wiretest.Buffer), new(wiretest.Buffer)
			app = honouring(make(chan struct{}))[name]
			srv := wiretest.Serve(t, wrap(&adapter.Handler{App: app, ErrorLog: errs, Log: log}))
			require.Equal(t, gatewayTimeout, srv.Ask(get))
			require.Contains(t, log.Wait(t, "\n"), `"GET / HTTP/1.1" 504 - `)
			require.Regexp(t, fmt.Sprintf(line, text), errs.String())
			require.Empty(t, srv.Logs.String())
		})
	}
	t.Run("with bytes out", func(t *testing.T) {
		errs := new(wiretest.Buffer)
		app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("200 OK", plain)
			return adapter.Stream(func(yield func([]byte, error) bool) {
				if yield([]byte("one"), nil) {
					<-env.Context().Done()
					yield(nil, env.Context().Err())
				}
			}), err
		}
		srv := wiretest.Serve(t, deadline(&adapter.Handler{App: app, ErrorLog: errs}))
		require.Equal(t, "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n3\none\n", srv.Ask(get))
		require.Regexp(t, fmt.Sprintf(line, "context deadline exceeded"), errs.String())
	})
	t.Run("cancelled by what saw the deadline first", func(t *testing.T) {
		errs := new(wiretest.Buffer)
		app := func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
			<-env.Context().Done()
			return nil, context.Canceled // database/sql's, of a transaction
		}
		srv := wiretest.Serve(t, deadline(&adapter.Handler{App: app, ErrorLog: errs}))
		require.Equal(t, gatewayTimeout, srv.Ask(get))
		require.Regexp(t, fmt.Sprintf(line, "context canceled"), errs.String())
	})
	t.Run("in silence where it is ignored", func(t *testing.T) {
		errs := new(wiretest.Buffer)
		h := &adapter.Handler{App: honouring(make(chan struct{}))["returned"], ErrorLog: errs, IgnoredErrors: []error{context.DeadlineExceeded}}
		require.Equal(t, gatewayTimeout, wiretest.Serve(t, deadline(h)).Ask(get))
		require.Empty(t, errs.String())
	})
}

// TestChiTimeout stands behind the middleware that most have.
func TestChiTimeout(t *testing.T) {
	errs := new(wiretest.Buffer)
	r := chi.NewRouter()
	r.Use(chimiddleware.Timeout(time.Millisecond))
	r.Mount("/app", &adapter.Handler{App: honouring(make(chan struct{}))["returned"], ErrorLog: errs})
	r.Get("/bare", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	srv := wiretest.Serve(t, r)
	require.True(t, strings.HasPrefix(srv.Ask("GET /app/ HTTP/1.1\nHost: x\n\n"), "HTTP/1.1 504 Gateway Timeout\n"))
	require.Equal(t, 1, strings.Count(errs.String(), "\n"), errs.String())
	require.True(t, strings.HasPrefix(srv.Ask("GET /bare HTTP/1.1\nHost: x\nConnection: close\n\n"), "HTTP/1.1 504 Gateway Timeout\n"))
}

// TestChiTimeoutInAServer: chi answers once more, which is not worth a line.
func TestChiTimeoutInAServer(t *testing.T) {
	errs, log := new(wiretest.Buffer), new(wiretest.Buffer)
	r := chi.NewRouter()
	r.Use(chimiddleware.Timeout(time.Millisecond))
	r.Mount("/app", &adapter.Handler{App: honouring(make(chan struct{}))["returned"]})
	srv := adapter.Wrap(&http.Server{Handler: r})
	srv.Log, srv.ErrorLog = log, errs
	require.Equal(t, gatewayTimeout, wiretest.Client(t, serve(t, srv)).Ask("GET /app/ HTTP/1.1\nHost: x\n\n"))
	require.Contains(t, log.Wait(t, "\n"), `" 504 - `)
	require.Regexp(t, `^Time is up \(GET /app/ HTTP/1\.1 from 127\.0\.0\.1:\d+\): context deadline exceeded\n$`, errs.String())
}

// TestTimeoutHandler: http.TimeoutHandler answers by itself, and an App that
// writes too late is told so. It is neither a failure nor a client that left.
func TestTimeoutHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := new(wiretest.Buffer)
		h := &adapter.Handler{ErrorLog: errs, App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			time.Sleep(2 * time.Second)
			_, err := start("200 OK", plain)
			return adapter.Text("late"), err
		}}
		w := httptest.NewRecorder()
		http.TimeoutHandler(h, time.Second, "too late").ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		require.Equal(t, 503, w.Code)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Regexp(t, `^Time is up \(GET / HTTP/1\.1 from 192\.0\.2\.1:1234\): adapter: writing the response: http: Handler timeout\n$`, errs.String())
	})
}

// TestUploadReset looks at what is logged of an upload that was reset, by whose
// log it may be.
func TestUploadReset(t *testing.T) {
	apps := map[string]adapter.App{"fails": echo, "says nothing": forgetful, "has another error": rewording, "answers for itself": stubborn}
	for name, app := range apps {
		t.Run(name, func(t *testing.T) {
			errs, inner, outer := new(wiretest.Buffer), new(wiretest.Buffer), new(wiretest.Buffer)
			entered := make(chan struct{})
			srv := adapter.NewServer("", nil)
			srv.Log, srv.ErrorLog = outer, errs
			srv.HTTP.Handler = &adapter.Handler{Log: inner, App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_, err := env.Input().ReadN(5)
				close(entered)
				if err != nil {
					return nil, err
				}
				return app(env, start)
			}}
			c := wiretest.Client(t, serve(t, srv)).Dial()
			c.Send(post + "Content-Length: 100\n\nhello")
			<-entered
			require.NoError(t, c.SetLinger(0))
			require.NoError(t, c.Close())
			require.Contains(t, inner.Wait(t, "\n"), `"POST / HTTP/1.1" 000 - `)
			require.Contains(t, outer.Wait(t, "\n"), `"POST / HTTP/1.1" 000 - `)
			require.Empty(t, errs.String())
		})
	}
}
