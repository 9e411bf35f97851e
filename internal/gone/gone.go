// Package gone tells the errors of a connection that only mean that the client
// left.
package gone

import (
	"errors"
	"net/http"
	"slices"
)

// Is reports whether err, which the connection of r has met, is one of ignored.
// HTTP/2 reports a client that left by errors that have no type: there they are
// taken for EPIPE and ECONNRESET.
func Is(err error, r *http.Request, ignored []error) bool {
	return slices.ContainsFunc(ignored, func(target error) bool {
		return errors.Is(err, target) || r.ProtoMajor >= 2 && slices.Contains(Errors, target)
	})
}
