package middleware

import (
	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/validate"
)

// Validate wraps app in checks of PEP 3333, on the server's side as well as on
// the app's: the checks of wsgiref.validate.validator that Go's types do not make
// needless, those that rack's Lint adds, and the contract of adapter.Body. The
// rules stand in internal/validate, to be read as a specification. An app and a
// server that keep to the rules behave as without Validate. It panics if app is nil.
//
// A broken rule is an error naming its section of PEP 3333. The error names
// headers and environ keys, never their values. It is returned by the App, by
// start or by write(), or yielded by the Body, whichever comes first; an app that
// ignores an error of start or write() gets it again at its next step. Close
// returns the errors that show at the end only. A call of start that was refused
// may be repeated. A thing that wsgiref only warns of (no QUERY_STRING, an unusual
// method) is written to wsgi.errors, once. A Body that the server never closed is
// reported there too, when the garbage collector finds it.
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
	return validate.Wrap(app)
}
