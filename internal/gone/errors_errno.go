//go:build unix || js || wasip1

package gone

import "syscall"

// Errors are the errors of a connection whose client left.
var Errors = []error{syscall.EPIPE, syscall.ECONNRESET}
