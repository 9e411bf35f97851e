package middleware_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

const get = "GET / HTTP/1.1\nHost: x\n\n"

func TestEnviron(t *testing.T) {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", nil)
		return adapter.Text(env.Get("my.key") + " " + env.Get("REMOTE_USER") + " " + env.Get("SCRIPT_NAME")), err
	}
	login := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			env, _ := environ.FromContext(r.Context())
			env.Set("REMOTE_USER", "bob")
			next.ServeHTTP(w, r)
		})
	}
	r := chi.NewRouter()
	r.Use(middleware.Environ(map[string]any{"my.key": "mine"}), login)
	r.Mount("/app", &adapter.Handler{App: app})
	r.Get("/plain/{id}", func(w http.ResponseWriter, r *http.Request) {
		env, _ := environ.FromContext(r.Context())
		fmt.Fprint(w, env.Get("my.key"), env.Get("PATH_INFO"), env.Value("wsgiorg.routing_args").(environ.RoutingArgs).Named)
	})
	srv := wiretest.Serve(t, r)
	require.Contains(t, srv.Do("GET /app/x HTTP/1.1\nHost: x\n\n"), "\n\nmine bob /app")
	require.Contains(t, srv.Do("GET /plain/7 HTTP/1.1\nHost: x\n\n"), "\n\nmine/plain/7map[id:7]")
}

// TestEnvironOutlivesItsRequest keeps environs while chi recycles its contexts.
func TestEnvironOutlivesItsRequest(t *testing.T) {
	kept := make(chan *environ.Environ, 100)
	r := chi.NewRouter()
	r.Use(middleware.Environ(nil))
	r.Get("/plain/{id}", func(_ http.ResponseWriter, r *http.Request) {
		env, _ := environ.FromContext(r.Context())
		kept <- env
	})
	checked := make(chan struct{})
	go func() {
		defer close(checked)
		for i := range 100 {
			args := (<-kept).Value("wsgiorg.routing_args").(environ.RoutingArgs)
			if want := fmt.Sprint(i); args.Named["id"] != want {
				t.Errorf("id %q, want %q", args.Named["id"], want)
			}
		}
	}()
	for i := range 100 {
		r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", fmt.Sprint("/plain/", i), nil))
	}
	<-checked
}

func TestAccessLog(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(file, []byte("12345"), 0o600))
	tests := []struct {
		name string
		h    http.HandlerFunc
		send string
		want string
	}{
		{"implicit status", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "abc") }, get, `"GET / HTTP/1.1" 200 3 `},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, get, `"GET / HTTP/1.1" 200 - `},
		{"status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, get, `"GET / HTTP/1.1" 404 - `},
		{"1xx is no status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(201) }, get, `"GET / HTTP/1.1" 201 - `},
		{"file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) }, get, `"GET / HTTP/1.1" 200 5 `},
		{"flushed", func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() }, get, `"GET / HTTP/1.1" 200 - `},
		{"panic", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, get, `"GET / HTTP/1.1" 000 - `},
		{"forged", func(http.ResponseWriter, *http.Request) {}, "GET /\"\u0085 HTTP/1.1\nHost: x\n\n", `"GET /\x22\xc2\x85 HTTP/1.1" 200 - `},
		{"hijacked", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			_ = conn.Close()
		}, get, `"GET / HTTP/1.1" 101 - `},
		{"HEAD", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "abc") }, "HEAD / HTTP/1.1\nHost: x\n\n", `"HEAD / HTTP/1.1" 200 - `},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log := new(wiretest.Buffer)
			wiretest.Serve(t, middleware.AccessLog(log)(test.h)).Do(test.send)
			got := log.Wait(t, "\n")
			require.Contains(t, got, test.want)
			require.Equal(t, 1, strings.Count(got, "\n"))
		})
	}
}

// TestReach checks that what the connection can do stays within reach behind
// every middleware.
func TestReach(t *testing.T) {
	for name, mw := range map[string]func(http.Handler) http.Handler{
		"AccessLog": middleware.AccessLog(io.Discard), "GuardHeaders": middleware.GuardHeaders,
		"QuietDisconnects": middleware.QuietDisconnects, "Environ": middleware.Environ(nil),
	} {
		t.Run(name, func(t *testing.T) {
			var flusher, readerFrom, hijacker bool
			var duplex error
			wiretest.Serve(t, mw(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, flusher = w.(http.Flusher)
				_, readerFrom = w.(io.ReaderFrom)
				_, hijacker = w.(http.Hijacker)
				duplex = http.NewResponseController(w).EnableFullDuplex()
			}))).Do(get)
			require.True(t, flusher && readerFrom && hijacker)
			require.NoError(t, duplex)
		})
	}
}

const refused = "HTTP/1.1 500 Internal Server Error\nConnection: close\nContent-Length: 21\nContent-Type: text/plain\n\nInternal Server Error"

func TestGuardHeaders(t *testing.T) {
	set := func(name, value string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["X-Fine"] = []string{"yes"}
			w.Header()[name] = append(w.Header()[name], value)
			fmt.Fprint(w, "body")
		}
	}
	tests := []struct {
		name string
		h    http.HandlerFunc
		want string
		log  string
	}{
		{"fine", set("X-Fine", "too"), "HTTP/1.1 200 OK\nContent-Length: 4\nContent-Type: text/plain; charset=utf-8\nX-Fine: yes\nX-Fine: too\n\nbody", ""},
		{"CRLF in a value", set("X-A", "s3cret\r\nSet-Cookie: x"), refused, `the value of header "X-A" has a control character in it`},
		{"NUL in a value", set("X-A", "\x00"), refused, `the value of header "X-A" has a control character in it`},
		{"a name with a space", set("X A", "1"), refused, `header name "X A" is not a token`},
		{"a name with a line end", set("X\r\nA", "1"), refused, `header name "X\r\nA" is not a token`},
		{"length", set("Content-Length", "abc"), refused, `header "Content-Length" is not a number`},
		{"Connection", set("Connection", "X-A"), refused, `header "Connection" may be close or keep-alive`},
		{"Keep-Alive", set("Keep-Alive", "5"), refused, `header "Keep-Alive" is for one connection only`},
		{"no body, no status", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-A", "\n") }, refused, `"X-A"`},
		{"a bad hint is left out", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "\n")
			w.WriteHeader(103)
			w.Header().Del("Link")
			set("X-Fine", "too")(w, nil)
		}, "HTTP/1.1 200 OK\nContent-Length: 4\nContent-Type: text/plain; charset=utf-8\nX-Fine: yes\nX-Fine: too\n\nbody", `"Link"`},
		{"trailers pass, bad ones do not", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum, X-Bad")
			fmt.Fprint(w, "body")
			w.Header().Set("X-Sum", "1")
			w.Header().Set("X-Bad", "a\r\nb")
		}, "HTTP/1.1 200 OK\nTrailer: X-Sum, X-Bad\nContent-Type: text/plain; charset=utf-8\nTransfer-Encoding: chunked\n\n4\nbody\n0\nX-Sum: 1\n\n", `"X-Bad"`},
		{"a bad trailer in the place of another field", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Bad")
			w.Header().Set("X-Gone", "1")
			fmt.Fprint(w, "body")
			w.Header().Del("X-Gone")
			w.Header().Set("X-Bad", "a\r\nb")
		}, "HTTP/1.1 200 OK\nTrailer: X-Bad\nX-Gone: 1\nContent-Type: text/plain; charset=utf-8\nTransfer-Encoding: chunked\n\n4\nbody\n0\n\n", `"X-Bad"`},
		{"a bad trailer that nothing announced", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "body")
			w.(http.Flusher).Flush()
			w.Header().Set(http.TrailerPrefix+"X-Bad", "a\r\nb")
		}, "HTTP/1.1 200 OK\nContent-Type: text/plain; charset=utf-8\nTransfer-Encoding: chunked\n\n4\nbody\n0\n\n", `"X-Bad"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := wiretest.Serve(t, middleware.GuardHeaders(test.h))
			got := srv.Do(get)
			if strings.Contains(test.want, "X-Fine") {
				// net/http puts its own headers behind the handler's.
				require.ElementsMatch(t, strings.Split(test.want, "\n"), strings.Split(got, "\n"))
			} else if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("on the wire (-want +got):\n%s", diff)
			}
			require.Contains(t, srv.Logs.String(), test.log)
			require.NotContains(t, srv.Logs.String(), "s3cret")
			if test.log == "" {
				require.Empty(t, srv.Logs.String())
			}
		})
	}
}

// TestGuardHeadersOverHTTP2: there net/http drops in silence.
func TestGuardHeadersOverHTTP2(t *testing.T) {
	srv := wiretest.Serve(t, middleware.GuardHeaders(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-A", "a\nb")
	})), wiretest.H2C)
	res, err := wiretest.H2Client().Get(srv.URL("/"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 500, res.StatusCode)
	require.Empty(t, res.Header["X-A"])
}

func TestQuietDisconnects(t *testing.T) {
	own := fmt.Errorf("database: %w", syscall.EPIPE)
	tests := []struct {
		name  string
		panic func(met error) any
		log   string
	}{
		{"the writer's error", func(met error) any { return met }, ""},
		{"wrapped", func(met error) any { return fmt.Errorf("rendering: %w", met) }, ""},
		{"another EPIPE", func(error) any { return own }, "database: broken pipe"},
		{"another panic", func(error) any { return "ouch" }, "ouch"},
	}
	for _, test := range tests {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
			t.Run(test.name+" "+proto, func(t *testing.T) {
				done := make(chan struct{})
				h := middleware.QuietDisconnects(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					for {
						_, err := w.Write(make([]byte, 1<<12))
						err = errors.Join(err, http.NewResponseController(w).Flush())
						if err == nil {
							continue
						}
						if joined, ok := err.(interface{ Unwrap() []error }); ok {
							err = joined.Unwrap()[0]
						}
						panic(test.panic(err))
					}
				}))
				srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer close(done)
					h.ServeHTTP(w, r)
				}), wiretest.H2C)
				client := http.DefaultClient
				if proto == "HTTP/2" {
					client = wiretest.H2Client()
				}
				res, err := client.Get(srv.URL("/"))
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				<-done
				if test.log == "" {
					require.NoError(t, srv.HTTP.Close())
					require.Empty(t, srv.Logs.String())
					return
				}
				srv.Logs.Wait(t, test.log)
			})
		}
	}
}

func TestWSGI(t *testing.T) {
	upper := func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			env.Set("HTTP_X_SEEN", env.Get("HTTP_X_SEEN")+"+")
			return app(env, func(status string, headers adapter.Headers, excInfo ...error) (io.Writer, error) {
				return start(status, append(headers, [2]string{"X-Wrapped", "yes"}), excInfo...)
			})
		}
	}
	r := chi.NewRouter()
	r.Use(middleware.WSGI(upper), middleware.WSGI(upper))
	r.Get("/a/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, chi.URLParam(r, "id"), r.Header.Get("X-Seen"))
	})
	srv := wiretest.Serve(t, r)
	require.Equal(t, "HTTP/1.1 200 OK\nContent-Length: 3\nContent-Type: text/plain; charset=utf-8\nX-Wrapped: yes\nX-Wrapped: yes\n\n7++",
		srv.Do("GET /a/7 HTTP/1.1\nHost: x\n\n"))
}

// TestWSGIAbove moves the path in front of a router, and looks at it from below.
func TestWSGIAbove(t *testing.T) {
	tests := []struct {
		name string
		mw   func(env *environ.Environ)
		path string
		want string
	}{
		{"nothing", func(*environ.Environ) {}, "/app/z", "/app /z"},
		{"set to what it was", func(env *environ.Environ) { env.Set("PATH_INFO", env.Get("PATH_INFO")) }, "/app/z", "/app /z"},
		{"the mount itself", func(env *environ.Environ) { env.Set("PATH_INFO", env.Get("PATH_INFO")) }, "/app", "/app "},
		{"rewritten", func(env *environ.Environ) { env.Set("PATH_INFO", "/app/new") }, "/old", "/app /new"},
		{"shifted", func(env *environ.Environ) { env.ShiftPath() }, "/site/app/z", "/site/app /z"},
		{"behind a proxy's prefix", func(env *environ.Environ) { env.Set("SCRIPT_NAME", "/proxied") }, "/app/z", "/proxied/app /z"},
		{"a user", func(env *environ.Environ) { env.Set("REMOTE_USER", "bob") }, "/app/z", "/app /z bob"},
		{"a header", func(env *environ.Environ) { env.Set("HTTP_X_USER", "ada") }, "/app/z", "/app /z ada"},
	}
	second := map[string]func(env *environ.Environ){
		"alone":               nil,
		"and one that idles":  func(*environ.Environ) {},
		"and one that signs":  func(env *environ.Environ) { env.Set("my.sign", "x") },
		"and one that resets": func(env *environ.Environ) { env.Set("PATH_INFO", env.Get("PATH_INFO")) },
	}
	show := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", nil)
		return adapter.Text(strings.TrimRight(env.Get("SCRIPT_NAME")+" "+env.Get("PATH_INFO")+" "+env.Get("REMOTE_USER")+env.Get("HTTP_X_USER"), " ")), err
	}
	wsgi := func(change func(env *environ.Environ)) func(http.Handler) http.Handler {
		return middleware.WSGI(func(app adapter.App) adapter.App {
			return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				change(env)
				return app(env, start)
			}
		})
	}
	for _, test := range tests {
		for name, change := range second {
			t.Run(test.name+" "+name, func(t *testing.T) {
				r := chi.NewRouter()
				r.Use(wsgi(test.mw))
				if change != nil {
					r.Use(wsgi(change))
				}
				r.Mount("/app", &adapter.Handler{App: show})
				w := httptest.NewRecorder()
				r.ServeHTTP(w, httptest.NewRequest("GET", test.path, nil))
				require.Equal(t, strings.TrimRight(test.want, " "), w.Body.String())
			})
		}
	}
}
