//go:build !unix

package adapter

// readable reports whether the system has something for who would read from c or,
// where c is a listener, a connection for who would accept; and whether it can
// tell.
func readable(any) (some, known bool) { return false, false }
