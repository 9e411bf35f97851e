package middleware_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/middleware"
)

func ExampleDispatch() {
	shop := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}})
		text := fmt.Sprintf("shop at %q asked for %q", env.Get("SCRIPT_NAME"), env.Get("PATH_INFO"))
		return adapter.Text(text), err
	}
	handler := &adapter.Handler{App: middleware.Dispatch(nil, map[string]adapter.App{"/shop": shop})}

	for _, path := range []string{"/shop", "/shop/cart", "/shopping"} {
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		fmt.Println(rec.Code, rec.Body)
	}
	// Output:
	// 200 shop at "/shop" asked for ""
	// 200 shop at "/shop" asked for "/cart"
	// 404 404 page not found
}
