package environ_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/middleware"
)

// chi recycles its routing context when a request ends. An environ that was
// kept must not see the requests that come after it.
func TestKeptBeyondTheRequest(t *testing.T) {
	fromContext := func(read func(*environ.Environ)) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			env, _ := environ.FromContext(r.Context())
			read(env)
		})
	}
	for _, tt := range []struct {
		name string
		env  maker
		use  []func(http.Handler) http.Handler
	}{
		{"Handler", fromHandler(nil), nil},
		{"Clone of FromRequest", fromClone, nil},
		{"Handler below middleware", fromHandler(nil), []func(http.Handler) http.Handler{middleware.Environ(nil)}},
		{"middleware's own", fromContext, []func(http.Handler) http.Handler{middleware.Environ(nil)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var kept sync.Map // the path of a request to its environ
			app := tt.env(func(env *environ.Environ) { kept.Store(env.Request().URL.Path, env) })
			r := chi.NewRouter()
			r.Use(tt.use...)
			r.Route("/{tenant}", func(r chi.Router) { r.Mount("/{shop}", app) })

			var requests, readers sync.WaitGroup
			const workers, each = 4, 50
			for w := range workers {
				requests.Go(func() {
					for i := range each {
						path := fmt.Sprintf("/t%d/s%d/x%d", w, i, w*each+i)
						r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
						env, ok := kept.Load(path)
						if !ok {
							t.Error("not reached: " + path)
							return
						}
						readers.Go(func() { checkKept(t, env.(*environ.Environ), w, i, each) })
					}
				})
			}
			requests.Wait()
			readers.Wait()
			kept.Range(func(key, env any) bool { // and once more, when all is quiet
				var w, i, x int
				_, err := fmt.Sscanf(key.(string), "/t%d/s%d/x%d", &w, &i, &x)
				require.NoError(t, err)
				checkKept(t, env.(*environ.Environ), w, i, each)
				return true
			})
		})
	}
}

func checkKept(t *testing.T, env *environ.Environ, w, i, each int) {
	t.Helper()
	want := split{fmt.Sprintf("/t%d/s%d", w, i), fmt.Sprintf("/x%d", w*each+i)}
	if diff := cmp.Diff(want, splitOf(env)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	args := environ.RoutingArgs{Named: map[string]string{"tenant": fmt.Sprint("t", w), "shop": fmt.Sprint("s", i)}}
	if diff := cmp.Diff(any(args), env.Value("wsgiorg.routing_args")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := len(env.Map()); got != env.Len() {
		t.Errorf("%d keys of %d", got, env.Len())
	}
}

// middleware.Environ stands outside of the mount and yet sees it: the environ
// follows the routing as it proceeds, and stays as it was at the end.
func TestFollowsTheRouting(t *testing.T) {
	var kept *environ.Environ
	var seen []split
	look := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			env, ok := environ.FromContext(r.Context())
			require.True(t, ok)
			kept = env
			seen = append(seen, splitOf(env))
			next.ServeHTTP(w, r)
		})
	}
	r := chi.NewRouter()
	r.Use(middleware.Environ(nil), look)
	r.Route("/a", func(r chi.Router) {
		r.Use(look)
		r.Route("/{id}", func(r chi.Router) {
			r.Use(look)
			r.Get("/*", func(http.ResponseWriter, *http.Request) {})
		})
	})
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/a/7/b", nil))
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/elsewhere", nil).WithContext(context.Background()))
	want := []split{{"", "/a/7/b"}, {"/a", "/7/b"}, {"/a/7", "/b"}, {"", "/elsewhere"}}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	require.Equal(t, split{"", "/elsewhere"}, splitOf(kept))
}

// An environ is read by many goroutines at once, while its request is routed.
func TestManyReaders(t *testing.T) {
	app := fromRequest(func(env *environ.Environ) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 20 {
					assert.Equal(t, split{"/legacy", "/a"}, splitOf(env))
					assert.Equal(t, env.Len(), len(env.Map()))
					assert.NotNil(t, env.Input())
					assert.NotNil(t, env.Errors())
					assert.Equal(t, "7", env.Clone().Get("HTTP_X_SEVEN"))
					assert.NotEmpty(t, env.String())
				}
			})
		}
		all.Wait()
	})
	r := httptest.NewRequest(http.MethodPost, "/legacy/a", nil)
	r.Header.Set("X-Seven", "7")
	mount("/legacy")(app).ServeHTTP(httptest.NewRecorder(), r)
}
