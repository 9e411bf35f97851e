package adapter

import "github.com/gowsgi/gowsgi/internal/gone"

// DefaultIgnoredErrors are the errors that only mean that the client left: EPIPE
// and ECONNRESET, on Windows WSAECONNRESET and WSAECONNABORTED
// (WSGIHandler.ignored_socket_errors).
var DefaultIgnoredErrors = gone.Errors

// writeError is an error that our own response writer has met: the connection
// is lost. It is told by its identity, so an App's own EPIPE is not taken for it.
type writeError struct{ err error }

func (e *writeError) Error() string { return "adapter: writing the response: " + e.err.Error() }

func (e *writeError) Unwrap() error { return e.err }
