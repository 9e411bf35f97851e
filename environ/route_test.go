package environ_test

import (
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/go-cmp/cmp"

	"github.com/gowsgi/gowsgi/environ"
)

type split struct{ Script, Info string }

func splitOf(env *environ.Environ) split { return split{env.Get("SCRIPT_NAME"), env.Get("PATH_INFO")} }

// chiUse is a router that uses mw, with what routes make of it.
func chiUse(mw func(http.Handler) http.Handler, routes func(r chi.Router, app http.Handler)) func(http.Handler) http.Handler {
	return func(app http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Use(mw)
		routes(r, app)
		return r
	}
}

func legacy(r chi.Router, app http.Handler) { r.Mount("/legacy", app) }

func fallback(r chi.Router, app http.Handler) {
	r.Get("/new", http.NotFound) // without a route chi runs no middleware
	r.NotFound(app.ServeHTTP)
}

func nested(r chi.Router, app http.Handler) {
	r.Route("/a", func(r chi.Router) {
		r.Route("/{id}", func(r chi.Router) { r.Mount("/b", app) })
	})
}

type routeCase struct {
	name   string
	router func(http.Handler) http.Handler
	target string
	want   split
}

var plainRoutes = []routeCase{
	{"the root", nil, "/", split{"", "/"}},
	{"a path", nil, "/a/b", split{"", "/a/b"}},
	{"a trailing slash", nil, "/a/", split{"", "/a/"}},
	{"a query", nil, "/a?b=/c", split{"", "/a"}},
	{"an empty query", nil, "/a?", split{"", "/a"}},
	{"double slashes", nil, "//a//b//", split{"", "//a//b//"}},
	{"dots", nil, "/a/../b/./c", split{"", "/a/../b/./c"}},
	{"an encoded slash", nil, "/a%2Fb", split{"", "/a/b"}},
	{"a byte that is no UTF-8", nil, "/%FF", split{"", "/\xff"}},
	{"UTF-8", nil, "/caf%C3%A9", split{"", "/caf\xc3\xa9"}},
	{"raw bytes of the upper half", nil, "/caf\xe9", split{"", "/caf\xe9"}},
	{"decoded once", nil, "/%252F%2525", split{"", "/%2F%25"}},
	{"an encoded question mark", nil, "/a%3Fb?c", split{"", "/a?b"}},
	{"a number sign", nil, "/a%23b#c", split{"", "/a#b#c"}},
	{"a plus is no space", nil, "/a+b%20c", split{"", "/a+b c"}},
	{"a NUL", nil, "/a%00b", split{"", "/a\x00b"}},
	{"a semicolon", nil, "/a;b=c", split{"", "/a;b=c"}},

	{"absolute form", nil, "http://other/a/b?c", split{"", "/a/b"}},
	{"absolute form, encoded", nil, "http://other/a%2Fb", split{"", "/a/b"}},
	{"absolute form without a path", nil, "http://other", split{"", "/"}},
	{"absolute form without a path but a query", nil, "http://other?a=b", split{"", "/"}},
	{"absolute form, mounted", mount("/legacy"), "http://other/legacy/a", split{"/legacy", "/a"}},
	{"absolute form, mounted itself", mount("/legacy"), "http://other/legacy", split{"/legacy", ""}},
	{"absolute form without a path, mounted at the root", mount("/"), "http://other", split{"", "/"}},
	{"absolute form without a path, as the fallback", notFound, "http://other", split{"", "/"}},
	{"absolute form, stripped", strip("/app"), "http://other/app/x", split{"/app", "/x"}},
}

var mountedRoutes = []routeCase{
	{"Mount", mount("/legacy"), "/legacy/a/b", split{"/legacy", "/a/b"}},
	{"Mount, itself", mount("/legacy"), "/legacy", split{"/legacy", ""}},
	{"Mount, its slash", mount("/legacy"), "/legacy/", split{"/legacy", "/"}},
	{"Mount, two slashes", mount("/legacy"), "/legacy//", split{"/legacy", "//"}},
	{"Mount, a slash too many", mount("/legacy"), "/legacy//a", split{"/legacy", "//a"}},
	{"Mount, its own name below", mount("/legacy"), "/legacy/legacy", split{"/legacy", "/legacy"}},
	{"Mount, its own name with a slash below", mount("/legacy"), "/legacy/legacy/", split{"/legacy", "/legacy/"}},
	{"Mount, an encoded slash below", mount("/legacy"), "/legacy/a%2Fb", split{"/legacy", "/a/b"}},
	{"Mount, only an encoded slash below", mount("/legacy"), "/legacy/%2F", split{"/legacy", "//"}},
	{"Mount, decoded once", mount("/legacy"), "/legacy/%252F", split{"/legacy", "/%2F"}},
	{"Mount, decoded once beside an encoded slash", mount("/legacy"), "/legacy/%252F%2F", split{"/legacy", "/%2F/"}},
	{"Mount, %FF", mount("/legacy"), "/legacy/%FF", split{"/legacy", "/\xff"}},
	{"Mount, %FF beside an encoded slash", mount("/legacy"), "/legacy/%FF%2F", split{"/legacy", "/\xff/"}},
	{"Mount, a query", mount("/legacy"), "/legacy?a=/b", split{"/legacy", ""}},
	{"Mount, dots", mount("/legacy"), "/legacy/../a", split{"/legacy", "/../a"}},
	{"Mount, at the root", mount("/"), "/a/b/", split{"", "/a/b/"}},
	{"Mount, at the root, itself", mount("/"), "/", split{"", "/"}},
	{"Mount, with a slash", mount("/legacy/"), "/legacy/a", split{"/legacy", "/a"}},
	{"Mount, with a slash, itself", mount("/legacy/"), "/legacy/", split{"/legacy", "/"}},
	{"Mount, two segments", mount("/a/b"), "/a/b/c", split{"/a/b", "/c"}},
	{"Mount, a parameter", mount("/{tenant}"), "/acme/a", split{"/acme", "/a"}},
	{"Mount, a parameter, itself", mount("/{tenant}"), "/acme", split{"/acme", ""}},
	{"Mount, a parameter, its slash", mount("/{tenant}"), "/acme/", split{"/acme", "/"}},
	{"Mount, a parameter with a slash in it", mount("/{tenant}"), "/a%2Fb/c", split{"/a/b", "/c"}},
	{"Mount, a parameter like what is below", mount("/{tenant}"), "/a/a", split{"/a", "/a"}},
	{"Mount, a regular expression", mount("/{id:[0-9]+}"), "/42/a", split{"/42", "/a"}},

	{"nested", chiUse(noop, nested), "/a/7/b/c/d", split{"/a/7/b", "/c/d"}},
	{"nested, itself", chiUse(noop, nested), "/a/7/b", split{"/a/7/b", ""}},
	{"nested, its slash", chiUse(noop, nested), "/a/7/b/", split{"/a/7/b", "/"}},
	{"nested, an encoded slash in the middle", chiUse(noop, nested), "/a/7%2F8/b/c%2Fd", split{"/a/7/8/b", "/c/d"}},
	{"nested, names that repeat", inside(mount("/a"), mount("/a"), mount("/a")), "/a/a/a/a", split{"/a/a/a", "/a"}},
	{"a route below a mount", inside(mount("/a"), handle("/b/*")), "/a/b/c", split{"/a", "/b/c"}},
	{"the fallback below a mount", inside(mount("/a"), notFound), "/a/b/c", split{"/a", "/b/c"}},
	{"the fallback that a sub-router inherits", inherited, "/api/x", split{"/api", "/x"}},
	{"a group", groups, "/legacy/a", split{"/legacy", "/a"}},

	{"a chi pattern is no mount", handle("/legacy/*"), "/legacy/a", split{"", "/legacy/a"}},
	{"a chi pattern, itself", handle("/legacy"), "/legacy", split{"", "/legacy"}},
	{"a chi parameter", handle("/{id}/x"), "/7/x", split{"", "/7/x"}},
	{"a ServeMux pattern is no mount", serveMux("/legacy/"), "/legacy/a", split{"", "/legacy/a"}},
	{"a ServeMux pattern, itself", serveMux("/legacy/"), "/legacy/", split{"", "/legacy/"}},
	{"the fallback", notFound, "/a/b", split{"", "/a/b"}},
	{"the fallback at the root", notFound, "/", split{"", "/"}},
	{"the fallback, encoded", notFound, "/a%2Fb", split{"", "/a/b"}},

	{"chi inside of ServeMux", inside(serveMux("/x/"), mount("/x/legacy")), "/x/legacy/a", split{"/x/legacy", "/a"}},
	{"ServeMux inside of chi", inside(mount("/legacy"), serveMux("/legacy/a/")), "/legacy/a/b", split{"/legacy", "/a/b"}},
}

var strippedRoutes = []routeCase{
	{"StripPrefix", strip("/app"), "/app/x", split{"/app", "/x"}},
	{"StripPrefix, itself", strip("/app"), "/app", split{"/app", ""}},
	{"StripPrefix, its slash", strip("/app"), "/app/", split{"/app", "/"}},
	{"StripPrefix, encoded", strip("/app"), "/app/a%2Fb", split{"/app", "/a/b"}},
	{"StripPrefix, two segments", strip("/a/b"), "/a/b/c", split{"/a/b", "/c"}},
	{"StripPrefix, a space in it", strip("/a b"), "/a%20b/c", split{"/a b", "/c"}},
	{"StripPrefix, its own name below", strip("/app"), "/app/app", split{"/app", "/app"}},
	{"StripPrefix with a slash", strip("/app/"), "/app/x/y", split{"/app", "/x/y"}},
	{"StripPrefix with a slash, itself", strip("/app/"), "/app/", split{"/app", "/"}},
	{"StripPrefix with a slash, and a slash too many", strip("/app/"), "/app//x", split{"/app", "//x"}},
	{"StripPrefix of no whole segment", strip("/app"), "/application/x", split{"", "/application/x"}},
	{"StripPrefix of nothing", strip(""), "/a", split{"", "/a"}},
	{"StripPrefix of the root", strip("/"), "/a", split{"", "/a"}},
	{"StripPrefix behind a ServeMux pattern", inside(serveMux("/app/"), strip("/app")), "/app/x", split{"/app", "/x"}},
	{"StripPrefix twice", inside(strip("/a"), strip("/b")), "/a/b/c", split{"/a/b", "/c"}},
	{"StripPrefix twice, with slashes", inside(strip("/a/"), strip("b/")), "/a/b/c", split{"/a/b", "/c"}},

	{"StripPrefix outside of a mount", inside(strip("/out"), mount("/legacy")), "/out/legacy/a", split{"/out/legacy", "/a"}},
	{"StripPrefix outside of a mount, itself", inside(strip("/out"), mount("/legacy")), "/out/legacy", split{"/out/legacy", ""}},
	{"StripPrefix outside of a mount, its slash", inside(strip("/out"), mount("/legacy")), "/out/legacy/", split{"/out/legacy", "/"}},
	{"StripPrefix outside of a mount, encoded", inside(strip("/out"), mount("/legacy")), "/out/legacy/a%2Fb", split{"/out/legacy", "/a/b"}},
	{"StripPrefix outside of the fallback", inside(strip("/out"), notFound), "/out/a", split{"/out", "/a"}},
	{"StripPrefix inside of a mount", inside(mount("/legacy"), strip("/legacy")), "/legacy/a", split{"/legacy", "/a"}},
	{"StripPrefix inside of a mount, itself", inside(mount("/legacy"), strip("/legacy")), "/legacy", split{"/legacy", ""}},
	{"StripPrefix inside of a mount, its slash", inside(mount("/legacy"), strip("/legacy")), "/legacy/", split{"/legacy", "/"}},
	{"StripPrefix inside of a mount, with a slash", inside(mount("/legacy"), strip("/legacy/")), "/legacy/a", split{"/legacy", "/a"}},
	{"StripPrefix inside of a mount, encoded", inside(mount("/legacy"), strip("/legacy")), "/legacy/a%2Fb", split{"/legacy", "/a/b"}},
	{"StripPrefix below a mount", inside(mount("/legacy"), strip("/legacy/app")), "/legacy/app/x", split{"/legacy/app", "/x"}},
	{"StripPrefix below a mount, itself", inside(mount("/legacy"), strip("/legacy/app")), "/legacy/app", split{"/legacy/app", ""}},
	{"StripPrefix behind a chi pattern", inside(handle("/legacy/*"), strip("/legacy")), "/legacy/a", split{"/legacy", "/a"}},
	{"chi's StripPrefix", chiUse(middleware.StripPrefix("/out"), legacy), "/out/legacy/a", split{"/out/legacy", "/a"}},
}

var rewrittenRoutes = []routeCase{
	{"StripSlashes, mounted", chiUse(middleware.StripSlashes, legacy), "/legacy/a/", split{"/legacy", "/a"}},
	{"StripSlashes, nothing to strip", chiUse(middleware.StripSlashes, legacy), "/legacy/a", split{"/legacy", "/a"}},
	{"StripSlashes, the mount itself", chiUse(middleware.StripSlashes, legacy), "/legacy", split{"/legacy", ""}},
	{"StripSlashes, the fallback", chiUse(middleware.StripSlashes, fallback), "/a/b/", split{"", "/a/b"}},
	{"StripSlashes, the root", chiUse(middleware.StripSlashes, fallback), "/", split{"", "/"}},
	{"StripSlashes, nested", chiUse(middleware.StripSlashes, nested), "/a/7/b/c/", split{"/a/7/b", "/c"}},
	{"StripSlashes, encoded", chiUse(middleware.StripSlashes, legacy), "/legacy/a%20b/", split{"/legacy", "/a b"}},

	{"CleanPath, mounted", chiUse(middleware.CleanPath, legacy), "/legacy//a//b", split{"/legacy", "/a/b"}},
	{"CleanPath, one slash too many below", chiUse(middleware.CleanPath, legacy), "/legacy//a", split{"/legacy", "/a"}},
	{"CleanPath, before the mount", chiUse(middleware.CleanPath, legacy), "//legacy/a", split{"/legacy", "/a"}},
	{"CleanPath, around the mount", chiUse(middleware.CleanPath, legacy), "//legacy//a", split{"/legacy", "/a"}},
	{"CleanPath, dots", chiUse(middleware.CleanPath, legacy), "/x/../legacy/./a", split{"/legacy", "/a"}},
	{"CleanPath, out of the mount and in", chiUse(middleware.CleanPath, legacy), "/legacy/../legacy/a", split{"/legacy", "/a"}},
	{"CleanPath, a trailing slash", chiUse(middleware.CleanPath, legacy), "/legacy/a/", split{"/legacy", "/a"}},
	{"CleanPath, many slashes after the mount", chiUse(middleware.CleanPath, legacy), "/legacy///", split{"/legacy", "/"}},
	{"CleanPath, clean already", chiUse(middleware.CleanPath, legacy), "/legacy/a", split{"/legacy", "/a"}},
	{"CleanPath, the mount itself", chiUse(middleware.CleanPath, legacy), "/legacy", split{"/legacy", ""}},
	{"CleanPath, the mount's slash", chiUse(middleware.CleanPath, legacy), "/legacy/", split{"/legacy", "/"}},
	{"CleanPath, nested", chiUse(middleware.CleanPath, nested), "/a//7/b/../b/c", split{"/a/7/b", "/c"}},
	{"CleanPath, encoded", chiUse(middleware.CleanPath, legacy), "/legacy//a%2Fb", split{"/legacy", "/a/b"}},
	{"CleanPath, the fallback", chiUse(middleware.CleanPath, fallback), "//a//b", split{"", "/a/b"}},
	{"CleanPath, the fallback, a slash in front", chiUse(middleware.CleanPath, fallback), "//a/b", split{"", "/a/b"}},
	{"CleanPath, the fallback, back to where it was", chiUse(middleware.CleanPath, fallback), "/a/../a/b", split{"", "/a/b"}},
	{"CleanPath, up to the root", chiUse(middleware.CleanPath, fallback), "/a/..", split{"", "/"}},

	{"another path", rewriting("/old", "/new"), "/old/a", split{"", "/new/a"}},
	{"another path before a mount", inside(rewriting("/old", "/legacy"), mount("/legacy")), "/old/a", split{"/legacy", "/a"}},
	{"another path below a mount", inside(mount("/legacy"), rewriting("/legacy/a", "/b")), "/legacy/a", split{"", "/b"}},
	{"another path, encoded before", rewriting("/a/b", "/c"), "/a%2Fb/d", split{"", "/c/d"}},
	{"no path at all", rewriting("/old", ""), "/old", split{"/old", ""}},
	{"a path without its slash", rewriting("/old/", "new/"), "/old/a", split{"", "/new/a"}},
	{"chi's URLFormat, the fallback", chiUse(middleware.URLFormat, fallback), "/a/b.json", split{"", "/a/b"}},
	{"chi's PathRewrite", chiUse(middleware.PathRewrite("/v1", "/legacy"), legacy), "/v1/a", split{"/legacy", "/a"}},
}

func noop(next http.Handler) http.Handler { return next }

func groups(app http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Group(func(r chi.Router) { r.With(noop).Mount("/legacy", app) })
	return r
}

func TestRoute(t *testing.T) {
	for group, cases := range map[string][]routeCase{
		"plain": plainRoutes, "mounted": mountedRoutes, "stripped": strippedRoutes, "rewritten": rewrittenRoutes,
	} {
		for _, tt := range cases {
			for by, env := range map[string]maker{"FromRequest": fromRequest, "Clone": fromClone, "Handler": fromHandler(nil)} {
				t.Run(group+"/"+tt.name+"/"+by, func(t *testing.T) {
					got := mustSee(t, env, tt.router, get(tt.target), splitOf)
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Errorf("%s (-want +got):\n%s", tt.target, diff)
					}
				})
			}
		}
	}
}
