package middleware_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)             {}

// TestBudget keeps allocations from creeping into the middleware.
func TestBudget(t *testing.T) {
	if wiretest.Race {
		t.Skip("the race detector has allocations of its own")
	}
	r := httptest.NewRequest("GET", "/x", nil)
	allocations := func(h http.Handler) float64 {
		w := &sink{make(http.Header)}
		return testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) })
	}
	status := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	require.Zero(t, allocations(status))
	tests := []struct {
		name string
		mw   func(http.Handler) http.Handler
		most float64
	}{
		{"AccessLog", middleware.AccessLog(io.Discard), 2},
		{"Records", middleware.Records(func(context.Context, adapter.Record) {}), 2},
		{"GuardHeaders", middleware.GuardHeaders, 2},
		{"QuietDisconnects", middleware.QuietDisconnects, 2},
		{"Environ", middleware.Environ(map[string]any{"my.key": "mine"}), 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.LessOrEqual(t, allocations(test.mw(status)), test.most)
		})
	}
}
