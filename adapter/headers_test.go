package adapter_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/middleware"
)

// An upstream of a reverse proxy may send as many headers as it likes. Each must
// cost the same: 80,000 of them took half a minute when each was compared with all.
func TestManyHeaders(t *testing.T) {
	const count = 80_000
	fields := make(adapter.Headers, 0, 2*count+1)
	fields = append(fields, [2]string{"Content-Type", "text/plain"})
	for i := range count {
		fields = append(fields, [2]string{"X-Of-Its-Own-" + strconv.Itoa(i), "1"}, [2]string{"Connection", "keep-alive"})
	}
	fields = append(fields, [2]string{"Connection", "close"})
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", fields)
		return adapter.Text("body"), err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, field := range fields {
			w.Header().Add(field[0], field[1])
		}
	})
	for name, h := range map[string]http.Handler{
		"App":          &adapter.Handler{App: app},
		"Validate":     &adapter.Handler{App: middleware.Validate(app)},
		"FromHandler":  &adapter.Handler{App: adapter.FromHandler(handler)},
		"GuardHeaders": middleware.GuardHeaders(&adapter.Handler{App: app}),
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			require.Equal(t, http.StatusOK, w.Code)
			require.Equal(t, []string{"close"}, w.Header()["Connection"])
			require.GreaterOrEqual(t, len(w.Header()), count)
		})
	}
}

// A field replaces the values set outside. Set-Cookie and Vary add to them, and a
// field that is given more than once goes out as often.
func TestHeadersMeetThoseSetOutside(t *testing.T) {
	app := &adapter.Handler{App: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{
			{"X-Many", "1"}, {"Set-Cookie", "c=3"}, {"X-Many", "2"}, {"Vary", "Cookie"}, {"X-One", "app"}, {"Set-Cookie", "d=4"},
		})
		return nil, err
	}}
	w := httptest.NewRecorder()
	maps.Copy(w.Header(), http.Header{
		"X-Many": {"outside"}, "X-One": {"outside", "twice"}, "Set-Cookie": {"a=1", "b=2"}, "Vary": {"Accept"}, "X-Outside": {"stays"},
	})
	app.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.Header{
		"X-Many": {"1", "2"}, "X-One": {"app"}, "Set-Cookie": {"a=1", "b=2", "c=3", "d=4"}, "Vary": {"Accept", "Cookie"}, "X-Outside": {"stays"},
		"Content-Type": nil, "Content-Length": {"0"},
	}, w.Header())
}
