//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package listener

import (
	"sync"
	"time"
)

var directories sync.Mutex

// lock keeps the goroutines of this process apart: the system has no flock.
func lock(string, time.Duration) (unlock func(), err error) {
	directories.Lock()
	return directories.Unlock, nil
}
