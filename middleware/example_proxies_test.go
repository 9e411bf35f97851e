package middleware_test

import (
	"fmt"
	"net/http/httptest"
	"net/netip"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/middleware"
)

func ExampleTrustProxies() {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", nil)
		return adapter.Text(env.Get("REMOTE_ADDR"), " asked for ", env.RequestURL()), err
	}
	// A load balancer in 10.0.0.0/8, or an nginx on a Unix socket.
	h := middleware.TrustProxies(netip.MustParsePrefix("10.0.0.0/8"), netip.Prefix{})(&adapter.Handler{App: app})

	for _, peer := range []string{"10.0.0.1:8000", "198.51.100.9:8000"} {
		r := httptest.NewRequest("GET", "http://inner/cart", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", "127.0.0.1, 203.0.113.7") // the first is the client's own invention
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-Host", "shop.test")
		r.Header.Set("X-Forwarded-Prefix", "/eu")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Body)
	}
	// Output:
	// 203.0.113.7 asked for https://shop.test/eu/cart
	// 198.51.100.9 asked for http://inner/cart
}
