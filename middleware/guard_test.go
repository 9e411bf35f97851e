package middleware_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

const refusal = `middleware: GuardHeaders refused the response: the value of header "X-Bad" has a control character in it`

// TestGuardHeadersEndsAStream: a response that never ends by itself ends when it
// is refused, however the handler writes; the client has its 500 before that.
func TestGuardHeadersEndsAStream(t *testing.T) {
	tests := []struct {
		name  string
		write func(w http.ResponseWriter) error
	}{
		{"Write", func(w http.ResponseWriter) error { _, err := w.Write([]byte("tick\n")); return err }},
		{"WriteString", func(w http.ResponseWriter) error { _, err := io.WriteString(w, "tick\n"); return err }},
		{"Flush", func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() }},
		{"io.Copy", func(w http.ResponseWriter) error { _, err := io.Copy(w, zeros{}); return err }},
		{"Hijack", func(w http.ResponseWriter) error { _, _, err := http.NewResponseController(w).Hijack(); return err }},
	}
	for _, test := range tests {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
			t.Run(test.name+" "+proto, func(t *testing.T) {
				ended := make(chan error, 1)
				srv := wiretest.Serve(t, middleware.GuardHeaders(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-Bad", "a\r\nb")
					w.WriteHeader(http.StatusOK)
					for range 1000 {
						if err := test.write(w); err != nil {
							ended <- err
							return
						}
					}
					ended <- nil
				})), wiretest.H2C)
				client := &http.Client{Transport: new(http.Transport)}
				if proto == "HTTP/2.0" {
					client = wiretest.H2Client()
				}
				res, err := client.Get(srv.URL("/"))
				require.NoError(t, err)
				body, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.Equal(t, proto+" 500 Internal Server Error", res.Proto+" "+res.Status)
				require.Equal(t, "Internal Server Error", string(body))
				require.EqualError(t, <-ended, refusal)
				require.Equal(t, refusal+"\n", srv.Logs.String())
			})
		}
	}
}

// TestGuardHeadersAnswersAtOnce: the 500 does not wait for a handler that is
// waiting for something else, and the handler learns that its client left.
func TestGuardHeadersAnswersAtOnce(t *testing.T) {
	left := make(chan struct{})
	srv := wiretest.Serve(t, middleware.GuardHeaders(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Bad", "a\r\nb")
		_, _ = io.WriteString(w, "first")
		<-r.Context().Done()
		close(left)
	})))
	c := srv.Dial()
	c.Send(get)
	require.Equal(t, refused, c.Until("\r\n\r\nInternal Server Error"))
	require.NoError(t, c.Close())
	<-left
}

// TestGuardHeadersAnswersAnUpload: the 500 does not wait for a request body that
// nobody reads, as a bare handler's does not either where it closes.
func TestGuardHeadersAnswersAnUpload(t *testing.T) {
	for name, h := range map[string]http.Handler{
		"bare": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			http.Error(w, "no", http.StatusInternalServerError)
			w.(http.Flusher).Flush()
		}),
		"GuardHeaders": middleware.GuardHeaders(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Bad", "a\r\nb")
			w.WriteHeader(http.StatusOK)
		})),
	} {
		t.Run(name, func(t *testing.T) {
			c := wiretest.Serve(t, h).Dial()
			c.Send("POST / HTTP/1.1\nHost: x\nContent-Length: 100000\n\nabc")
			require.Contains(t, c.Until("\r\n\r\n"), "500 Internal Server Error")
		})
	}
}

// TestGuardHeadersRefusesAnUpgrade: the 500 stands in the place of a 101 too, and
// the connection is not the handler's.
func TestGuardHeadersRefusesAnUpgrade(t *testing.T) {
	taken := make(chan error, 1)
	srv := wiretest.Serve(t, middleware.GuardHeaders(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Bad", "a\r\nb")
		w.WriteHeader(http.StatusSwitchingProtocols)
		_, _, err := http.NewResponseController(w).Hijack()
		taken <- err
	})))
	require.Equal(t, refused, srv.Do("GET / HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: echo\n\n"))
	require.EqualError(t, <-taken, refusal)
}

// TestGuardHeadersTrailers: a bad trailer is left out however it replaces other
// fields, and the good ones stay.
func TestGuardHeadersTrailers(t *testing.T) {
	const chunk = "4\nbody\n0\n"
	tests := []struct {
		name  string
		first func(h http.Header) // before the head
		after func(h http.Header) // when it is out
		want  string              // the end of the response
		log   string
	}{
		{"in the place of another field", func(h http.Header) { h.Set("X-Gone", "1") }, func(h http.Header) {
			h.Del("X-Gone")
			h.Set(http.TrailerPrefix+"X-Bad", "a\r\nb")
		}, chunk + "\n", `"X-Bad"`},
		{"in the place of a good trailer", func(h http.Header) { h.Set(http.TrailerPrefix+"X-Sum", "1") }, func(h http.Header) {
			h.Set(http.TrailerPrefix+"X-Sum", "a\r\nb")
		}, chunk + "\n", `"X-Sum"`},
		{"a name that is no token", func(h http.Header) { h.Set("X-Gone", "1") }, func(h http.Header) {
			h.Del("X-Gone")
			h[http.TrailerPrefix+"X Bad"] = []string{"1"}
		}, chunk + "\n", `"X Bad"`},
		{"a second value", func(h http.Header) { h.Set(http.TrailerPrefix+"X-Sum", "1") }, func(h http.Header) {
			h.Add(http.TrailerPrefix+"X-Sum", "a\r\nb")
		}, chunk + "\n", `"X-Sum"`},
		{"announced, and changed", func(h http.Header) { h.Set("Trailer", "X-Sum"); h.Set("X-Gone", "1") }, func(h http.Header) {
			h.Del("X-Gone")
			h.Set("X-Sum", "a\r\nb")
		}, chunk + "\n", `"X-Sum"`},
		{"one that frames a message", func(http.Header) {}, func(h http.Header) {
			h.Set(http.TrailerPrefix+"Content-Length", "5")
			h.Set(http.TrailerPrefix+"X-Sum", "1")
		}, chunk + "X-Sum: 1\n\n", `"Content-Length"`},
		{"good ones", func(h http.Header) { h.Set(http.TrailerPrefix+"X-Early", "1") }, func(h http.Header) {
			h.Set(http.TrailerPrefix+"X-Late", "2")
			h.Set("X-No-Trailer", "a\r\nb") // nothing sends it
		}, chunk + "X-Early: 1\nX-Late: 2\n\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := wiretest.Serve(t, middleware.GuardHeaders(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				test.first(w.Header())
				_, _ = io.WriteString(w, "body")
				w.(http.Flusher).Flush()
				test.after(w.Header())
			})))
			_, end, _ := strings.Cut(srv.Do(get), "\n\n")
			require.Equal(t, test.want, end)
			require.Contains(t, srv.Logs.String(), test.log)
			if test.log == "" {
				require.Empty(t, srv.Logs.String())
			}
		})
	}
}

// TestGuardHeadersRefusedTrailers: of a response that was refused nothing goes
// out, its trailers included, which HTTP/2 could send with any response.
func TestGuardHeadersRefusedTrailers(t *testing.T) {
	srv := wiretest.Serve(t, middleware.GuardHeaders(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Bad", "a\nb")
		w.WriteHeader(http.StatusOK)
		w.Header().Set(http.TrailerPrefix+"X-Late", "handler's")
	})), wiretest.H2C)
	res, err := wiretest.H2Client().Get(srv.URL("/"))
	require.NoError(t, err)
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 500, res.StatusCode)
	require.Empty(t, res.Trailer)
}

// TestGuardHeadersAndOthers: what is below learns of the refusal by an error, and
// says nothing of it once more.
func TestGuardHeadersAndOthers(t *testing.T) {
	panics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Bad", "a\r\nb")
		if _, err := io.WriteString(w, "body"); err != nil {
			panic(err)
		}
	})
	bad := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Bad", "a\r\nb")
			next.ServeHTTP(w, r)
		})
	}
	var errs bytes.Buffer
	app := func(body adapter.Body) http.Handler {
		return bad(&adapter.Handler{ErrorLog: &errs, App: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("200 OK", nil)
			return body, err
		}})
	}
	tests := []struct {
		name string
		h    http.Handler
	}{
		{"QuietDisconnects inside", middleware.GuardHeaders(middleware.QuietDisconnects(panics))},
		{"QuietDisconnects outside", middleware.QuietDisconnects(middleware.GuardHeaders(panics))},
		{"an App with a list", middleware.GuardHeaders(app(adapter.Text("body")))},
		{"an App that streams", middleware.GuardHeaders(app(adapter.Stream(func(yield func([]byte, error) bool) {
			for yield([]byte("tick"), nil) {
				time.Sleep(time.Millisecond)
			}
		})))},
	}
	for _, test := range tests {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
			t.Run(test.name+" "+proto, func(t *testing.T) {
				errs.Reset()
				ended := make(chan struct{})
				srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer close(ended)
					test.h.ServeHTTP(w, r)
				}), wiretest.H2C)
				client := &http.Client{Transport: new(http.Transport)}
				if proto == "HTTP/2.0" {
					client = wiretest.H2Client()
				}
				res, err := client.Get(srv.URL("/"))
				require.NoError(t, err)
				body, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				<-ended
				require.Equal(t, 500, res.StatusCode)
				require.Equal(t, "Internal Server Error", string(body))
				require.NoError(t, srv.HTTP.Close())
				require.Equal(t, refusal+"\n", srv.Logs.String())
				require.Empty(t, errs.String())
			})
		}
	}
}

// TestGuardHeadersPassesOtherPanics: a panic that has nothing to do with the
// refusal stays one.
func TestGuardHeadersPassesOtherPanics(t *testing.T) {
	ouch := errors.New("ouch")
	h := middleware.QuietDisconnects(middleware.GuardHeaders(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Bad", "a\r\nb")
		_, _ = io.WriteString(w, "body")
		panic(ouch)
	})))
	srv := wiretest.Serve(t, h)
	require.Equal(t, refused, srv.Do(get))
	require.Contains(t, srv.Logs.Wait(t, "ouch"), refusal)
}
