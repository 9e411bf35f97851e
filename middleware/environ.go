package middleware

import (
	"net/http"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/seam"
)

// Environ gives each request an environ, with base as its base values, that
// environ.FromContext finds downstream. A key that is Set on it shows in the environs
// of the Handlers below: an authenticating middleware can Set REMOTE_USER for
// an old application.
//
// To see how chi splits SCRIPT_NAME and PATH_INFO, it has to stand in the
// router's Use, not around the router.
func Environ(base map[string]any) func(http.Handler) http.Handler {
	scope := seam.NewScope(base)
	return func(next http.Handler) http.Handler {
		return new(environ.Inside).Handler(seam.Pass{}, next, scope)
	}
}
