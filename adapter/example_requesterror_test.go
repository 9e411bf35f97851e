package adapter_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// HandleError tells the failures of an App from requests that are no good.
func ExampleRequestError() {
	h := &adapter.Handler{
		App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			form, err := env.Input().ReadN(-1)
			if err != nil {
				return nil, err
			}
			return nil, fmt.Errorf("no database for %q", form)
		},
		HandleError: func(_ *environ.Environ, err error) {
			var request *adapter.RequestError
			if errors.As(err, &request) {
				fmt.Println("warning:", request.Status, request.Err)
				return
			}
			fmt.Println("error:", err)
		},
	}
	limited := http.MaxBytesHandler(h, 10)
	for _, form := range []string{"name=ann", "name=somebody"} {
		limited.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader(form)))
	}
	// Output:
	// error: no database for "name=ann"
	// warning: 413 environ: reading wsgi.input: http: request body too large
}
