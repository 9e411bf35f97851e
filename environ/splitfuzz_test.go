package environ_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gowsgi/gowsgi/environ"
)

// shapes are the ways to be mounted that leave the path as it is.
var shapes = []struct {
	name   string
	base   map[string]any
	router func(http.Handler) http.Handler
}{
	{"bare", nil, nil},
	{"the root is given", map[string]any{"SCRIPT_NAME": ""}, nil},
	{"a mount is given", map[string]any{"SCRIPT_NAME": "/a/b"}, nil},
	{"fallback", nil, notFound},
	{"inherited fallback", nil, inherited},
	{"inherited fallback, the root is given", map[string]any{"SCRIPT_NAME": ""}, inherited},
	{"chi pattern", nil, handle("/a/*")},
	{"ServeMux pattern", nil, serveMux("/a/")},
	{"Mount", nil, mount("/a")},
	{"Mount at the root", nil, mount("/")},
	{"Mount with a slash", nil, mount("/a/")},
	{"Mount a parameter", nil, mount("/{a}")},
	{"Mount two parameters", nil, mount("/{a}/{b}")},
	{"Mount a pattern", nil, mount("/{a:[a-z]+}")},
	{"nested", nil, chiUse(noop, nested)},
	{"nested in itself", nil, inside(mount("/a"), mount("/a"))},
	{"StripPrefix", nil, strip("/a")},
	{"StripPrefix with a slash", nil, strip("/a/")},
	{"StripPrefix of a byte", nil, strip("/")},
	{"StripPrefix around Mount", nil, inside(strip("/a"), mount("/b"))},
	{"StripPrefix within Mount", nil, inside(mount("/a"), strip("/a"))},
	{"StripPrefix below Mount", nil, inside(mount("/a"), strip("/a/b"))},
	{"Mount within ServeMux", nil, inside(serveMux("/a/"), mount("/a/b"))},
}

// SCRIPT_NAME + PATH_INFO is the decoded path that was asked for, whatever the
// mount; SCRIPT_NAME ends in no slash, and PATH_INFO begins with one.
func FuzzSplit(f *testing.F) {
	for _, group := range [][]routeCase{plainRoutes, mountedRoutes, strippedRoutes} {
		for _, tt := range group {
			f.Add(tt.target)
		}
	}
	for _, target := range []string{
		"*", "//a", "///", "/a//", "/a/a", "/a/a/", "/a/b/c", "/a%2Fb", "/%61/b", "/a/%2e%2E/b", "/a%2F", "/a%2F/b", "//a/b",
		"/a/7/b/c", "/a/../b", "/b/a", "/a?b", "http://h//a", "/a%2F%2F", "/a;b/c", "/a/b%2F", "/%2Fa/b", "//", "/aa/b", "/%41%2F/b%FF",
	} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n")))
		if err != nil {
			t.Skip()
		}
		want := "/"
		if u, err := url.ParseRequestURI(r.RequestURI); err == nil && u.Path != "" {
			want = u.Path
		}
		for _, shape := range shapes {
			checkSplit(t, shape.name, r, want, fromHandler(shape.base), shape.router)
			if shape.base == nil {
				checkSplit(t, shape.name, r, want, fromRequest, shape.router)
			}
		}
	})
}

func checkSplit(t *testing.T, name string, r *http.Request, want string, env maker, router func(http.Handler) http.Handler) {
	t.Helper()
	app := env(func(env *environ.Environ) {
		got := splitOf(env)
		switch {
		case got.Script+got.Info != want:
			t.Errorf("%s: %q is split into %q and %q", name, r.RequestURI, got.Script, got.Info)
		case strings.HasSuffix(got.Script, "/"):
			t.Errorf("%s: the SCRIPT_NAME of %q is %q", name, r.RequestURI, got.Script)
		case got.Info != "" && got.Info[0] != '/' && got.Info != "*":
			t.Errorf("%s: the PATH_INFO of %q is %q", name, r.RequestURI, got.Info)
		case got.Script+got.Info == "":
			t.Errorf("%s: %q is split into nothing", name, r.RequestURI)
		}
	})
	if router != nil {
		app = router(app)
	}
	app.ServeHTTP(httptest.NewRecorder(), r.Clone(r.Context()))
}
