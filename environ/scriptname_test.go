package environ_test

import (
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	gowsgimw "github.com/gowsgi/gowsgi/middleware"
)

// A SCRIPT_NAME that Handler.Environ gives is the mount, wherever the Handler
// stands. Outside of it is a 404.
func TestScriptNameGiven(t *testing.T) {
	outside := split{"", "404"}
	for _, tt := range []struct {
		name   string
		given  any
		router func(http.Handler) http.Handler
		target string
		want   split
	}{
		{"below", "/app", nil, "/app/x", split{"/app", "/x"}},
		{"itself", "/app", nil, "/app", split{"/app", ""}},
		{"its slash", "/app", nil, "/app/", split{"/app", "/"}},
		{"a query", "/app", nil, "/app?/x", split{"/app", ""}},
		{"no whole segment", "/app", nil, "/application/x", outside},
		{"outside", "/app", nil, "/other", outside},
		{"the root is outside", "/app", nil, "/", outside},
		{"another case is outside", "/app", nil, "/APP/x", outside},
		{"a double slash before is outside", "/app", nil, "//app/x", outside},
		{"a double slash after", "/app", nil, "/app//x", split{"/app", "//x"}},
		{"its name again", "/app", nil, "/app/app", split{"/app", "/app"}},
		{"encoded", "/app", nil, "/%61pp/a%2Fb", split{"/app", "/a/b"}},
		{"two segments", "/a/b", nil, "/a/b/c", split{"/a/b", "/c"}},
		{"an encoded slash is a slash", "/a/b", nil, "/a%2Fb/c", split{"/a/b", "/c"}},
		{"bytes", "/caf\xc3\xa9", nil, "/caf%C3%A9/x", split{"/caf\xc3\xa9", "/x"}},
		{"absolute form", "/app", nil, "http://other/app/x", split{"/app", "/x"}},
		{"absolute form without a path", "/app", nil, "http://other", outside},

		{"with a slash", "/app/", nil, "/app/x", split{"/app", "/x"}},
		{"with a slash, itself", "/app/", nil, "/app", split{"/app", ""}},
		{"with a slash, its slash", "/app/", nil, "/app/", split{"/app", "/"}},
		{"with many slashes", "/app///", nil, "/app/x", split{"/app", "/x"}},
		{"without its first slash", "app", nil, "/app/x", split{"/app", "/x"}},

		{"the root", "", nil, "/app/x", split{"", "/app/x"}},
		{"the root as a slash", "/", nil, "/app/x", split{"", "/app/x"}},
		{"the root as slashes", "//", nil, "/app/x", split{"", "/app/x"}},
		{"the root itself", "", nil, "/", split{"", "/"}},
		{"the root, double slashes", "", nil, "//a//b", split{"", "//a//b"}},
		{"the root, absolute form without a path", "", nil, "http://other", split{"", "/"}},
		{"no string", 7, nil, "/app/x", split{"", "/app/x"}},

		{"the root, as the fallback", "", notFound, "/a/b", split{"", "/a/b"}},
		{"the root, as the fallback that a sub-router inherits", "", inherited, "/api/x", split{"", "/api/x"}},
		{"the root, inherited, the sub-router itself", "", inherited, "/api", split{"", "/api"}},
		{"the root, inherited, the sub-router's slash", "", inherited, "/api/", split{"", "/api/"}},
		{"the root, inherited twice", "", inherited, "/api/v1/7/x", split{"", "/api/v1/7/x"}},
		{"the root, inherited, encoded", "", inherited, "/api/v1/7%2F8/x%2Fy", split{"", "/api/v1/7/8/x/y"}},
		{"the root, mounted", "", mount("/legacy"), "/legacy/a", split{"", "/legacy/a"}},
		{"the root, mounted itself", "", mount("/legacy"), "/legacy", split{"", "/legacy"}},
		{"the root, stripped", "", strip("/app"), "/app/x", split{"", "/app/x"}},
		{"the root, StripSlashes", "", chiUse(middleware.StripSlashes, fallback), "/a/", split{"", "/a"}},
		{"the root, CleanPath", "", chiUse(middleware.CleanPath, fallback), "//a/../b", split{"", "/b"}},
		{"the root, another path", "", rewriting("/old", "/new"), "/old/a", split{"", "/new/a"}},

		{"as the mount says", "/legacy", mount("/legacy"), "/legacy/a", split{"/legacy", "/a"}},
		{"less than the mount says", "/a", mount("/a/b"), "/a/b/c", split{"/a", "/b/c"}},
		{"more than the mount says", "/a/b", mount("/a"), "/a/b/c", split{"/a/b", "/c"}},
		{"more than the mount says, outside", "/a/b", mount("/a"), "/a/c", outside},
		{"as StripPrefix says", "/app", strip("/app"), "/app/x", split{"/app", "/x"}},
		{"behind a chi pattern", "/legacy", handle("/legacy/*"), "/legacy/a", split{"/legacy", "/a"}},
		{"behind a ServeMux pattern", "/legacy", serveMux("/legacy/"), "/legacy/a", split{"/legacy", "/a"}},
		{"in a fallback", "/legacy", notFound, "/legacy/a", split{"/legacy", "/a"}},
		{"in a fallback, outside", "/legacy", notFound, "/other", outside},
		{"a rewritten path is what counts", "/new", rewriting("/old", "/new"), "/old/a", split{"/new", "/a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := see(t, fromHandler(map[string]any{"SCRIPT_NAME": tt.given}), tt.router, get(tt.target), splitOf)
			if !ok {
				got = outside
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.target, diff)
			}
		})
	}
}

// A SCRIPT_NAME that middleware or server gives holds for the environs below;
// the innermost wins.
func TestScriptNameGivenOutside(t *testing.T) {
	around := func(given string) func(http.Handler) http.Handler {
		return gowsgimw.Environ(map[string]any{"SCRIPT_NAME": given})
	}
	for _, tt := range []struct {
		name   string
		env    maker
		router func(http.Handler) http.Handler
		want   split
	}{
		{"FromRequest", fromRequest, around("/a"), split{"/a", "/b/c"}},
		{"Handler", fromHandler(nil), around("/a"), split{"/a", "/b/c"}},
		{"Handler's own", fromHandler(map[string]any{"SCRIPT_NAME": "/a/b"}), around("/a"), split{"/a/b", "/c"}},
		{"Handler's own root", fromHandler(map[string]any{"SCRIPT_NAME": ""}), around("/a"), split{"", "/a/b/c"}},
		{"two middlewares", fromHandler(nil), inside(around("/a"), around("/a/b")), split{"/a/b", "/c"}},
		{"FromRequest outside of it", fromRequest, around("/other"), split{"", "/a/b/c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, mustSee(t, tt.env, tt.router, get("/a/b/c"), splitOf))
		})
	}
}

func TestTargetsThatAreNoPath(t *testing.T) {
	type seen struct {
		Method string
		split
		URI string
	}
	read := func(env *environ.Environ) seen {
		return seen{env.Get("REQUEST_METHOD"), splitOf(env), env.Get("REQUEST_URI")}
	}
	options := "OPTIONS * HTTP/1.1\nHost: x\nConnection: close\n\n"
	for _, tt := range []struct {
		name   string
		env    maker
		router func(http.Handler) http.Handler
		raw    string
		want   seen
	}{
		{"OPTIONS *", fromRequest, nil, options, seen{"OPTIONS", split{"", "*"}, "*"}},
		{"OPTIONS *, Handler", fromHandler(nil), nil, options, seen{"OPTIONS", split{"", "*"}, "*"}},
		{"OPTIONS *, the root is given", fromHandler(map[string]any{"SCRIPT_NAME": ""}), nil, options, seen{"OPTIONS", split{"", "*"}, "*"}},
		{"OPTIONS *, the fallback", fromHandler(nil), notFound, options, seen{"OPTIONS", split{"", "*"}, "*"}},
		{"OPTIONS *, HTTP/1.0", fromHandler(nil), nil, "OPTIONS * HTTP/1.0\n\n", seen{"OPTIONS", split{"", "*"}, "*"}},
		{
			"CONNECT", fromHandler(nil), nil, "CONNECT example.com:443 HTTP/1.1\nHost: example.com:443\nConnection: close\n\n",
			seen{"CONNECT", split{"", "/"}, "example.com:443"},
		},
		{
			"CONNECT, FromRequest", fromRequest, nil, "CONNECT example.com:443 HTTP/1.1\nHost: example.com:443\nConnection: close\n\n",
			seen{"CONNECT", split{"", "/"}, "example.com:443"},
		},
		{
			"CONNECT, the root is given", fromHandler(map[string]any{"SCRIPT_NAME": ""}), nil, "CONNECT example.com:443 HTTP/1.1\nHost: example.com:443\nConnection: close\n\n",
			seen{"CONNECT", split{"", "/"}, "example.com:443"},
		},
		{
			"CONNECT, the fallback", fromHandler(nil), notFound, "CONNECT example.com:443 HTTP/1.1\nHost: example.com:443\nConnection: close\n\n",
			seen{"CONNECT", split{"", "/"}, "example.com:443"},
		},
		{
			"CONNECT with a path", fromHandler(nil), nil, "CONNECT /a HTTP/1.1\nHost: x\nConnection: close\n\n",
			seen{"CONNECT", split{"", "/a"}, "/a"},
		},
		{
			"another method", fromHandler(nil), nil, "BREW /pot HTTP/1.1\nHost: x\nConnection: close\n\n",
			seen{"BREW", split{"", "/pot"}, "/pot"},
		},
		{
			"absolute form stays as it was sent", fromHandler(nil), nil, get("http://other:8080?a=%2F"),
			seen{"GET", split{"", "/"}, "http://other:8080?a=%2F"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := mustSee(t, tt.env, tt.router, tt.raw, read)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(seen{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}

	t.Run("OPTIONS * outside of a given SCRIPT_NAME", func(t *testing.T) {
		_, ok := see(t, fromHandler(map[string]any{"SCRIPT_NAME": "/app"}), nil, options, read)
		require.False(t, ok)
	})

	t.Run("OPTIONS * behind our Server", func(t *testing.T) {
		found := make(chan seen, 1)
		srv := adapter.NewServer("", func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			found <- read(env)
			_, err := start("204 No Content", nil)
			return nil, err
		})
		srv.Log = io.Discard
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		served := make(chan error, 1)
		go func() { served <- srv.Serve(l) }()
		conn, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Contains(t, string(answer), "204 No Content")
		require.Equal(t, seen{"OPTIONS", split{"", "*"}, "*"}, <-found)
		require.NoError(t, srv.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	})
}

// A request that was made, not received, has no request line; its URL is what
// was asked for.
func TestRouteOfARequestWithoutARequestLine(t *testing.T) {
	r, err := http.NewRequest(http.MethodGet, "http://x/legacy/a%2Fb?c=d", nil)
	require.NoError(t, err)
	env := environ.FromRequest(r)
	require.Equal(t, split{"", "/legacy/a/b"}, splitOf(env))
	require.Equal(t, "/legacy/a%2Fb?c=d", env.Get("REQUEST_URI"))

	mount("/legacy")(fromRequest(func(env *environ.Environ) {
		require.Equal(t, split{"/legacy", "/a/b"}, splitOf(env))
	})).ServeHTTP(nil, r)
}
