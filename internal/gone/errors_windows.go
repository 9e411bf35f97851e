package gone

import "syscall"

// Errors are the errors of a connection whose client left.
var Errors = []error{syscall.WSAECONNRESET, syscall.WSAECONNABORTED}
