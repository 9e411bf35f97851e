// Package validate holds an App, and the server that calls it, to PEP 3333: it is
// middleware.Validate. Each rule is an error that names its section of the PEP.
package validate

import (
	"fmt"
	"sync"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// Wrap wraps app in the checks.
func Wrap(app adapter.App) adapter.App {
	var once warnings
	return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		if start == nil {
			return nil, applicationSide.broken("the App was called without a start")
		}
		if err := checkEnviron(env); err != nil {
			return nil, err
		}
		once.write(env)
		ex := newExchange(env, start)
		body, err := app(env, ex.start)
		return ex.take(body, err)
	}
}

// section is a heading of PEP 3333.
type section string

const (
	applicationSide section = "The Application/Framework Side"
	details         section = "Specification Details"
	variables       section = "environ Variables"
	streams         section = "Input and Error Streams"
	startCallable   section = "The start_response() Callable"
	contentLength   section = "Handling the Content-Length Header"
	writeCallable   section = "The write() Callable"
	errorHandling   section = "Error Handling"
	otherFeatures   section = "Other HTTP Features"
	fileHandling    section = "Optional Platform-Specific File Handling"
)

// broken returns the error that says that a rule of the section was broken.
func (s section) broken(format string, args ...any) error {
	return fmt.Errorf("middleware: Validate: %w (PEP 3333, %q)", fmt.Errorf(format, args...), string(s))
}

// warnings are the things that wsgiref.validate only warns of. Each is given once, as
// Python's warnings are.
type warnings struct{ query, method sync.Once }

func (w *warnings) write(env *environ.Environ) {
	if _, ok := env.Lookup("QUERY_STRING"); !ok {
		w.query.Do(func() { warn(env, `environ key "QUERY_STRING" is missing; what was written for CGI relies on it`) })
	}
	switch env.Get("REQUEST_METHOD") {
	case "GET", "HEAD", "POST", "OPTIONS", "PATCH", "PUT", "DELETE", "TRACE":
	default:
		w.method.Do(func() { warn(env, `environ key "REQUEST_METHOD" is an unusual method`) })
	}
}

func warn(env *environ.Environ, text string) {
	_, _ = env.Errors().WriteString(variables.broken("warning: %s", text).Error() + "\n")
}
