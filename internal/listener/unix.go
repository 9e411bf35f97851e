package listener

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// How long to wait for the lock on a socket's directory, which others hold for
// moments: a start is worth waiting for, a stop must not hang.
const (
	startPatience = 10 * time.Second
	stopPatience  = time.Second
)

// Unix listens on a Unix socket at path. A mode that is not 0 becomes the
// file's; otherwise the umask decides. A socket file on which nobody listens
// any more is replaced. One in use is an error, and a file that is no socket
// too; both are left alone.
//
// Between the look at an old file and the new socket, the directory is locked
// (flock), so that of several processes which find the same old file exactly one
// replaces it. The others then find a socket in use. Nothing of the lock stays
// on the disk, and it ends with its process. A directory that cannot be locked
// is used without.
func Unix(path string, mode fs.FileMode) (net.Listener, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("the path has %d bytes, and the system takes %d: choose a shorter one", len(path), maxPath)
	}
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	unlock, err := lock(filepath.Dir(whole), startPatience)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := clearAway(path); err != nil {
		return nil, err
	}
	return bind(path, whole, mode)
}

// Abstract listens on a name of Linux's abstract namespace, which begins with @.
func Abstract(name string) (net.Listener, error) {
	if !abstract {
		return nil, fmt.Errorf("only Linux has abstract Unix sockets: give a path in the place of the name: %w", errors.ErrUnsupported)
	}
	return net.Listen("unix", name)
}

// clearAway removes a socket at path on which nobody listens.
func clearAway(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is no socket and was left alone: remove it, or choose another path", path)
	}
	switch err := ask(path); {
	case err == nil:
		return fmt.Errorf("a server is listening on %s: stop it, or choose another path: %w", path, errInUse)
	case errors.Is(err, errRefused):
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("nobody listens on %s any more, and it cannot be replaced: %w", path, err)
		}
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return fmt.Errorf("whether a server is listening on %s cannot be told, so it was left alone: %w", path, err)
	}
}

// ask connects to path, and returns nil where somebody listens there: also where
// that server is too busy to answer, which is a time-out (EAGAIN).
func ask(path string) error {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		return conn.Close()
	}
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return nil
	}
	return err
}

// bind makes the socket. On Linux it never has more permissions than mode, not
// even for the moment before Chmod.
func bind(path, whole string, mode fs.FileMode) (net.Listener, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		if mode == 0 {
			return nil
		}
		return c.Control(func(fd uintptr) { restrict(fd, mode) })
	}}
	bound, err := config.Listen(context.Background(), "unix", path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("its directory does not exist: make %s first: %w", filepath.Dir(path), err)
	}
	if err != nil {
		return nil, err
	}
	l := &unixListener{UnixListener: bound.(*net.UnixListener), path: whole}
	keepFile(bound)
	if mode != 0 {
		err = os.Chmod(path, mode)
	}
	if err == nil {
		l.file, err = os.Lstat(path)
	}
	if err != nil {
		_ = l.UnixListener.Close()
		_ = os.Remove(path)
		return nil, err
	}
	return l, nil
}

// keepFile stops l from removing its file. Go's port to JavaScript has nothing to stop.
func keepFile(l net.Listener) {
	if l, ok := l.(interface{ SetUnlinkOnClose(unlink bool) }); ok {
		l.SetUnlinkOnClose(false)
	}
}

// unixListener removes its socket file when it closes, if the file is still its
// own and no other process listens on it.
//
// A net.UnixListener removes whatever lies at its path. It cannot know that a
// successor has the same socket (by File, SyscallConn, or a fork) and would be
// left without its file, nor that somebody else's socket is there by now.
type unixListener struct {
	*net.UnixListener
	path string      // absolute: the working directory may change
	file fs.FileInfo // what was bound
	kept atomic.Bool
}

// SetUnlinkOnClose sets whether Close removes the file, as it does by default.
func (l *unixListener) SetUnlinkOnClose(unlink bool) { l.kept.Store(!unlink) }

// Close closes the listener and removes its socket file. The file stays where
// somebody else listens on it, and after SetUnlinkOnClose(false).
func (l *unixListener) Close() error {
	err := l.UnixListener.Close()
	if err == nil && !l.kept.Load() {
		l.remove()
	}
	return err
}

// remove does not report an error: a file that stays is replaced by the next to
// listen there.
func (l *unixListener) remove() {
	unlock, err := lock(filepath.Dir(l.path), stopPatience)
	if err != nil {
		return
	}
	defer unlock()
	now, err := os.Lstat(l.path)
	if err == nil && os.SameFile(now, l.file) && errors.Is(ask(l.path), errRefused) {
		_ = os.Remove(l.path)
	}
}
