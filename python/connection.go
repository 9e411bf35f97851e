package python

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// connection carries frames between a request and a thread of a worker. One
// goroutine at a time uses it.
type connection struct {
	worker  *worker
	sock    *net.UnixConn
	timeout time.Duration // of each wait for the worker; less than 0: none

	waiting atomic.Bool // for the client, not for the worker: there is no deadline

	buf       []byte // what was read is buf[at:have]
	at, have  int
	spare     []byte // the usual buf, while a larger one is in its place
	ancillary []byte
	files     []int // descriptors that came, and that nobody has taken yet

	// The queue's, under its lock.
	requests *requests // by which requests go; nil: they go by sock
	current  *ticket   // whose turn it is
	since    time.Time // when its turn came
	ahead    []*ticket // posted ahead of their turn
	posted   uint16    // the number of the last that was posted
	alone    bool      // none is posted behind the one whose turn it is
}

const (
	usualBuffer = 8 << 10
	// shortAnswer is the buffer where requests are posted ahead: an answer that
	// fits is not waited for by the next one, however slow its client is.
	shortAnswer = 72 << 10
	largeBuffer = 128 << 10
)

var largeBuffers = sync.Pool{New: func() any { return new([largeBuffer]byte) }}

func newConnection(w *worker, sock *net.UnixConn, requests *requests) *connection {
	size := usualBuffer
	if requests != nil {
		size = shortAnswer
	}
	return &connection{
		worker: w, sock: sock, requests: requests, timeout: w.timeout,
		buf: make([]byte, size), ancillary: make([]byte, descriptorSpace),
	}
}

// holds reports whether the buffer has room for a payload of n bytes and for the
// frame that ends the exchange.
func (c *connection) holds(n uint32) bool { return uint64(n)+headerSize <= uint64(len(c.buf)) }

// deliver sends the request whose turn it is, as far as it was not posted.
func (c *connection) deliver(t *ticket) error {
	switch {
	case c.requests == nil:
	case !t.sent:
		return errUnseen
	case !t.long():
		return nil
	}
	return c.send(t.frame)
}

// send writes whole frames.
func (c *connection) send(p []byte) error {
	c.setDeadline()
	_, err := c.sock.Write(p)
	return c.explain(err)
}

// sendData is send for a goroutine beside the one that reads from the worker.
func (c *connection) sendData(p []byte) error {
	if c.timeout > 0 {
		_ = c.sock.SetWriteDeadline(time.Now().Add(c.timeout))
	}
	_, err := c.sock.Write(p)
	return c.explain(err)
}

// setDeadline gives the worker its time for what comes next.
func (c *connection) setDeadline() {
	if c.timeout > 0 {
		_ = c.sock.SetDeadline(time.Now().Add(c.timeout))
	}
}

// explain says what an error of the socket means.
func (c *connection) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case os.IsTimeout(err):
		return errHung
	case refusedOrReset(err):
		return errUnseen
	case errors.Is(err, io.EOF):
		return errGone
	default:
		return fmt.Errorf("%w: %w", errGone, err)
	}
}

// next reads the header of the next frame.
func (c *connection) next() (frame, error) {
	if err := c.fill(headerSize); err != nil {
		return frame{}, err
	}
	f, err := parseFrame(c.buf[c.at:])
	c.at += headerSize
	return f, err
}

// arrives reports whether another frame has begun to come within a time.
func (c *connection) arrives(within time.Duration) bool {
	if c.have-c.at >= headerSize {
		return true
	}
	_ = c.sock.SetReadDeadline(time.Now().Add(within))
	err := c.receive(headerSize)
	_ = c.sock.SetReadDeadline(time.Time{})
	return err == nil
}

// last reads a payload of n bytes if it is there already, and behind it the
// frame that ends the exchange. It is good until the next read.
func (c *connection) last(n int) ([]byte, bool) {
	if c.have-c.at < n+headerSize {
		return nil, false
	}
	p := c.buf[c.at : c.at+n+headerSize]
	if f, err := parseFrame(p[n:]); err != nil || f != (frame{kind: kindEnd}) {
		return nil, false
	}
	c.at += n + headerSize
	return p[:n], true
}

// text reads a payload of n bytes that is kept in memory. It is good until the
// next read.
func (c *connection) text(n uint32) ([]byte, error) {
	size := int(n)
	if size > len(c.buf) {
		return c.longText(size)
	}
	return c.whole(size)
}

// longText reads a payload that is larger than the buffer. Memory grows with
// what has come.
func (c *connection) longText(size int) ([]byte, error) {
	var all []byte
	for len(all) < size {
		p, err := c.some(size - len(all))
		if err != nil {
			return nil, err
		}
		all = append(all, p...)
	}
	return all, nil
}

// some reads from 1 to n bytes of a payload. They are good until the next read.
func (c *connection) some(n int) ([]byte, error) {
	if c.at == c.have {
		if n > len(c.buf) {
			c.enlarge()
		}
		if err := c.fill(1); err != nil {
			return nil, err
		}
	}
	p := c.buf[c.at:min(c.have, c.at+n)]
	c.at += len(p)
	return p, nil
}

// whole reads a payload of n bytes, which the buffer can hold. It is good until the
// next read.
func (c *connection) whole(n int) ([]byte, error) {
	if err := c.fill(n); err != nil {
		return nil, err
	}
	p := c.buf[c.at : c.at+n]
	c.at += n
	return p, nil
}

// fill reads until n bytes, which the buffer can hold, are there.
func (c *connection) fill(n int) error {
	if c.have-c.at >= n {
		return nil
	}
	if !c.waiting.Load() {
		c.setDeadline()
	}
	return c.receive(n)
}

// receive is fill under the deadline that there is.
func (c *connection) receive(n int) error {
	if c.at > 0 {
		c.have = copy(c.buf, c.buf[c.at:c.have])
		c.at = 0
	}
	for c.have < n {
		// A descriptor comes with some byte, and is lost if that is read
		// without it.
		got, gotAncillary, _, _, err := c.sock.ReadMsgUnix(c.buf[c.have:], c.ancillary)
		if gotAncillary > 0 {
			c.files = append(c.files, descriptors(c.ancillary[:gotAncillary])...)
		}
		if err == nil && got == 0 {
			err = io.EOF
		}
		if err != nil {
			return c.explain(err)
		}
		c.have += got
	}
	return nil
}

// enlarge takes a larger buffer for a large body. Nothing may be unread.
func (c *connection) enlarge() {
	if c.spare == nil {
		c.spare, c.buf = c.buf, largeBuffers.Get().(*[largeBuffer]byte)[:]
		c.at, c.have = 0, 0
	}
}

// shrink goes back to the usual buffer, if what is unread fits into that.
func (c *connection) shrink() {
	if c.spare == nil || c.have-c.at > len(c.spare) {
		return
	}
	c.have = copy(c.spare, c.buf[c.at:c.have])
	c.at = 0
	largeBuffers.Put((*[largeBuffer]byte)(c.buf))
	c.buf, c.spare = c.spare, nil
}

// settle makes the connection ready for another exchange, and reports whether
// it is fit for one. What has come already must be the answer to the next
// request, so the worker must have read that.
func (c *connection) settle() bool {
	c.shrink()
	if c.at == c.have && len(c.files) == 0 {
		return true
	}
	if len(c.ahead) == 0 {
		return false
	}
	number, waits := c.requests.oldest()
	return !waits || number != c.ahead[0].number
}

// file takes the descriptor that came with a file frame, to be read from at on.
func (c *connection) file(at int64) (*os.File, error) {
	if len(c.files) == 0 {
		return nil, fmt.Errorf("%w: a file without its descriptor", errGarbage)
	}
	shared := os.NewFile(uintptr(c.files[0]), "file of the worker")
	c.files = c.files[1:]
	file, err := reopen(shared)
	if err == nil {
		_ = shared.Close()
	} else {
		file = shared
	}
	if _, err := file.Seek(at, io.SeekStart); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%w: %w", errGarbage, err)
	}
	return file, nil
}

// reopen gives a file a position of its own, where the system can: that of a
// passed descriptor is shared with the worker.
func reopen(shared *os.File) (*os.File, error) {
	return os.Open(fmt.Sprintf("/proc/self/fd/%d", shared.Fd()))
}

// close closes the connection: the worker's next send fails.
func (c *connection) close() {
	_ = c.sock.Close()
	if c.requests != nil {
		c.requests.close()
	}
	for _, fd := range c.files {
		closeDescriptor(fd)
	}
	c.files = nil
	c.at, c.have = 0, 0
	c.shrink()
}
