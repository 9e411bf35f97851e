package environ_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/middleware"
)

// form is a request with a form in its body.
func form() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/legacy/a/b?q=1", strings.NewReader("name=Ann"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Content-Length", "8")
	r.Header["X-A"] = []string{"1", "2"}
	return r
}

// Request is the one that came; AsRequest's is another.
func TestAsRequestLeavesTheRequestAlone(t *testing.T) {
	came := form()
	env := environ.FromRequest(came)
	env.Set("REQUEST_METHOD", "PUT")
	env.Set("HTTP_X_A", "3")
	env.Set("PATH_INFO", "/new")
	env.Set("QUERY_STRING", "q=2")
	env.Delete("CONTENT_TYPE")
	r, err := env.AsRequest()
	require.NoError(t, err)
	require.Equal(t, "PUT /new?q=2 [3]", r.Method+" "+r.URL.String()+" ["+strings.Join(r.Header["X-A"], ",")+"]")
	require.NotContains(t, r.Header, "Content-Type")
	require.Same(t, came, env.Request())
	require.Equal(t, "POST /legacy/a/b?q=1", came.Method+" "+came.URL.String())
	require.Equal(t, []string{"1", "2"}, came.Header["X-A"])
	require.Contains(t, came.Header, "Content-Type")

	found, ok := environ.FromContext(r.Context())
	require.True(t, ok)
	require.Same(t, env, found)
	env.Set("HTTP_X_A", "4")
	require.Equal(t, "3", r.Header.Get("X-A"), "a request says what the environ said when it was made")
	r.Header.Set("X-A", "5")
	require.Equal(t, "4", env.Get("HTTP_X_A"))
}

// A context that ends, ends for the request as well.
func TestAsRequestKeepsTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), ctxKey{}, "value"))
	r, err := environ.FromRequest(form().WithContext(ctx)).AsRequest()
	require.NoError(t, err)
	require.Equal(t, "value", r.Context().Value(ctxKey{}))
	cancel()
	require.ErrorIs(t, r.Context().Err(), context.Canceled)
}

type ctxKey struct{}

// Code written for net/http gets by what middleware Set.
func TestAsRequestForNetHTTP(t *testing.T) {
	env := environ.FromRequest(form())
	require.NoError(t, env.Request().ParseForm()) // what was parsed before does not stand in the way
	require.Equal(t, "Ann", env.Request().Form.Get("name"))
	env.Set("QUERY_STRING", "q=3")
	r, err := env.AsRequest()
	require.NoError(t, err)
	require.Equal(t, "3", r.FormValue("q"))
	require.Equal(t, "Ann", r.FormValue("name"), "the body was read, and parsed, already")

	env.Set("wsgi.input", []byte("name=B%C3%A9la&n=1"))
	env.Set("CONTENT_LENGTH", 18)
	env.Set("HTTP_AUTHORIZATION", "Basic YW5uOnNlc2FtZQ==")
	env.Set("HTTP_COOKIE", "a=1; b=2")
	env.Set("SERVER_PROTOCOL", "HTTP/1.0")
	env.Set("REQUEST_URI", "/asked?for")
	env.Set("wsgi.url_scheme", "https")
	env.Set("HTTP_TRANSFER_ENCODING", "chunked")
	env.Set("HTTP_TRAILER", "X-Sum")
	r, err = env.AsRequest()
	require.NoError(t, err)
	require.Equal(t, "Béla", r.FormValue("name"))
	require.Equal(t, int64(18), r.ContentLength)
	user, password, ok := r.BasicAuth()
	require.Equal(t, "ann sesame true", user+" "+password+" "+map[bool]string{true: "true"}[ok])
	cookie, err := r.Cookie("b")
	require.NoError(t, err)
	require.Equal(t, "2", cookie.Value)
	require.Equal(t, "HTTP/1.0", r.Proto)
	require.False(t, r.ProtoAtLeast(1, 1))
	require.Equal(t, "/asked?for", r.RequestURI)
	require.NotNil(t, r.TLS)
	require.Equal(t, []string{"chunked"}, r.TransferEncoding)
	require.Equal(t, "X-Sum", r.Header.Get("Trailer"))
}

func TestAsRequestScheme(t *testing.T) {
	for _, tt := range []struct {
		name string
		tls  *tls.ConnectionState
		base dict
		set  dict
		want bool
	}{
		{"plain", nil, nil, nil, false},
		{"TLS", new(tls.ConnectionState), nil, nil, true},
		{"Set", nil, nil, dict{"wsgi.url_scheme": "https"}, true},
		{"in a base environ", nil, dict{"wsgi.url_scheme": "https"}, nil, true},
		{"taken back", new(tls.ConnectionState), nil, dict{"wsgi.url_scheme": "http"}, false},
		{"HTTPS alone does not decide", nil, nil, dict{"HTTPS": "on"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			came := form()
			came.TLS = tt.tls
			fromHandler(tt.base)(func(env *environ.Environ) {
				for key, value := range tt.set {
					env.Set(key, value)
				}
				r, err := env.AsRequest()
				require.NoError(t, err)
				require.Equal(t, tt.want, r.TLS != nil)
			}).ServeHTTP(httptest.NewRecorder(), came)
			require.Equal(t, tt.tls, came.TLS)
		})
	}
}

// A base environ speaks where the request does not.
func TestAsRequestWithABase(t *testing.T) {
	came := form()
	came.RemoteAddr = "@"
	fromHandler(dict{"HTTP_X_BASE": "b", "HTTP_X_A": "base", "REMOTE_ADDR": "192.0.2.7", "app.setting": 7})(func(env *environ.Environ) {
		r, err := env.AsRequest()
		require.NoError(t, err)
		require.Equal(t, "b", r.Header.Get("X-Base"))
		require.Equal(t, []string{"1", "2"}, r.Header["X-A"])
		require.Equal(t, "192.0.2.7:", r.RemoteAddr)
		env.Delete("HTTP_X_BASE")
		r, err = env.AsRequest()
		require.NoError(t, err)
		require.NotContains(t, r.Header, "X-Base")
	}).ServeHTTP(httptest.NewRecorder(), came)
}

// The body of the request and wsgi.input are one stream.
func TestAsRequestSharesTheInput(t *testing.T) {
	env := environ.FromRequest(httptest.NewRequest(http.MethodPost, "/", strings.NewReader("one\ntwo\nthree")))
	r, err := env.AsRequest()
	require.NoError(t, err)
	line, err := env.Input().ReadLine(-1) // reads ahead
	require.NoError(t, err)
	require.Equal(t, "one\n", string(line))
	two := make([]byte, 4)
	_, err = io.ReadFull(r.Body, two)
	require.NoError(t, err)
	require.Equal(t, "two\n", string(two))
	rest, err := env.Input().ReadN(-1)
	require.NoError(t, err)
	require.Equal(t, "three", string(rest))

	r, err = environ.FromRequest(httptest.NewRequest(http.MethodGet, "/", nil)).AsRequest()
	require.NoError(t, err)
	require.Equal(t, http.NoBody, r.Body)
	require.Zero(t, r.ContentLength)
}

func TestAsRequestFails(t *testing.T) {
	for _, tt := range []struct {
		key   string
		value any
		want  string
	}{
		{"HTTP_X_SECRET", []string{"s3cret"}, "environ: no request can be made with a []string as HTTP_X_SECRET: it has to be a string or an integer"},
		{"REQUEST_METHOD", true, "environ: no request can be made with a bool as REQUEST_METHOD: it has to be a string or an integer"},
		{"PATH_INFO", []byte("/s3cret"), "environ: no request can be made with a []uint8 as PATH_INFO: it has to be a string or an integer"},
		{"CONTENT_TYPE", nil, "environ: no request can be made with a <nil> as CONTENT_TYPE: it has to be a string or an integer"},
		{"REMOTE_ADDR", 1.5, "environ: no request can be made with a float64 as REMOTE_ADDR: it has to be a string or an integer"},
		{"REMOTE_PORT", struct{}{}, "environ: no request can be made with a struct {} as REMOTE_PORT: it has to be a string or an integer"},
		{"CONTENT_LENGTH", "s3cret", "environ: no request can be made with this CONTENT_LENGTH: it has to be digits"},
		{"CONTENT_LENGTH", -1, "environ: no request can be made with this CONTENT_LENGTH: it has to be digits"},
		{"CONTENT_LENGTH", "9999999999999999999", "environ: no request can be made with this CONTENT_LENGTH: it has to be digits"},
		{"CONTENT_LENGTH", 1.5, "environ: no request can be made with a float64 as CONTENT_LENGTH: it has to be a string or an integer"},
		{"SERVER_PROTOCOL", "s3cret", `environ: no request can be made with this SERVER_PROTOCOL: it has to be a version like "HTTP/1.1"`},
		{"wsgi.input", 5, "environ: wsgi.input is a int: it has to be an io.Reader, a []byte or a string"},
	} {
		for name, env := range map[string]*environ.Environ{"request": environ.FromRequest(form()), "literal": environ.New(nil)} {
			t.Run(name+"/"+tt.want, func(t *testing.T) {
				env.Set(tt.key, tt.value)
				_, err := env.AsRequest()
				require.EqualError(t, err, tt.want)
				_, err = adapter.FromHandler(http.NotFoundHandler())(env, accept)
				require.EqualError(t, err, "adapter: no request can be made of the environ: "+tt.want)
			})
		}
	}
	_, err := environ.New(dict{"REQUEST_URI": "%s3cret"}).AsRequest()
	require.EqualError(t, err, "environ: no request can be made with this REQUEST_URI: it has to be a path or a URL")
}

// An environ without a request makes one, as net/http/cgi does.
func TestAsRequestOfALiteral(t *testing.T) {
	var zero environ.Environ
	zero.Set("PATH_INFO", "/zero")
	zero.Set("wsgi.input", "body")
	for _, tt := range []struct {
		name string
		env  *environ.Environ
		want string
	}{
		{"nil", nil, "GET / HTTP/1.1  0 "},
		{"empty", environ.New(nil), "GET / HTTP/1.1  0 "},
		{"zero", &zero, "GET /zero HTTP/1.1  -1 body"},
		{"path", environ.New(dict{"SCRIPT_NAME": "/a", "PATH_INFO": "/b c"}), "GET /a/b%20c HTTP/1.1  0 "},
		{"a path that looks like a host", environ.New(dict{"PATH_INFO": "//host/b"}), "GET //host/b HTTP/1.1  0 "},
		{"escaped", environ.New(dict{"PATH_INFO": "/a/b", "REQUEST_URI": "/a%2Fb?q"}), "GET /a%2Fb?q HTTP/1.1  0 "},
		{"rewritten", environ.New(dict{"PATH_INFO": "/new", "REQUEST_URI": "/old?q", "QUERY_STRING": "r"}), "GET /new?r HTTP/1.1  0 "},
		{"whole", environ.New(dict{
			"REQUEST_METHOD": "POST", "PATH_INFO": "/a", "HTTP_HOST": "x:1", "CONTENT_LENGTH": 5, "wsgi.input": []byte("hello"),
			"SERVER_PROTOCOL": "HTTP/2", "wsgi.url_scheme": "https", "app.setting": []string{"x"},
		}), "POST /a HTTP/2 x:1 5 hello tls"},
		{"as of CGI", environ.New(dict{"HTTPS": "on", "SERVER_PROTOCOL": "INCLUDED"}), "GET / INCLUDED  0  tls"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := tt.env.AsRequest()
			require.NoError(t, err)
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			path := &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
			got := []string{r.Method, path.RequestURI(), r.Proto, r.Host, textUnder("", int(r.ContentLength)), string(body)}
			if r.TLS != nil {
				got = append(got, "tls")
			}
			require.Equal(t, tt.want, strings.Join(got, " "))
			found, ok := environ.FromContext(r.Context())
			require.True(t, ok)
			require.Equal(t, tt.env.Len(), found.Len())
		})
	}
}

// Making a request changes nothing: neither the environ, nor what environs of
// the request that came say, nor how a router goes on with it.
func TestAsRequestDisturbsNothing(t *testing.T) {
	for name, ask := range map[string]bool{"asked": true, "not asked": false} {
		t.Run(name, func(t *testing.T) {
			var got []string
			show := fromHandler(nil)(func(env *environ.Environ) {
				got = append(got, env.Get("SCRIPT_NAME")+" "+env.Get("PATH_INFO")+" "+env.Get("HTTP_X_USER"))
			})
			r := chi.NewRouter()
			r.Route("/legacy", func(r chi.Router) {
				r.Use(middleware.Environ(nil), func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						env, _ := environ.FromContext(r.Context())
						env.Set("HTTP_X_USER", "ann")
						for range 2 {
							if ask {
								clone := env.Clone()
								clone.Set("SCRIPT_NAME", "/elsewhere")
								clone.Set("PATH_INFO", "/not/here")
								before := clone.Map()
								made, err := clone.AsRequest()
								require.NoError(t, err)
								require.Equal(t, "/not/here", made.URL.Path)
								if diff := cmp.Diff(before, clone.Map(), sameKeys); diff != "" {
									t.Errorf("the environ has changed (-before +after):\n%s", diff)
								}
							}
							got = append(got, env.Get("SCRIPT_NAME")+" "+env.Get("PATH_INFO"))
						}
						next.ServeHTTP(w, r)
					})
				})
				r.Mount("/a", show)
			})
			r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/legacy/a/b", nil))
			require.Equal(t, []string{"/legacy /a/b", "/legacy /a/b", "/legacy/a /b ann"}, got)
		})
	}
}

// Two requests made of one environ stand where each was made.
func TestAsRequestMadeTwice(t *testing.T) {
	env := environ.FromRequest(httptest.NewRequest(http.MethodGet, "/a/b/c", nil))
	env.ShiftPath()
	first, err := env.AsRequest()
	require.NoError(t, err)
	env.ShiftPath()
	second, err := env.AsRequest()
	require.NoError(t, err)
	require.Equal(t, split{"/a", "/b/c"}, splitOf(environ.FromRequest(first)))
	require.Equal(t, split{"/a/b", "/c"}, splitOf(environ.FromRequest(second)))
	again, err := environ.FromRequest(first).AsRequest()
	require.NoError(t, err)
	require.Equal(t, split{"/a", "/b/c"}, splitOf(environ.FromRequest(again)))
	clone := environ.FromRequest(second).Clone()
	clone.Set("PATH_INFO", "/d")
	again, err = clone.AsRequest()
	require.NoError(t, err)
	require.Equal(t, split{"/a/b", "/d"}, splitOf(environ.FromRequest(again)))
}

// An environ that follows the router as it routes knows its mount.
func TestRequestWhileRouting(t *testing.T) {
	for _, way := range []string{"FromHandler", "AsRequest"} {
		var got split
		h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = splitOf(environ.FromRequest(r)) })
		r := chi.NewRouter()
		r.Mount("/legacy", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			env := environ.FromRequest(r)
			env.Set("PATH_INFO", "/new")
			if way == "FromHandler" {
				_, err := adapter.FromHandler(h)(env, accept)
				require.NoError(t, err)
				return
			}
			made, err := env.AsRequest()
			require.NoError(t, err)
			h(w, made)
		}))
		r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/legacy/a", nil))
		require.Equal(t, split{"/legacy", "/new"}, got, way)
	}
}

// A router takes the request where the environ says that it is.
func TestAsRequestIsRouted(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*environ.Environ)
		want   split
		id     string
	}{
		{"nothing", func(*environ.Environ) {}, split{"/legacy/app", "/7"}, "7"},
		{"another path", func(env *environ.Environ) { env.Set("PATH_INFO", "/app/8") }, split{"/legacy/app", "/8"}, "8"},
		{"shifted", func(env *environ.Environ) {
			env.Set("PATH_INFO", "/x/app/9")
			env.ShiftPath()
		}, split{"/legacy/x/app", "/9"}, "9"},
		{"at the root", func(env *environ.Environ) { env.Set("SCRIPT_NAME", "") }, split{"/app", "/7"}, "7"},
		{"mount deleted", func(env *environ.Environ) { env.Delete("SCRIPT_NAME") }, split{"/app", "/7"}, "7"},
		{"behind a proxy", func(env *environ.Environ) { env.Set("SCRIPT_NAME", "/shop"+env.Get("SCRIPT_NAME")) }, split{"/shop/legacy/app", "/7"}, "7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got split
			var id string
			sub := chi.NewRouter()
			sub.Route("/app", func(r chi.Router) {
				r.Use(func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						got = splitOf(environ.FromRequest(r))
						next.ServeHTTP(w, r)
					})
				})
				r.Get("/{id}", func(_ http.ResponseWriter, r *http.Request) {
					id = chi.URLParam(r, "id")
				})
			})
			app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				tt.change(env)
				r, err := env.AsRequest()
				if err != nil {
					return nil, err
				}
				sub.ServeHTTP(httptest.NewRecorder(), r)
				_, err = start("200 OK", nil)
				return nil, err
			}
			r := chi.NewRouter()
			r.Mount("/legacy", &adapter.Handler{App: app})
			r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/legacy/app/7", nil))
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.id, id)
		})
	}
}

// The environ of a request that was made of one says the same.
func FuzzAsRequest(f *testing.F) {
	keys := []string{
		"REQUEST_METHOD", "QUERY_STRING", "REQUEST_URI", "CONTENT_TYPE", "CONTENT_LENGTH", "REMOTE_ADDR", "HTTP_HOST", "HTTP_X_A", "HTTP_COOKIE",
		"HTTP_X_NEW", "HTTP_TRANSFER_ENCODING", "HTTP_TRAILER", "REMOTE_USER", "app.setting", "PATH_INFO", "SCRIPT_NAME",
	}
	for i := range keys {
		f.Add(i, "/17", i+1, "")
		f.Add(i, "", i+5, "12")
	}
	f.Fuzz(func(t *testing.T, one int, value string, other int, text string) {
		env := environ.FromRequest(form())
		for key, value := range map[int]string{one: value, other: text} {
			key := keys[max(key, -key-1)%len(keys)]
			if value == "" {
				env.Delete(key)
			} else {
				env.Set(key, value)
			}
		}
		r, err := env.AsRequest()
		if err != nil {
			require.Contains(t, err.Error(), "CONTENT_LENGTH")
			return
		}
		again := environ.FromRequest(r)
		for _, key := range keys {
			want, wanted := env.Lookup(key)
			switch key {
			case "REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING": // no request is without
				if !wanted {
					continue
				}
			case "PATH_INFO", "SCRIPT_NAME":
				path := env.Get("SCRIPT_NAME") + env.Get("PATH_INFO")
				if !wanted || !strings.HasPrefix(path, "/") || strings.HasSuffix(env.Get("SCRIPT_NAME"), "/") || !strings.HasPrefix(env.Get("PATH_INFO"), "/") {
					continue // no path that a server gives
				}
			case "REMOTE_ADDR":
				if strings.ContainsAny(env.Get(key), "@/[]%") {
					continue // no address
				}
			}
			got, ok := again.Lookup(key)
			if got != want || ok != wanted {
				t.Errorf("%s is %#v (%t), want %#v (%t)", key, got, ok, want, wanted)
			}
		}
	})
}

// Reading an environ is safe for many goroutines, and so is this.
func TestAsRequestAtOnce(t *testing.T) {
	env := environ.FromRequest(form())
	env.Set("PATH_INFO", "/new")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r, err := env.AsRequest()
			if err != nil || r.URL.Path != "/new" || !slices.Equal(r.Header["X-A"], []string{"1", "2"}) {
				t.Error(err, r)
			}
		})
	}
	wg.Wait()
}
