//go:build unix

package python_test

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"

	"github.com/go-chi/chi/v5"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/python"
)

// A Python application under a prefix of a Go router.
func ExampleStart() {
	app, err := python.Start(context.Background(), python.Config{App: "hello", Dir: "testdata/apps", Workers: 1, ErrorLog: io.Discard})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer app.Close()
	r := chi.NewRouter()
	r.Mount("/legacy", &adapter.Handler{App: app.ServeWSGI})
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/legacy/", nil))
	fmt.Print(w.Code, " ", w.Body)
	// Output: 200 Hello, world!
}
