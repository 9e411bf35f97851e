package listener

import (
	"io/fs"
	"syscall"
)

const abstract = false

const maxPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// Winsock's own numbers: package syscall's names of them are its inventions.
const (
	errInUse   = syscall.Errno(10048) // WSAEADDRINUSE
	errRefused = syscall.Errno(10061) // WSAECONNREFUSED
)

func restrict(uintptr, fs.FileMode) {}
