//go:build unix && !linux

package listener

// closesOnExec cannot tell: package syscall has no portable fcntl.
func closesOnExec(int) bool { return false }
