package environ_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/middleware"
)

// Base values win over what the server knows, never over what the request says.
func TestBaseValues(t *testing.T) {
	const raw = "POST /a?b=c HTTP/1.1\nHost: x\nConnection: close\nX-Sent: sent\nContent-Type: text/plain\nContent-Length: 0\n\n"
	for _, tt := range []struct {
		key  string
		base any
		want any
	}{
		// what the server knows
		{"SERVER_NAME", "base", "base"},
		{"SERVER_PORT", "1", "1"},
		{"SERVER_SOFTWARE", "base", "base"},
		{"GATEWAY_INTERFACE", "base", "base"},
		{"HTTPS", "on", "on"},
		{"wsgi.version", [2]int{1, 1}, [2]int{1, 1}},
		{"wsgi.url_scheme", "https", "https"},
		{"wsgi.multithread", false, false},
		{"wsgi.multiprocess", true, true},
		{"wsgi.run_once", true, true},
		{"wsgi.file_wrapper", nil, nil},
		{"wsgi.errors", "base", "base"},

		// what the request says
		{"REQUEST_METHOD", "base", "POST"},
		{"PATH_INFO", "base", "/a"},
		{"QUERY_STRING", "base", "b=c"},
		{"REQUEST_URI", "base", "/a?b=c"},
		{"SERVER_PROTOCOL", "base", "HTTP/1.1"},
		{"CONTENT_TYPE", "base", "text/plain"},
		{"CONTENT_LENGTH", "base", "0"},
		{"REMOTE_ADDR", "base", "127.0.0.1"},
		{"HTTP_HOST", "base", "x"},
		{"HTTP_X_SENT", "base", "sent"},
		{"HTTP_CONNECTION", "base", "close"},
		{"wsgi.input_terminated", "base", true},
		{"wsgiorg.routing_args", "base", "base"}, // a request outside of a router says nothing

		// what neither of them says
		{"HTTP_X_MISSING", "base", "base"},
		{"HTTP_COOKIE", "base", "base"},
		{"HTTP_PROXY", "base", "base"},
		{"HTTP_TRANSFER_ENCODING", "base", "base"},
		{"HTTP_TRAILER", "base", "base"},
		{"SSL_CLIENT_VERIFY", "base", "base"},
		{"REMOTE_USER", "base", "base"},
		{"app.pool", []int{1}, []int{1}},
		{"", "base", "base"},
		{"app.nil", nil, nil},
	} {
		t.Run(tt.key, func(t *testing.T) {
			got := mustSee(t, fromHandler(dict{tt.key: tt.base}), nil, raw, func(env *environ.Environ) any {
				checkDict(t, env, tt.key)
				_, ok := env.Lookup(tt.key)
				require.True(t, ok)
				return env.Value(tt.key)
			})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}

	t.Run("wsgi.input", func(t *testing.T) {
		mustSee(t, fromHandler(dict{"wsgi.input": "base"}), nil, raw, func(env *environ.Environ) any {
			require.IsType(t, new(environ.Input), env.Value("wsgi.input"))
			checkDict(t, env, "wsgi.input")
			return nil
		})
	})
}

// What no base value can say of a request that says nothing.
func TestAbsent(t *testing.T) {
	mustSee(t, fromHandler(nil), nil, "POST / HTTP/1.0\n\n", func(env *environ.Environ) any {
		for _, key := range []string{
			"CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_HOST", "HTTP_COOKIE", "HTTP_TRAILER", "HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_TYPE",
			"HTTP_CONTENT_LENGTH", "HTTP_PROXY", "HTTPS", "SSL_CLIENT_VERIFY", "SSL_CLIENT_NONSENSE", "REMOTE_USER", "wsgiorg.routing_args", "",
			"HTTP_", "HTTP", "path_info", "wsgi.", "wsgi.nonsense",
		} {
			value, ok := env.Lookup(key)
			require.False(t, ok, "%s is %v", key, value)
			checkDict(t, env, key)
		}
		return nil
	})
}

// Base values come from the Handler, from middleware and from the Server, the
// innermost first; what was Set on an environ outside wins over all of them.
func TestNestedBases(t *testing.T) {
	outer := middleware.Environ(dict{"app.a": "outer", "app.b": "outer", "SERVER_NAME": "outer", "app.c": "outer"})
	inner := middleware.Environ(dict{"app.a": "inner", "app.b": "inner"})
	set := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			env, _ := environ.FromContext(r.Context())
			env.Set("REMOTE_USER", "alice")
			env.Set("app.c", "set")
			env.Delete("SERVER_NAME")
			next.ServeHTTP(w, r)
		})
	}
	got := mustSee(t, fromHandler(dict{"app.a": "handler"}), inside(outer, inner, set), get("/"), func(env *environ.Environ) dict {
		checkDict(t, env, "SERVER_NAME")
		clone := env.Clone()
		checkDict(t, clone, "SERVER_NAME")
		require.Equal(t, env.Get("app.b"), clone.Get("app.b"))
		some := dict{}
		for _, key := range []string{"app.a", "app.b", "app.c", "REMOTE_USER", "SERVER_NAME"} {
			some[key] = env.Value(key)
		}
		return some
	})
	want := dict{"app.a": "handler", "app.b": "inner", "app.c": "set", "REMOTE_USER": "alice", "SERVER_NAME": nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What one request sets is neither in the base nor in another request.
func TestBaseIsShared(t *testing.T) {
	base := dict{"app.a": "base"}
	h := fromHandler(base)(func(env *environ.Environ) {
		require.Equal(t, "base", env.Get("app.a"))
		env.Set("app.a", "changed")
		env.Set("app.b", "new")
		env.Delete("app.a")
	})
	for range 2 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}
	require.Equal(t, dict{"app.a": "base"}, base)
}

func TestFromContext(t *testing.T) {
	_, ok := environ.FromContext(t.Context())
	require.False(t, ok)
	env := environ.New(dict{"a": "1"})
	found, ok := environ.FromContext(environ.NewContext(t.Context(), env))
	require.True(t, ok)
	require.Same(t, env, found)

	// An environ in the context that has no request of its own counts too.
	var out bytes.Buffer
	env.Set("wsgi.errors", &out)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	below := environ.FromRequest(r.WithContext(environ.NewContext(r.Context(), env)))
	require.Equal(t, "1", below.Get("a"))
	_, err := below.Errors().WriteString("hello\n")
	require.NoError(t, err)
	require.Equal(t, "hello\n", out.String())

	r = r.WithContext(environ.NewContext(r.Context(), nil))
	require.Equal(t, "/", environ.FromRequest(r).Get("PATH_INFO"))
	require.Equal(t, "/", environ.FromRequest(r.WithContext(environ.NewContext(r.Context(), new(environ.Environ)))).Get("PATH_INFO"))
}
