package middleware

import (
	"net/http"

	"github.com/gowsgi/gowsgi/adapter"
)

// WSGI makes a WSGI middleware into one for chi's Use: mw wraps what comes
// after it as an App (adapter.FromHandler). Several of them nest.
func WSGI(mw adapter.Middleware) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return &adapter.Handler{App: mw(adapter.FromHandler(next))}
	}
}
