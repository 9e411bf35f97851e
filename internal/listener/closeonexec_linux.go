package listener

import "syscall"

// closesOnExec reports whether this process has opened fd itself. Go gives all
// that it opens the flag, and what has it does not outlive an exec.
func closesOnExec(fd int) bool {
	flags, _, err := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
	return err == 0 && flags&syscall.FD_CLOEXEC != 0
}
