package adapter

import "syscall"

// DefaultIgnoredErrors are the errors that say no more than that the client
// went away: EPIPE and ECONNRESET, on Windows WSAECONNRESET and
// WSAECONNABORTED (WSGIHandler.ignored_socket_errors).
var DefaultIgnoredErrors = []error{syscall.WSAECONNRESET, syscall.WSAECONNABORTED}
