package validate

import (
	"io"

	"github.com/gowsgi/gowsgi/environ"
)

// guardStreams catches who closes wsgi.input or wsgi.errors. Those of our own
// server cannot be closed and stay as they are.
func (ex *exchange) guardStreams(env *environ.Environ) {
	if in, ok := env.Value("wsgi.input").(io.ReadCloser); ok {
		env.Set("wsgi.input", &guardedInput{in, ex})
	}
	if _, ok := env.Value("wsgi.errors").(io.Closer); ok {
		env.Set("wsgi.errors", &guardedErrors{env.Errors(), ex})
	}
}

type guardedInput struct {
	io.Reader
	ex *exchange
}

func (in *guardedInput) Close() error { return in.ex.hold(streams.broken("the App closed wsgi.input")) }

type guardedErrors struct {
	environ.ErrorStream
	ex *exchange
}

func (e *guardedErrors) Close() error { return e.ex.hold(streams.broken("the App closed wsgi.errors")) }
