package adapter

import (
	"io"

	"github.com/gowsgi/gowsgi/environ"
)

// App is a WSGI application (PEP 3333, "The Application/Framework Side"). It
// calls start once, or again with the error it met, and returns the body. An
// error it returns, or a panic, is logged and answered with a 500 if nothing
// has gone out yet; later the connection is cut off.
type App func(env *environ.Environ, start StartResponse) (Body, error)

// StartResponse is PEP 3333's start_response. It takes a status ("200 OK"; the
// reason that goes out is net/http's own), the headers and, where the
// application answers for an error instead, that error as excInfo.
//
// The writer it returns is PEP 3333's write() callable, for applications that
// cannot return their body: each Write is sent before it returns.
//
// It refuses what may not go on the wire with an error that says why. A call
// that fails changes nothing and may be repeated with better arguments; if no
// call succeeds, the response is a 500. A second call needs an excInfo: it
// replaces the first until a byte has gone out and returns that excInfo
// unchanged afterwards.
type StartResponse func(status string, headers Headers, excInfo ...error) (io.Writer, error)

// Headers are the name and value pairs of a response, in order.
type Headers [][2]string

// Middleware wraps an App in another.
type Middleware func(App) App
