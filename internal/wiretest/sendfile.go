package wiretest

import (
	"io"
	"net"
	"sync/atomic"
	"syscall"
)

// FileListener is a TCP listener that counts the bytes which net/http hands to
// its connections as a file, for the kernel to send (sendfile).
type FileListener struct {
	net.Listener
	sent atomic.Int64
}

// Sent is the number of bytes that were handed over as a file.
func (l *FileListener) Sent() int64 { return l.sent.Load() }

// Accept waits for a connection.
func (l *FileListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &fileConn{c.(*net.TCPConn), l}, nil
}

type fileConn struct {
	*net.TCPConn
	l *FileListener
}

// ReadFrom is where net/http hands over a file.
func (c *fileConn) ReadFrom(r io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(r)
	if isFile(r) {
		c.l.sent.Add(n)
	}
	return n, err
}

// isFile reports whether package net uses sendfile for r: a file, or one
// io.LimitedReader around a file.
func isFile(r io.Reader) bool {
	if limited, ok := r.(*io.LimitedReader); ok {
		r = limited.R
	}
	_, ok := r.(syscall.Conn)
	return ok
}
