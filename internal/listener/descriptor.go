//go:build unix

package listener

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
)

// taken has the descriptors that became listeners. One that was inherited is
// closed then, and its number may come to mean something else: so each number
// is good for one inherited descriptor.
var taken = struct {
	sync.Mutex
	sockets map[int]socket
}{sockets: make(map[int]socket)}

type socket struct {
	file      os.FileInfo
	inherited bool
}

// Descriptor listens on a socket that the process inherited, and which listens
// already. Each can be taken once. The listener has a duplicate of it; fd itself
// is closed, unless the process opened it itself (Linux tells that by its
// close-on-exec flag). In the case of an error it stays as it was.
func Descriptor(fd int) (net.Listener, error) {
	taken.Lock()
	defer taken.Unlock()
	if taken.sockets[fd].inherited {
		return nil, errTaken(fd)
	}
	file, err := duplicate(fd)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if before, ok := taken.sockets[fd]; ok && os.SameFile(before.file, info) {
		return nil, errTaken(fd)
	}
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d: %w", fd, err)
	}
	own := closesOnExec(fd)
	if !own {
		_ = syscall.Close(fd)
	}
	taken.sockets[fd] = socket{info, !own}
	return l, nil
}

func errTaken(fd int) error {
	return fmt.Errorf("descriptor %d is taken already: each can be listened on once", fd)
}

func isTaken(fd int) bool {
	taken.Lock()
	defer taken.Unlock()
	return taken.sockets[fd].inherited
}

// duplicate returns a duplicate of a socket that listens. An os.File of fd itself
// would close it one day.
func duplicate(fd int) (*os.File, error) {
	syscall.ForkLock.RLock()
	copied, err := syscall.Dup(fd)
	if err == nil {
		syscall.CloseOnExec(copied)
	}
	syscall.ForkLock.RUnlock()
	if errors.Is(err, syscall.EBADF) {
		return nil, fmt.Errorf("descriptor %d is not open: the program that starts this one has to pass it on", fd)
	}
	if err != nil {
		return nil, fmt.Errorf("descriptor %d: %w", fd, err)
	}
	if err := listens(copied); err != nil {
		_ = syscall.Close(copied)
		return nil, fmt.Errorf("descriptor %d %w", fd, err)
	}
	return os.NewFile(uintptr(copied), fmt.Sprintf("fd://%d", fd)), nil
}

func listens(fd int) error {
	kind, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_TYPE)
	if err != nil {
		return errors.New("is no socket: pass on a TCP or Unix stream socket that listens")
	}
	if kind != syscall.SOCK_STREAM {
		return errors.New("is no stream socket: pass on a TCP or Unix stream socket that listens (systemd: ListenStream=)")
	}
	if on, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN); err != nil || on == 0 {
		return errors.New("is a socket that does not listen: pass on one after its listen call (systemd: Accept=no)")
	}
	return nil
}
