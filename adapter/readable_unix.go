//go:build unix

package adapter

import "golang.org/x/sys/unix"

// readable reports whether the system has something for who would read from c or,
// where c is a listener, a connection for who would accept; and whether it can
// tell.
func readable(c any) (some, known bool) {
	raw := rawConn(c)
	if raw == nil {
		return false, false
	}
	err := raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		some, known = n > 0, err == nil
	})
	return some && err == nil, known && err == nil
}
