package middleware

import (
	"fmt"
	"sync"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// Validate wraps app in checks of PEP 3333, on the server's side as well as on
// the app's: all of wsgiref.validate.validator that Go's types do not settle,
// what rack's Lint adds to it, and adapter.Body's contract. The rules stand in
// this package's validate files, to be read as a specification. An app and a
// server that keep to them behave as without it. It panics if app is nil.
//
// What breaks a rule is an error that says which, by its section of PEP 3333. It
// names headers and environ keys, never their values. It is returned by the
// App, by start or by write(), or yielded by the Body, whichever comes first;
// an app that ignores what start or write() said gets it at its next step. What
// shows at the end only, Close returns. A call of start that was refused may be
// repeated. What wsgiref only warns of (no QUERY_STRING, an unusual method) is
// written to wsgi.errors, once; so is a Body that the server never closed, when
// the garbage collector finds it.
//
// Validate is stricter than adapter.Handler, which forgives much as pywsgi does.
// Under it a response needs a Content-Type (but for 101, 204 and 304), and
// write() belongs to the call of the App alone. A nil Body passes: it is
// adapter's empty list. After a 101 the bytes are no body, and pass unchecked;
// so does what a handler behind adapter.FromHandler has hijacked.
//
// A list (adapter.Text, adapter.Bytes) is checked when the App returns it and
// then passed on as it is, and so is an adapter.File: the server takes their
// length, and sendfile, from them. The length of a File is left to the server.
func Validate(app adapter.App) adapter.App {
	if app == nil {
		panic("middleware: Validate: the App is nil")
	}
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

// warnings are what wsgiref.validate warns of, each given once, as Python's
// warnings are.
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
