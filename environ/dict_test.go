package environ_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
)

// kinds are the origins an Environ can have.
var kinds = []struct {
	name string
	make func() *environ.Environ
}{
	{"request", func() *environ.Environ { return environ.FromRequest(posted()) }},
	{"clone of a request's", func() *environ.Environ { return environ.FromRequest(posted()).Clone() }},
	{"Handler", func() (env *environ.Environ) {
		base := dict{"SERVER_NAME": "based", "app.setting": 7, "HTTP_X_BASE": "b"}
		fromHandler(base)(func(e *environ.Environ) { env = e }).ServeHTTP(httptest.NewRecorder(), posted())
		return env
	}},
	{"literal", func() *environ.Environ {
		return environ.New(dict{"REQUEST_METHOD": "POST", "PATH_INFO": "/a", "HTTP_X_A": "1", "wsgi.version": [2]int{1, 0}})
	}},
	{"literal, nil", func() *environ.Environ { return environ.New(nil) }},
	{"zero", func() *environ.Environ { return new(environ.Environ) }},
	{"clone of the zero", func() *environ.Environ { return new(environ.Environ).Clone() }},
}

func posted() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/a?b=c", nil)
	r.Header.Set("X-A", "1")
	r.Header.Set("Cookie", "a=1")
	r.Header.Set("Content-Type", "text/plain")
	return r
}

func TestSetAndDelete(t *testing.T) {
	for _, kind := range kinds {
		for _, key := range []string{
			"REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_X_A", "HTTP_COOKIE", "HTTP_HOST",
			"HTTP_NEVER_SENT", "HTTP_X_BASE", "SERVER_NAME", "app.setting", "REMOTE_ADDR", "HTTPS", "wsgi.version", "wsgi.input",
			"wsgi.errors", "wsgi.file_wrapper", "wsgi.input_terminated", "wsgiorg.routing_args", "REMOTE_USER", "", "not\nsane",
		} {
			t.Run(kind.name+"/"+key, func(t *testing.T) {
				env := kind.make()
				before := env.Map()
				_, had := before[key]
				others := len(before)
				if had {
					others--
				}

				for _, value := range []any{"set", "", 7, nil, []string{"a"}} {
					env.Set(key, value)
					got, ok := env.Lookup(key)
					require.True(t, ok)
					require.Equal(t, value, got)
					require.Equal(t, value, env.Value(key))
					require.Equal(t, others+1, env.Len())
					checkDict(t, env, key)
				}
				clone := env.Clone()
				for range 2 { // the second time it is gone already
					env.Delete(key)
					_, ok := env.Lookup(key)
					require.False(t, ok, "deleted, and there")
					require.Nil(t, env.Value(key))
					require.Empty(t, env.Get(key))
					require.Equal(t, others, env.Len())
					require.NotContains(t, env.Map(), key)
					checkDict(t, env, key)
				}
				require.Equal(t, []string{"a"}, clone.Value(key), "a clone's keys are its own")
				_, ok := env.Clone().Lookup(key)
				require.False(t, ok, "deleted in a clone too")

				env.Set(key, "again")
				require.Equal(t, "again", env.Get(key))
				if diff := cmp.Diff(without(before, key), without(env.Map(), key), sameKeys); diff != "" {
					t.Errorf("other keys (-before +after):\n%s", diff)
				}
			})
		}
	}
}

func TestDeleteFirst(t *testing.T) {
	for _, kind := range kinds {
		for key := range kind.make().All() {
			t.Run(kind.name+"/"+key, func(t *testing.T) {
				env := kind.make()
				n := env.Len()
				env.Delete(key)
				require.Equal(t, n-1, env.Len())
				require.Empty(t, env.Get(key))
				checkDict(t, env, key)
			})
		}
	}
}

// without is m but for key.
func without(m map[string]any, key string) map[string]any {
	m = maps.Clone(m)
	delete(m, key)
	return m
}

// sameKeys compares streams and functions by their type alone.
var sameKeys = cmp.FilterPath(func(p cmp.Path) bool { return len(p) > 1 }, cmp.Comparer(func(a, b any) bool {
	switch a.(type) {
	case nil, string, int, bool, [2]int:
		return a == b
	default:
		return fmt.Sprintf("%T", a) == fmt.Sprintf("%T", b)
	}
}))

func TestNothing(t *testing.T) {
	for name, env := range map[string]*environ.Environ{"nil": nil, "zero": {}, "literal": environ.New(nil)} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, env.Get("PATH_INFO"))
			require.Nil(t, env.Value("PATH_INFO"))
			_, ok := env.Lookup("PATH_INFO")
			require.False(t, ok)
			require.Zero(t, env.Len())
			require.Empty(t, env.Map())
			require.NotNil(t, env.Map(), "a dict can be written to")
			for range env.All() {
				t.Error("a key in nothing")
			}
			require.Nil(t, env.Request())
			require.NotNil(t, env.Context())
			require.Zero(t, env.Clone().Len())
			env.Delete("PATH_INFO")
		})
	}
}

// A literal environ copies its map, and Map is a copy too.
func TestCopies(t *testing.T) {
	values := dict{"a": "1"}
	env := environ.New(values)
	values["a"], values["b"] = "changed", "new"
	require.Equal(t, dict{"a": "1"}, env.Map())
	env.Map()["a"] = "changed"
	require.Equal(t, "1", env.Get("a"))

	clone := env.Clone()
	clone.Set("a", "clone")
	env.Set("b", "origin")
	require.Equal(t, dict{"a": "clone"}, clone.Map())
	require.Equal(t, dict{"a": "1", "b": "origin"}, env.Map())

	shared := *env // a copied struct is the same dict, as a copied map is
	shared.Set("c", "3")
	require.Equal(t, "3", env.Get("c"))
}

func TestAllIsSortedAndStops(t *testing.T) {
	env := environ.New(dict{"b": 2, "a": 1, "c": 3})
	var keys []string
	for key := range env.All() {
		if keys = append(keys, key); len(keys) == 2 {
			break
		}
	}
	require.Equal(t, []string{"a", "b"}, keys)
	for key := range env.All() { // as Go's own maps allow
		env.Delete(key)
	}
	require.Zero(t, env.Len())
}

// An Environ behaves as a map does under whatever is done to it.
func FuzzModel(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, 60)
	}
	f.Fuzz(func(t *testing.T, seed uint64, steps int) {
		random := rand.New(rand.NewPCG(seed, 0))
		env := kinds[random.IntN(len(kinds))].make()
		model := env.Map()
		pool := append(slices.Sorted(maps.Keys(model)), "REMOTE_USER", "HTTP_NEVER_SENT", "CONTENT_LENGTH", "wsgiorg.routing_args", "x")
		for range min(steps, 200) {
			key := pool[random.IntN(len(pool))]
			switch random.IntN(5) {
			case 0:
				value := []any{"text", "", 7, true, nil}[random.IntN(5)]
				env.Set(key, value)
				model[key] = value
			case 1:
				env.Delete(key)
				delete(model, key)
			case 2:
				abandoned := env
				env = env.Clone()
				abandoned.Set(key, "abandoned")
				abandoned.Delete(pool[random.IntN(len(pool))])
			default:
				want, listed := model[key]
				got, ok := env.Lookup(key)
				if ok != listed || (got == nil) != (want == nil) {
					t.Fatalf("%q is %v (%t), want %v (%t)", key, got, ok, want, listed)
				}
			}
			checkDict(t, env, key)
			if env.Len() != len(model) {
				t.Fatalf("%d keys, want %d", env.Len(), len(model))
			}
		}
		if diff := cmp.Diff(model, env.Map(), sameKeys); diff != "" {
			t.Errorf("-model +environ:\n%s", diff)
		}
	})
}
