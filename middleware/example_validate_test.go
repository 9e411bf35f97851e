package middleware_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/middleware"
)

func ExampleValidate() {
	// It declares three bytes and sends five.
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}, {"Content-Length", "3"}})
		return adapter.Text("hello"), err
	}
	handler := &adapter.Handler{
		App:         middleware.Validate(app),
		HandleError: func(_ *environ.Environ, err error) { fmt.Println(err) },
	}
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	fmt.Println(rec.Code)
	// Output:
	// middleware: Validate: the body has 5 bytes at least, more than its Content-Length (PEP 3333, "Handling the Content-Length Header")
	// 500
}
