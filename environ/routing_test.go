package environ_test

import (
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/go-cmp/cmp"

	"github.com/gowsgi/gowsgi/environ"
)

func shop(r chi.Router, app http.Handler) {
	r.Route("/{tenant}", func(r chi.Router) {
		r.Get("/item/{id:[0-9]+}", app.ServeHTTP)
		r.Get("/files/*", app.ServeHTTP)
		r.Get("/{tenant}", app.ServeHTTP)
		r.Mount("/legacy/{shop}", app)
	})
}

func TestRoutingArgs(t *testing.T) {
	type named = map[string]string
	args := func(n named, positional ...string) any { return environ.RoutingArgs{Named: n, Positional: positional} }
	for _, tt := range []struct {
		name   string
		router func(http.Handler) http.Handler
		target string
		want   any
	}{
		{"no router", nil, "/a", nil},
		{"the fallback", notFound, "/a", nil},
		{"Mount, whose wildcard is used up", mount("/legacy"), "/legacy/a", nil},
		{"Mount, itself", mount("/legacy"), "/legacy", nil},
		{"a chi pattern without parameters", handle("/a"), "/a", nil},

		{"a parameter", handle("/{id}"), "/7", args(named{"id": "7"})},
		{"parameters in a segment", handle("/{from}-{to}"), "/a-b", args(named{"from": "a", "to": "b"})},
		{"a wildcard", handle("/files/*"), "/files/a/b", args(nil, "a/b")},
		{"a wildcard of nothing", handle("/files/*"), "/files/", nil},
		{"a parameter and a wildcard", handle("/{id}/*"), "/7/a/b", args(named{"id": "7"}, "a/b")},
		{"Mount a parameter", mount("/{tenant}"), "/acme/a", args(named{"tenant": "acme"})},
		{"nested, a regular expression", chiUse(noop, shop), "/acme/item/42", args(named{"tenant": "acme", "id": "42"})},
		{"nested, a wildcard", chiUse(noop, shop), "/acme/files/a/b", args(named{"tenant": "acme"}, "a/b")},
		{"nested, the same name: the innermost", chiUse(noop, shop), "/acme/other", args(named{"tenant": "other"})},
		{"nested mounts", chiUse(noop, shop), "/acme/legacy/books/a", args(named{"tenant": "acme", "shop": "books"})},
		{"a route below a mount", inside(mount("/{a}"), handle("/{b}")), "/1/2", args(named{"a": "1", "b": "2"})},
		{"the fallback below a parameter", inside(mount("/{a}"), notFound), "/1/2", args(named{"a": "1"})},

		{"decoded", handle("/{id}"), "/caf%C3%A9", args(named{"id": "caf\xc3\xa9"})},
		{"decoded beside an encoded slash", handle("/{id}/{name}"), "/a%2Fb/caf%C3%A9", args(named{"id": "a/b", "name": "caf\xc3\xa9"})},
		{"decoded once", handle("/{id}"), "/%252F", args(named{"id": "%2F"})},
		{"decoded once beside an encoded slash", handle("/{id}"), "/%252F%2F", args(named{"id": "%2F/"})},
		{"a wildcard with an encoded slash", handle("/files/*"), "/files/a%2Fb/c", args(nil, "a/b/c")},
		{"behind CleanPath", chiUse(middleware.CleanPath, shop), "//acme//item/42", args(named{"tenant": "acme", "id": "42"})},

		{"ServeMux, a parameter", serveMux("/{id}/x"), "/7/x", args(named{"id": "7"})},
		{"ServeMux, the rest", serveMux("/files/{path...}"), "/files/a/b", args(named{"path": "a/b"})},
		{"ServeMux, the rest, empty", serveMux("/files/{path...}"), "/files/", args(named{"path": ""})},
		{"ServeMux, two, with a method and a host", serveMux("GET x/{a}/{b}"), "/1/2", args(named{"a": "1", "b": "2"})},
		{"ServeMux, the end", serveMux("/a/{$}"), "/a/", nil},
		{"ServeMux, a parameter and the end", serveMux("/{a}/{$}"), "/1/", args(named{"a": "1"})},
		{"ServeMux, none", serveMux("/a/"), "/a/b", nil},
		{"ServeMux, an encoded slash", serveMux("/{id}"), "/a%2Fb", args(named{"id": "a/b"})},
		{"ServeMux and StripPrefix", inside(serveMux("/{a}/"), strip("/1")), "/1/2", args(named{"a": "1"})},
		{"chi around ServeMux", inside(mount("/legacy"), serveMux("/legacy/{a}")), "/legacy/1", args(named{"a": "1"})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for by, env := range map[string]maker{"FromRequest": fromRequest, "Clone": fromClone, "Handler": fromHandler(nil)} {
				got := mustSee(t, env, tt.router, get(tt.target), func(env *environ.Environ) any {
					checkDict(t, env, "wsgiorg.routing_args")
					return env.Value("wsgiorg.routing_args")
				})
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", by, diff)
				}
			}
		})
	}
}

// An application may change what it was given: it is its own.
func TestRoutingArgsAreTheReaders(t *testing.T) {
	mustSee(t, fromHandler(nil), handle("/{id}"), get("/7"), func(env *environ.Environ) any {
		args := env.Value("wsgiorg.routing_args").(environ.RoutingArgs)
		args.Named["id"] = "changed"
		return nil
	})
	mustSee(t, fromHandler(nil), handle("/{id}"), get("/7"), func(env *environ.Environ) any {
		env.Value("wsgiorg.routing_args").(environ.RoutingArgs).Named["id"] = "changed"
		clone := env.Clone()
		if diff := cmp.Diff("7", clone.Value("wsgiorg.routing_args").(environ.RoutingArgs).Named["id"]); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		return nil
	})
}
