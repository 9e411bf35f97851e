package adapter_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

const entityTooLarge = "HTTP/1.1 413 Request Entity Too Large\nConnection: close\nContent-Length: 0\nContent-Type: text/plain\n\n"

// upstream is what a client gets whose own limit on a response is met.
func upstream() error {
	_, err := io.ReadAll(http.MaxBytesReader(nil, io.NopCloser(strings.NewReader("hello, world")), 4))
	return fmt.Errorf("asking the upstream: %w", err)
}

// TestWhoseLimit: a limit counts as the request's own only where reading its body
// met it.
func TestWhoseLimit(t *testing.T) {
	const body = "Content-Length: 12\n\nhello, world"
	limited := func(h http.Handler) http.Handler { return http.MaxBytesHandler(h, 4) }
	inPlace := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 4)
			h.ServeHTTP(w, r)
		})
	}
	tests := []struct {
		name string
		wrap func(http.Handler) http.Handler
		app  func(env *environ.Environ) error
		send string
		want string
	}{
		{"wsgi.input", limited, func(env *environ.Environ) error {
			_, err := env.Input().ReadN(-1)
			return err
		}, post + body, entityTooLarge},
		{"wsgi.input, and another error for it", limited, func(env *environ.Environ) error {
			_, _ = env.Input().ReadN(-1)
			return errors.New("bad form")
		}, post + body, entityTooLarge},
		{"the request's body, past wsgi.input", limited, func(env *environ.Environ) error {
			_, err := io.ReadAll(env.Request().Body)
			return err
		}, post + body, entityTooLarge},
		{"a form, past wsgi.input", limited, func(env *environ.Environ) error {
			return env.Request().ParseForm()
		}, post + "Content-Type: application/x-www-form-urlencoded\n" + body, entityTooLarge},
		{"put in place", inPlace, func(env *environ.Environ) error {
			_, err := io.ReadAll(env.Request().Body)
			return err
		}, post + body, entityTooLarge},
		{"put in place by the App", unwrapped, func(env *environ.Environ) error {
			r := env.Request()
			r.Body = http.MaxBytesReader(nil, r.Body, 4)
			_, err := io.ReadAll(r.Body)
			return err
		}, post + body, entityTooLarge},
		{"the App's own around wsgi.input", unwrapped, func(env *environ.Environ) error {
			_, err := io.ReadAll(http.MaxBytesReader(nil, io.NopCloser(env.Input()), 4))
			return err
		}, post + body, entityTooLarge},
		{"set as wsgi.input", unwrapped, func(env *environ.Environ) error {
			env.Set("wsgi.input", http.MaxBytesReader(nil, env.Request().Body, 4))
			_, err := env.Input().ReadN(-1)
			return err
		}, post + body, entityTooLarge},
		{"set as wsgi.input, around the one before", unwrapped, func(env *environ.Environ) error {
			env.Set("wsgi.input", http.MaxBytesReader(nil, io.NopCloser(env.Input()), 4))
			_, err := env.Input().ReadN(-1)
			return err
		}, post + body, entityTooLarge},
		{"an upstream's, without a body", unwrapped, func(*environ.Environ) error { return upstream() }, get, internalError},
		{"an upstream's, with a body not read", unwrapped, func(*environ.Environ) error { return upstream() }, post + body, internalError},
		{"an upstream's, with a body read", unwrapped, func(env *environ.Environ) error {
			_, _ = env.Input().ReadN(-1)
			return upstream()
		}, post + body, internalError},
		{"an upstream's, with a limit on the body", limited, func(*environ.Environ) error { return upstream() }, post + "Content-Length: 3\n\nabc", internalError},
		{"an upstream's, with a body read up to its limit", limited, func(env *environ.Environ) error {
			_, _ = io.ReadAll(env.Request().Body)
			return upstream()
		}, post + "Content-Length: 4\n\nabcd", internalError},
		{"an upstream's, with a body not sent yet", inPlace, func(*environ.Environ) error { return upstream() }, post + "Transfer-Encoding: chunked\n\n", internalError},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			app := func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) { return nil, test.app(env) }
			srv := wiretest.Serve(t, test.wrap(&adapter.Handler{App: app, ErrorLog: errs}))
			if strings.HasSuffix(test.send, "chunked\n\n") {
				c := srv.Dial() // net/http still waits for the body
				c.Send(test.send)
				require.Equal(t, test.want, c.Until("\r\n\r\nInternal Server Error"))
			} else {
				require.Equal(t, test.want, srv.Ask(test.send))
			}
			if test.want == internalError {
				require.Contains(t, errs.String(), "/ HTTP/1.1: asking the upstream: http: request body too large\n")
			} else {
				require.Regexp(t, `^Invalid request \(from 127\.0\.0\.1:\d+\): .*http: request body too large\n$`, errs.String())
			}
		})
	}
}

// TestSetInputFails: a wsgi.input that a WSGI middleware Set is the request's too.
func TestSetInputFails(t *testing.T) {
	errs := new(wiretest.Buffer)
	app := func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
		env.Set("wsgi.input", &decoder{ReadCloser: io.NopCloser(env.Input())})
		_, err := env.Input().ReadN(-1)
		return nil, err
	}
	srv := wiretest.Serve(t, &adapter.Handler{App: app, ErrorLog: errs})
	require.Equal(t, badRequest, srv.Ask(post+"Content-Length: 22\n\nhello, this is no gzip"))
	require.Regexp(t, `^Invalid request \(from .*\): environ: reading wsgi.input: gzip: invalid header\n$`, errs.String())
}
