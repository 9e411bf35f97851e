// Package adapter runs WSGI-shaped applications inside net/http programs, with
// the semantics of gevent.pywsgi and PEP 3333.
//
// An [App] takes an environ and a start_response and returns a [Body]. A
// [Handler] makes it an http.Handler, to be mounted in any router. A [Server]
// gives a whole http.Server pywsgi's manners, whatever its handler is. The way
// back, from an http.Handler to an App that WSGI middleware can wrap, is
// [FromHandler].
//
// WSGI middleware is an App around an App: the examples of [Middleware] show
// one of each kind. A Body may be nil, so middleware that wraps one reads it by
// [Chunks] and closes it by [CloseBody]; a range over body.Chunks() of a nil
// Body panics. [OnClose] tells it of the end of a response.
//
// net/http parses and writes the messages. This package builds the environ,
// checks what the application answers, and stays quiet when a client just goes
// away.
package adapter
