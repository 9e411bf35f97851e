package adapter_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// failing500 is an App that fails with err.
func failing500(err error) adapter.App {
	return func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return nil, err }
}

// TestHandleErrorHears: HandleError hears of all that would stand on the error
// log, and can tell what is the request's fault.
func TestHandleErrorHears(t *testing.T) {
	limited := func(h http.Handler) http.Handler { return http.MaxBytesHandler(h, 4) }
	deadline := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), time.Millisecond)
			defer cancel()
			h.ServeHTTP(w, r.WithContext(ctx))
		})
	}
	waiting := honouring(make(chan struct{}))["returned"]
	tests := []struct {
		name   string
		wrap   func(http.Handler) http.Handler
		app    adapter.App
		send   string
		status int // of the *RequestError; 0: it is none
		is     error
	}{
		{"400", unwrapped, echo, post + "Content-Length: 50\n\nhello", 400, io.ErrUnexpectedEOF},
		{"400, another error", unwrapped, rewording, post + "Content-Length: 50\n\nhello", 400, io.ErrUnexpectedEOF},
		{"408", impatient, echo, post + "Content-Length: 50\n\nhello", 408, nil},
		{"413", limited, echo, post + "Content-Length: 5\n\nhello", 413, nil},
		{"504", deadline, waiting, get, 504, context.DeadlineExceeded},
		{"400 with bytes out", unwrapped, streaming, post + "Content-Length: 50\n\nhello", 400, io.ErrUnexpectedEOF},
		{"500", unwrapped, failing500(io.ErrClosedPipe), get, 0, io.ErrClosedPipe},
		{"the App's own 400", unwrapped, failing500(&adapter.RequestError{Status: 400, Err: io.ErrNoProgress}), get, 400, io.ErrNoProgress},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			heard := make(chan error, 3)
			h := &adapter.Handler{App: test.app, ErrorLog: errs, HandleError: func(env *environ.Environ, err error) {
				if env.Get("HTTP_HOST") == "" {
					err = errors.New("no environ")
				}
				heard <- err
			}}
			srv := wiretest.Serve(t, test.wrap(h))
			c := srv.Dial()
			c.Send(test.send)
			if test.is == io.ErrUnexpectedEOF {
				require.NoError(t, c.CloseWrite())
			}
			c.All()
			err := <-heard
			require.Empty(t, heard)
			require.Empty(t, errs.String())
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			var invalid *adapter.RequestError
			require.Equal(t, test.status != 0, errors.As(err, &invalid), err)
			if test.status != 0 {
				require.Equal(t, test.status, invalid.Status)
			}
		})
	}
}

// TestHandleErrorPanicsOverARequest: a hook that fails is logged there too.
func TestHandleErrorPanicsOverARequest(t *testing.T) {
	errs := new(wiretest.Buffer)
	h := &adapter.Handler{App: echo, ErrorLog: errs, HandleError: func(*environ.Environ, error) { panic("hook") }}
	require.Equal(t, badRequest, wiretest.Serve(t, h).Do(post+"Content-Length: 50\n\nhello"))
	require.Contains(t, errs.String(), "panicked: hook\n")
}
