package environ_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// inner is what an http.Handler gets that is run as an App.
type inner struct {
	Method, Path, Query, Host, Remote, Body string
	Length                                  int64
	Header                                  http.Header
}

func innerOf(r *http.Request) inner {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		body = []byte(err.Error())
	}
	_ = r.Body.Close()
	return inner{r.Method, r.URL.Path, r.URL.RawQuery, r.Host, r.RemoteAddr, string(body), r.ContentLength, r.Header}
}

// below runs h as an App after change has had its way with the environ.
func below(change func(env *environ.Environ), h http.HandlerFunc) http.Handler {
	app := adapter.FromHandler(h)
	return &adapter.Handler{App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		change(env)
		return app(env, start)
	}}
}

// ways are the ways in which a changed environ becomes a request again: for a
// handler run by FromHandler, and for whoever asks for it.
var ways = []struct {
	name  string
	below func(change func(env *environ.Environ), h http.HandlerFunc) http.Handler
}{
	{"FromHandler", below},
	{"AsRequest", asked},
}

// asked gives h the request that AsRequest makes, the second time it is asked.
func asked(change func(env *environ.Environ), h http.HandlerFunc) http.Handler {
	return &adapter.Handler{App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		change(env)
		if _, err := env.AsRequest(); err != nil {
			return nil, err
		}
		r, err := env.AsRequest()
		if err != nil {
			return nil, err
		}
		h(httptest.NewRecorder(), r)
		_, err = start("200 OK", nil)
		return nil, err
	}}
}

// What middleware Set on an environ shows in the request of a handler below.
func TestChangesShowInTheRequest(t *testing.T) {
	as := func(change func(*inner)) func() inner {
		return func() inner {
			in := inner{
				Method: "POST", Path: "/legacy/a/b", Query: "q=1", Host: "example.com", Remote: "192.0.2.1:1234", Body: "hello", Length: 5,
				Header: http.Header{"X-A": {"1", "2"}, "Content-Type": {"text/plain"}},
			}
			change(&in)
			return in
		}
	}
	set := func(key string, value any) func(*environ.Environ) {
		return func(env *environ.Environ) { env.Set(key, value) }
	}
	unset := func(key string) func(*environ.Environ) { return func(env *environ.Environ) { env.Delete(key) } }
	for _, tt := range []struct {
		name   string
		change func(*environ.Environ)
		want   func() inner
	}{
		{"nothing", func(*environ.Environ) {}, as(func(*inner) {})},
		{"a key of the application's", set("app.user", "alice"), as(func(*inner) {})},
		{"the method", set("REQUEST_METHOD", "PUT"), as(func(in *inner) { in.Method = "PUT" })},
		{"the query", set("QUERY_STRING", "q=2"), as(func(in *inner) { in.Query = "q=2" })},
		{"the host", set("HTTP_HOST", "other"), as(func(in *inner) { in.Host = "other" })},
		{"a header", set("HTTP_X_A", "3"), as(func(in *inner) { in.Header["X-A"] = []string{"3"} })},
		{"a new header", set("HTTP_X_NEW_ONE", "3"), as(func(in *inner) { in.Header["X-New-One"] = []string{"3"} })},
		{"no header", unset("HTTP_X_A"), as(func(in *inner) { delete(in.Header, "X-A") })},
		{"the type", set("CONTENT_TYPE", "a/b"), as(func(in *inner) { in.Header["Content-Type"] = []string{"a/b"} })},
		{"no type", unset("CONTENT_TYPE"), as(func(in *inner) { delete(in.Header, "Content-Type") })},
		{"the length", set("CONTENT_LENGTH", "7"), as(func(in *inner) {
			in.Length = 7
			in.Header["Content-Length"] = []string{"7"}
		})},
		{"no length", unset("CONTENT_LENGTH"), as(func(in *inner) { in.Length = -1 })},
		{"the address", set("REMOTE_ADDR", "2001:db8::1"), as(func(in *inner) { in.Remote = "[2001:db8::1]:1234" })},
		{"the input", func(env *environ.Environ) { env.Set("wsgi.input", strings.NewReader("other")) }, as(func(in *inner) { in.Body = "other" })},
		{"bytes as the input", set("wsgi.input", []byte("other")), as(func(in *inner) { in.Body = "other" })},
		{"a string as the input", set("wsgi.input", "other"), as(func(in *inner) { in.Body = "other" })},
		{"an integer as the length", set("CONTENT_LENGTH", 4), as(func(in *inner) {
			in.Length = 4
			in.Header["Content-Length"] = []string{"4"}
		})},
		{"an empty length", set("CONTENT_LENGTH", ""), as(func(in *inner) { in.Length = -1 })},
		{"an integer as a header", set("HTTP_X_A", uint8(3)), as(func(in *inner) { in.Header["X-A"] = []string{"3"} })},
		{"an integer as the port", set("REMOTE_PORT", 8), as(func(in *inner) { in.Remote = "192.0.2.1:8" })},
		{"no port", unset("REMOTE_PORT"), as(func(in *inner) { in.Remote = "192.0.2.1:" })},
		{"no address", unset("REMOTE_ADDR"), as(func(in *inner) { in.Remote = "" })},
		{"no query", unset("QUERY_STRING"), as(func(in *inner) { in.Query = "" })},
		{"no host", unset("HTTP_HOST"), as(func(in *inner) { in.Host = "" })},
		{"keys that are no headers", func(env *environ.Environ) {
			env.Set("HTTP_CONTENT_TYPE", "a/b")
			env.Set("HTTP_CONTENT_LENGTH", "7")
		}, as(func(*inner) {})},
		{"no input and no length", func(env *environ.Environ) {
			env.Delete("wsgi.input")
			env.Delete("CONTENT_LENGTH")
		}, as(func(in *inner) { in.Body, in.Length = "", 0 })},
		{"no input", unset("wsgi.input"), as(func(in *inner) { in.Body = "" })},
		{"the path", set("PATH_INFO", "/c"), as(func(in *inner) { in.Path = "/c" })},
		{"the path and the mount", func(env *environ.Environ) {
			env.Set("SCRIPT_NAME", "/legacy")
			env.Set("PATH_INFO", "/a/b")
		}, as(func(in *inner) { in.Path = "/a/b" })},
		{"a shifted path", func(env *environ.Environ) { env.ShiftPath() }, as(func(in *inner) { in.Path = "/a/b" })},
		{"read ahead", func(env *environ.Environ) { _, _ = env.Input().ReadLine(2) }, as(func(in *inner) { in.Body = "llo" })},
	} {
		for _, way := range ways {
			t.Run(tt.name+"/"+way.name, func(t *testing.T) {
				r := httptest.NewRequest(http.MethodPost, "/legacy/a/b?q=1", strings.NewReader("hello"))
				r.Header = http.Header{"X-A": {"1", "2"}, "Content-Type": {"text/plain"}}
				reached := false
				way.below(tt.change, func(_ http.ResponseWriter, r *http.Request) {
					reached = true
					env, ok := environ.FromContext(r.Context())
					require.True(t, ok)
					require.Equal(t, env.Get("REQUEST_METHOD"), r.Method)
					if diff := cmp.Diff(tt.want(), innerOf(r)); diff != "" {
						t.Errorf("-want +got:\n%s", diff)
					}
				}).ServeHTTP(httptest.NewRecorder(), r)
				require.True(t, reached)
				before := http.Header{"X-A": {"1", "2"}, "Content-Type": {"text/plain"}}
				if diff := cmp.Diff(before, r.Header); diff != "" {
					t.Errorf("the request itself has changed (-before +after):\n%s", diff)
				}
				require.Equal(t, "/legacy/a/b", r.URL.Path)
			})
		}
	}
}

// An environ of the request below agrees with the one that the request was made
// of, and a router below mounts further.
func TestEnvironBelowAChange(t *testing.T) {
	shiftOnce := func(env *environ.Environ) { env.ShiftPath() }
	for _, tt := range []struct {
		name   string
		change func(*environ.Environ)
		router func(http.Handler) http.Handler
		want   split
	}{
		{"nothing", func(*environ.Environ) {}, nil, split{"", "/a/b/c"}},
		{"shifted", shiftOnce, nil, split{"/a", "/b/c"}},
		{"shifted, mounted", shiftOnce, mount("/b"), split{"/a/b", "/c"}},
		{"shifted, stripped", shiftOnce, strip("/b"), split{"/a/b", "/c"}},
		{"another path", func(env *environ.Environ) { env.Set("PATH_INFO", "/x/y") }, nil, split{"", "/x/y"}},
		{"another path, mounted", func(env *environ.Environ) { env.Set("PATH_INFO", "/x/y") }, mount("/x"), split{"/x", "/y"}},
	} {
		for _, way := range ways {
			t.Run(tt.name+"/"+way.name, func(t *testing.T) {
				var got split
				app := fromHandler(nil)(func(env *environ.Environ) { got = splitOf(env) })
				if tt.router != nil {
					app = tt.router(app)
				}
				way.below(tt.change, app.ServeHTTP).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/a/b/c", nil))
				require.Equal(t, tt.want, got)
			})
		}
	}

	t.Run("what no request can say", func(t *testing.T) {
		set := func(env *environ.Environ) {
			env.Set("REMOTE_USER", "alice")
			env.Set("HTTP_X_NEW", "new")
			env.Set("QUERY_STRING", "q=2")
			env.Delete("SERVER_NAME")
		}
		got := dict{}
		app := fromHandler(nil)(func(env *environ.Environ) {
			for _, key := range []string{"REMOTE_USER", "HTTP_X_NEW", "QUERY_STRING", "SERVER_NAME"} {
				got[key] = env.Value(key)
			}
			env.Request().Header.Set("X-New", "newer")
			got["later"] = env.Value("HTTP_X_NEW")
		})
		below(set, app.ServeHTTP).ServeHTTP(httptest.NewRecorder(), &http.Request{Method: "GET", URL: new(url.URL), Proto: "HTTP/1.1"})
		want := dict{"REMOTE_USER": "alice", "HTTP_X_NEW": "new", "QUERY_STRING": "q=2", "SERVER_NAME": nil, "later": "newer"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})

	for _, way := range ways {
		t.Run("within a router/"+way.name, func(t *testing.T) {
			var got split
			app := mount("/b")(fromHandler(nil)(func(env *environ.Environ) { got = splitOf(env) }))
			r := chi.NewRouter()
			r.Mount("/legacy", way.below(shiftOnce, app.ServeHTTP))
			r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/legacy/a/b/c", nil))
			require.Equal(t, split{"/legacy/a/b", "/c"}, got)
		})
	}
}

// A literal environ makes a request, as package net/http/cgi does.
func TestRequestOfALiteral(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values dict
		want   inner
	}{
		{
			"nothing", dict{},
			inner{Method: "GET", Path: "/", Remote: ":0", Header: http.Header{}},
		},
		{
			"all of it",
			dict{
				"REQUEST_METHOD": "POST", "SCRIPT_NAME": "/legacy", "PATH_INFO": "/a b/\xff", "QUERY_STRING": "q=1", "HTTP_HOST": "example.com",
				"CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "5", "HTTP_X_A": "1", "REMOTE_ADDR": "192.0.2.1", "REMOTE_PORT": "1234",
				"wsgi.input": strings.NewReader("hello"), "wsgi.version": [2]int{1, 0},
			},
			inner{
				Method: "POST", Path: "/legacy/a b/\xff", Query: "q=1", Host: "example.com", Remote: "192.0.2.1:1234", Body: "hello", Length: 5,
				Header: http.Header{"Content-Type": {"text/plain"}, "X-A": {"1"}},
			},
		},
		{
			"a REQUEST_URI", dict{"REQUEST_URI": "/a%2Fb?q=1", "HTTP_HOST": "x"},
			inner{Method: "GET", Path: "/a/b", Query: "q=1", Host: "x", Remote: ":0", Header: http.Header{}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := environ.New(tt.values)
			var got inner
			h := func(_ http.ResponseWriter, r *http.Request) {
				found, ok := environ.FromContext(r.Context())
				require.True(t, ok)
				require.Same(t, env, found)
				got = innerOf(r)
			}
			_, err := adapter.FromHandler(http.HandlerFunc(h))(env, accept)
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}

	for name, env := range map[string]*environ.Environ{
		"length": environ.New(dict{"CONTENT_LENGTH": "five"}), "target": environ.New(dict{"REQUEST_URI": "%zz"}),
		"protocol": environ.New(dict{"SERVER_PROTOCOL": "carrier pigeon"}),
	} {
		_, err := adapter.FromHandler(http.NotFoundHandler())(env, accept)
		require.Error(t, err, name)
	}
}

// accept is a start that takes whatever comes.
func accept(string, adapter.Headers, ...error) (io.Writer, error) { return io.Discard, nil }
