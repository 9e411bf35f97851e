package environ_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// maker makes the handler whose environ a test looks at.
type maker func(read func(*environ.Environ)) http.Handler

// fromRequest and its like are the ways an environ comes into being.
func fromRequest(read func(*environ.Environ)) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { read(environ.FromRequest(r)) })
}

func fromClone(read func(*environ.Environ)) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { read(environ.FromRequest(r).Clone()) })
}

// fromHandler is the environ that an App gets, under a base environ.
func fromHandler(base map[string]any) maker {
	return func(read func(*environ.Environ)) http.Handler {
		return &adapter.Handler{Environ: base, App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			read(env)
			_, err := start("200 OK", nil)
			return nil, err
		}}
	}
}

// see sends raw to a real server, and returns what read finds in the environ of
// the handler inside router; a nil router is none. The server answers with what
// it answers; where that handler was not reached, ok is false.
func see[T any](t testing.TB, env maker, router func(http.Handler) http.Handler, raw string, read func(*environ.Environ) T) (seen T, ok bool) {
	t.Helper()
	found := make(chan T, 1)
	app := env(func(env *environ.Environ) { found <- read(env) })
	if router != nil {
		app = router(app)
	}
	srv := wiretest.Serve(t, app, func(s *http.Server) { s.DisableGeneralOptionsHandler = true })
	answer := srv.Do(raw)
	select {
	case seen = <-found:
		return seen, true
	default:
		t.Logf("not reached: %q %s", answer, srv.Logs)
		return seen, false
	}
}

// mustSee is see for a request that has to reach its handler.
func mustSee[T any](t testing.TB, env maker, router func(http.Handler) http.Handler, raw string, read func(*environ.Environ) T) T {
	t.Helper()
	seen, ok := see(t, env, router, raw, read)
	if !ok {
		t.Fatal("the handler was not reached")
	}
	return seen
}

// get is a request for target.
func get(target string) string { return "GET " + target + " HTTP/1.1\nHost: x\nConnection: close\n\n" }

// The routers that a handler can stand in.

func mount(pattern string) func(http.Handler) http.Handler {
	return func(app http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Mount(pattern, app)
		return r
	}
}

func handle(pattern string) func(http.Handler) http.Handler {
	return func(app http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Handle(pattern, app)
		return r
	}
}

func notFound(app http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Get("/new", http.NotFound)
	r.NotFound(app.ServeHTTP)
	return r
}

// inherited is a fallback that the sub-router at /api inherits.
func inherited(app http.Handler) http.Handler {
	r := chi.NewRouter()
	r.NotFound(app.ServeHTTP)
	r.Route("/api", func(r chi.Router) {
		r.Get("/new", http.NotFound)
		r.Route("/v1/{id}", func(r chi.Router) { r.Get("/new", http.NotFound) })
	})
	return r
}

func strip(prefix string) func(http.Handler) http.Handler {
	return func(app http.Handler) http.Handler { return http.StripPrefix(prefix, app) }
}

// inside nests routers, the outermost first.
func inside(routers ...func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	return func(app http.Handler) http.Handler {
		for i := len(routers) - 1; i >= 0; i-- {
			app = routers[i](app)
		}
		return app
	}
}

func serveMux(pattern string) func(http.Handler) http.Handler {
	return func(app http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle(pattern, app)
		return mux
	}
}

// rewriting gives the request another path, as middleware does.
func rewriting(old, replacement string) func(http.Handler) http.Handler {
	return func(app http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path, r.URL.RawPath = strings.Replace(r.URL.Path, old, replacement, 1), ""
			app.ServeHTTP(w, r)
		})
	}
}

// withCertificate makes srv's client show cert, whatever the server would like.
func withCertificate(srv *httptest.Server, cert tls.Certificate) {
	srv.Client().Transport.(*http.Transport).TLSClientConfig.GetClientCertificate =
		func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
}
