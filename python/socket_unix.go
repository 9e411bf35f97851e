//go:build unix

package python

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
)

const supported = true

// socketPair returns two connected Unix sockets: ours, and one for another process.
func socketPair(name string) (ours *net.UnixConn, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(pair[0])
		syscall.CloseOnExec(pair[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("python: making a socket for a worker: %w", err)
	}
	theirs = os.NewFile(uintptr(pair[1]), name)
	file := os.NewFile(uintptr(pair[0]), name)
	conn, err := net.FileConn(file) // a duplicate
	_ = file.Close()
	if err != nil {
		_ = theirs.Close()
		return nil, nil, fmt.Errorf("python: making a socket for a worker: %w", err)
	}
	return conn.(*net.UnixConn), theirs, nil
}

// sendDescriptors passes the descriptors of files on, with one byte to carry them.
func sendDescriptors(conn *net.UnixConn, files ...*os.File) error {
	descriptors := make([]int, len(files))
	for i, file := range files {
		descriptors[i] = int(file.Fd())
	}
	_, _, err := conn.WriteMsgUnix([]byte{'c'}, syscall.UnixRights(descriptors...), nil)
	runtime.KeepAlive(files)
	return err
}

// descriptorSpace is the room that ancillary data with one descriptor takes.
var descriptorSpace = syscall.CmsgSpace(4)

// descriptors returns the descriptors that came with a message.
func descriptors(ancillary []byte) []int {
	messages, err := syscall.ParseSocketControlMessage(ancillary)
	if err != nil {
		return nil
	}
	var all []int
	for i := range messages {
		if passed, err := syscall.ParseUnixRights(&messages[i]); err == nil {
			all = append(all, passed...)
		}
	}
	return all
}

func closeDescriptor(fd int) { _ = syscall.Close(fd) }

// processGroup keeps the terminal's signals, Ctrl-C above all, from a worker.
func processGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// refusedOrReset reports whether err says that the other end of a socket was
// closed before all that was sent to it had been read: a write to it is refused
// (EPIPE), and a read finds it reset (ECONNRESET).
func refusedOrReset(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

// describeStatus says in words how a process ended.
func describeStatus(raw int) string {
	status := syscall.WaitStatus(raw)
	switch {
	case status.Signaled():
		return fmt.Sprintf("killed by signal %d (%s)", int(status.Signal()), status.Signal())
	default:
		return fmt.Sprintf("exit status %d", status.ExitStatus())
	}
}
