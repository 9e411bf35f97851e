package adapter_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// sink is a ResponseWriter that keeps nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header               { return s.header }
func (s *sink) Write(p []byte) (int, error)       { return len(p), nil }
func (s *sink) WriteString(p string) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)                   {}
func (s *sink) Flush()                            {}

// allocations is how often serving a request with a browser's twelve headers
// allocates.
func allocations(h http.Handler, path string) float64 {
	r := httptest.NewRequest("GET", path, nil)
	for _, name := range []string{
		"Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Connection", "Cookie", "Referer",
		"Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Upgrade-Insecure-Requests", "User-Agent",
	} {
		r.Header.Set(name, "value")
	}
	w := &sink{make(http.Header)}
	return testing.AllocsPerRun(100, func() {
		clear(w.header)
		h.ServeHTTP(w, r)
	})
}

// TestBudget keeps allocations from creeping into the path of a request. A bare
// handler that sets the same header has one, two with a Content-Length.
func TestBudget(t *testing.T) {
	if wiretest.Race {
		t.Skip("the race detector has allocations of its own")
	}
	hello := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		if env.Get("REQUEST_METHOD") == "" || env.Get("PATH_INFO") == "" || env.Get("HTTP_USER_AGENT") == "" {
			return nil, errors.New("no request")
		}
		_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}})
		return adapter.Text("hello, world\n"), err
	}
	chunk := []byte("chunk")
	stream := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}})
		return adapter.Stream(func(yield func([]byte, error) bool) {
			for range 64 {
				if !yield(chunk, nil) {
					return
				}
			}
		}), err
	}
	generate := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}})
		return adapter.Generate(func(send func([]byte) error) error {
			for range 64 {
				if err := send(chunk); err != nil {
					return err
				}
			}
			return nil
		}), err
	}
	closed := func() error { return nil }
	closing := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		body, err := hello(env, start)
		return adapter.OnClose(body, closed), err
	}
	stamped := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		return hello(env, func(status string, headers adapter.Headers, excInfo ...error) (io.Writer, error) {
			headers.Set("X-Stamp", "1")
			return start(status, headers, excInfo...)
		})
	}
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "hello, world\n")
	})
	mounted := chi.NewRouter()
	mounted.Mount("/legacy", &adapter.Handler{App: hello})
	routed := chi.NewRouter()
	routed.Handle("/legacy/*", bare)
	tests := []struct {
		name string
		h    http.Handler
		path string
		most float64
	}{
		{"a list", &adapter.Handler{App: hello}, "/x", 4},
		{"a stream, however long", &adapter.Handler{App: stream}, "/x", 7},
		{"a generator that can fail", &adapter.Handler{App: generate}, "/x", 10},
		{"a list and a func at its end", &adapter.Handler{App: closing}, "/x", 5},
		{"middleware that sets a header", &adapter.Handler{App: stamped}, "/x", 6},
		{"a handler as an App", &adapter.Handler{App: adapter.FromHandler(bare)}, "/x", 5},
		// chi's own: its context and the request that carries it, and
		// what is left to route below a mount.
		{"a list, mounted in chi", mounted, "/legacy/x", 4 + allocations(routed, "/legacy/x")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.LessOrEqual(t, allocations(test.h, test.path), test.most)
		})
	}
}
