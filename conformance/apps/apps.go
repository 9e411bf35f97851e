// Package apps holds the applications of the conformance suite in Go: the twins,
// name by name, of those in python/apps.py.
package apps

import (
	"errors"
	"io"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/conformance/wire"
	"github.com/gowsgi/gowsgi/environ"
)

// All are the applications by name. README.md of the suite says what each does.
var All = merge(bodyApps, writeApps, closeApps, InputApps, failureApps, startApps, bodilessApps, lengthApps, headApps, environApps, upgradeApps, LongApps)

// Impossible are the applications that Go's types rule out, with the reason.
var Impossible = map[string]string{
	"closing_list": "Only Text and Bytes are bodies of known length, and they have no Close. A Body with a Close is a stream.",
}

// Dispatch serves the application that the request names.
func Dispatch(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	wire.CountersOf(env).Add("calls")
	name := "plain"
	if given, ok := env.Lookup("HTTP_X_APP"); ok {
		name, _ = given.(string)
	}
	chosen, ok := All[name]
	if !ok {
		chosen = All["unknown"]
	}
	return chosen(env, start)
}

func merge(all ...map[string]adapter.App) map[string]adapter.App {
	merged := make(map[string]adapter.App)
	for _, some := range all {
		for name, app := range some {
			merged[name] = app
		}
	}
	return merged
}

// call is one call of an application. Its methods raise as those of Python do: they
// panic with the error, and app and generate turn the panic into an error again.
type call struct {
	env   *environ.Environ
	start adapter.StartResponse
}

type raised struct{ err error }

func raise(err error) { panic(raised{err}) }

func catch(err *error) {
	switch v := recover().(type) {
	case nil:
	case raised:
		*err = v.err
	default:
		panic(v)
	}
}

// try returns what f has raised.
func try(f func()) (err error) {
	defer catch(&err)
	f()
	return nil
}

func app(f func(c *call) adapter.Body) adapter.App {
	return func(env *environ.Environ, start adapter.StartResponse) (body adapter.Body, err error) {
		defer catch(&err)
		return f(&call{env, start}), nil
	}
}

// OK is an application that starts with 200 and returns body.
func OK(body adapter.Body, more ...[2]string) adapter.App {
	return Answers("200 OK", Typed(more...), body)
}

// Answers is an application that starts with status and headers and returns body.
func Answers(status string, headers adapter.Headers, body adapter.Body) adapter.App {
	return app(func(c *call) adapter.Body {
		c.begin(status, headers)
		return body
	})
}

var textType = [2]string{"Content-Type", "text/plain"}

func Typed(more ...[2]string) adapter.Headers { return append(adapter.Headers{textType}, more...) }

func length(value string) [2]string { return [2]string{"Content-Length", value} }

// begin calls start_response and returns write().
func (c *call) begin(status string, headers adapter.Headers, excInfo ...error) func(string) {
	w, err := c.start(status, headers, excInfo...)
	if err != nil {
		raise(err)
	}
	return func(chunk string) {
		if _, err := io.WriteString(w, chunk); err != nil {
			raise(err)
		}
	}
}

func (c *call) ok(more ...[2]string) func(string) { return c.begin("200 OK", Typed(more...)) }

var errStopped = errors.New("conformance: nobody asks for more")

// generate makes a body of f as Python makes a generator of a function: yield raises
// if the server closes the body before it ends.
func generate(f func(yield func(chunk string))) adapter.Body {
	return adapter.Stream(func(yield func([]byte, error) bool) {
		err := try(func() {
			f(func(chunk string) {
				if !yield([]byte(chunk), nil) {
					raise(errStopped)
				}
			})
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	})
}

// lazily is an application that is a generator itself.
func lazily(f func(c *call, yield func(chunk string))) adapter.App {
	return app(func(c *call) adapter.Body {
		return generate(func(yield func(string)) { f(c, yield) })
	})
}

func generator(chunks ...string) adapter.Body {
	return generate(func(yield func(string)) {
		for _, chunk := range chunks {
			yield(chunk)
		}
	})
}

func IsImpossible(app string) bool { _, ok := Impossible[app]; return ok }
