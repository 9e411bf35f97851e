package gone

import "syscall"

// Errors are the errors of a connection whose client left: the text by which the
// kernel reports a connection that the other side has closed.
var Errors = []error{syscall.ErrorString("i/o on hungup channel")}
