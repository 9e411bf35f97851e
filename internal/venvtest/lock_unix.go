//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package venvtest

import (
	"os"
	"syscall"
)

// lock waits until it holds the lock that a file stands for. The system
// releases it when the process dies. The file stays: a lock on a file that was
// removed and made again would lock nobody out.
func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return func() { file.Close() }, nil
}
