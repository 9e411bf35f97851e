// Package middleware gives ordinary net/http handlers what gowsgi gives its
// applications, and wraps applications in applications.
//
// The functions that take or return an http.Handler go into chi's Use or around
// any handler: [Environ], [AccessLog], [GuardHeaders], [QuietDisconnects],
// [TrustProxies] and, for a WSGI middleware, [WSGI]. [Validate] and [Dispatch] wrap
// an App.
package middleware
