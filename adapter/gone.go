package adapter

import (
	"errors"
	"net/http"
	"slices"
)

// writeError is an error that our own response writer has met: the connection
// is lost. It is told by its identity, so an App's own EPIPE is not taken for it.
type writeError struct{ err error }

func (e *writeError) Error() string { return "adapter: writing the response: " + e.err.Error() }

func (e *writeError) Unwrap() error { return e.err }

// gone reports whether err, which the connection of r has met, only says that
// the client went away. HTTP/2 tells it by errors that have no type: there they
// are what EPIPE and ECONNRESET are elsewhere.
func gone(err error, r *http.Request, ignored []error) bool {
	return slices.ContainsFunc(ignored, func(target error) bool {
		return errors.Is(err, target) || r.ProtoMajor >= 2 && slices.Contains(DefaultIgnoredErrors, target)
	})
}
