//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package listener

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// lock locks a directory among the processes that lock it, as long as they do so
// by this function. An error says that another process did not give it back in
// time. Where a directory cannot be locked at all (it may not be read, or its
// file system knows no locks), lock does nothing.
func lock(dir string, patience time.Duration) (unlock func(), err error) {
	file, err := os.Open(dir)
	if err != nil {
		return func() {}, nil
	}
	deadline := time.Now().Add(patience)
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR {
			return func() { _ = file.Close() }, nil
		}
		if time.Now().After(deadline) {
			_ = file.Close()
			return nil, fmt.Errorf("another process has kept %s locked for %v (flock): stop it, or choose another directory", dir, patience)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
