//go:build unix

package listener

import (
	"io/fs"
	"runtime"
	"syscall"
)

const abstract = runtime.GOOS == "linux"

// maxPath is the room for a path in a socket's address, without a closing NUL.
const maxPath = len(syscall.RawSockaddrUnix{}.Path) - 1

const (
	errInUse   = syscall.EADDRINUSE
	errRefused = syscall.ECONNREFUSED
)

// restrict gives a socket the permissions with which binding it makes its file.
// Linux does that. Elsewhere it fails, and Chmod sets them a moment later.
func restrict(fd uintptr, mode fs.FileMode) { _ = syscall.Fchmod(int(fd), uint32(mode)) }
