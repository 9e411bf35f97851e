package adapter

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// TestConnsCost: a Server follows its connections without an allocation for any
// of their requests, with Spawn and without.
func TestConnsCost(t *testing.T) {
	if wiretest.Race {
		t.Skip("the race detector has allocations of its own")
	}
	for name, p := range map[string]*pool{"no limit": nil, "Spawn": newPool(1)} {
		t.Run(name, func(t *testing.T) {
			here, there := net.Pipe()
			defer here.Close()
			defer there.Close()
			c := newConns(newStopping(), p)
			served := 0
			srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ })}
			c.watch(srv)
			c.add(there)
			srv.ConnState(there, http.StateNew)
			r := httptest.NewRequest("GET", "/", nil)
			r = r.WithContext(srv.ConnContext(t.Context(), there))
			w := httptest.NewRecorder()
			require.Zero(t, testing.AllocsPerRun(100, func() {
				srv.ConnState(there, http.StateActive)
				srv.Handler.ServeHTTP(w, r)
				srv.ConnState(there, http.StateIdle)
			}))
			require.Equal(t, 101, served)
		})
	}
}
