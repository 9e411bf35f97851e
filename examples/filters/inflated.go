package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// inflated lets an application read a request in gzip as if it had come plain,
// and answers for it where that is malformed, or longer than limit.
func inflated(limit int64) adapter.Middleware {
	return func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			if env.Get("HTTP_CONTENT_ENCODING") != "gzip" {
				return app(env, start)
			}
			in := &inflater{from: env.Input(), limit: limit}
			env.Set("wsgi.input", in)
			env.Delete("HTTP_CONTENT_ENCODING")
			env.Delete("CONTENT_LENGTH") // that of what came; nobody knows the other
			body, err := app(env, start)
			if err == nil || in.err == nil {
				return body, err
			}
			_ = adapter.CloseBody(body)
			// The second call of start needs the error, and is given it
			// back where it comes too late.
			if _, err := start(in.status(), adapter.Headers{{"Content-Type", "text/plain"}}, err); err != nil {
				return nil, err
			}
			return adapter.Text(in.err.Error(), "\n"), nil
		}
	}
}

// inflater reads what is in gzip. It begins when it is first read: the client
// may wait for a 100 Continue.
type inflater struct {
	from  io.Reader
	limit int64
	plain io.Reader // nil before
	err   error     // what is wrong with the client's data
}

func (in *inflater) Read(p []byte) (int, error) {
	if in.err != nil {
		return 0, in.err
	}
	if in.plain == nil {
		z, err := gzip.NewReader(in.from)
		if err != nil {
			return 0, in.fail(err)
		}
		in.plain = http.MaxBytesReader(nil, z, in.limit)
	}
	n, err := in.plain.Read(p)
	if err != nil && err != io.EOF {
		err = in.fail(err)
	}
	return n, err
}

func (in *inflater) fail(err error) error {
	in.err = fmt.Errorf("the request could not be inflated: %w", err)
	return in.err
}

func (in *inflater) status() string {
	var tooLarge *http.MaxBytesError
	if errors.As(in.err, &tooLarge) {
		return "413 Request Entity Too Large"
	}
	return "400 Bad Request"
}
