package python

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
)

// requests is the socket by which requests go to a thread of a worker, one
// packet each. A packet is there whole or not at all, and Go has kept the
// worker's end of it too: what the worker has not read can be taken back.
//
// Neither call blocks. The queue's lock guards all of it.
type requests struct{ ours, theirs int }

// largestPacket is what the worker receives in one call.
const largestPacket = 64 << 10

// newRequests makes the socket, and returns the file to pass to the worker.
func newRequests() (*requests, *os.File, error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("python: making a socket for a worker: %w", err)
	}
	r := &requests{ours: pair[0], theirs: pair[1]}
	syscall.ForkLock.RLock()
	passed, err := syscall.Dup(r.theirs)
	if err == nil {
		syscall.CloseOnExec(passed)
	}
	syscall.ForkLock.RUnlock()
	if err == nil {
		err = syscall.SetNonblock(r.ours, true)
	}
	if err != nil {
		r.close()
		return nil, nil, fmt.Errorf("python: making a socket for a worker: %w", err)
	}
	return r, os.NewFile(uintptr(passed), "requests"), nil
}

// post sends a packet, and reports whether there was room for it.
func (r *requests) post(p []byte) bool {
	for {
		_, err := syscall.Write(r.ours, p)
		if err != syscall.EINTR {
			return err == nil
		}
	}
}

// takeBack removes the oldest packet that the worker has not read, and returns
// the number of its request.
func (r *requests) takeBack() (number uint16, ok bool) { return r.receive(0) }

// oldest is takeBack, but the packet stays.
func (r *requests) oldest() (number uint16, ok bool) { return r.receive(syscall.MSG_PEEK) }

func (r *requests) receive(flags int) (number uint16, ok bool) {
	var header [headerSize]byte
	for {
		n, _, err := syscall.Recvfrom(r.theirs, header[:], flags|syscall.MSG_DONTWAIT)
		if err != syscall.EINTR {
			return binary.LittleEndian.Uint16(header[6:]), err == nil && n == headerSize
		}
	}
}

func (r *requests) close() {
	_ = syscall.Close(r.ours)
	_ = syscall.Close(r.theirs)
}
