package python

import (
	"io"
	"sync/atomic"
	"time"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/seam"
)

// feeding sends a worker the bytes that it has asked for of a request's body. It
// reads them in a goroutine of its own, since a client may send slowly, or never:
// the worker's frames are read meanwhile, its end among them.
type feeding struct {
	c      *connection
	last   atomic.Bool   // all is read, and the frame with the rest of it is being sent
	ended  chan struct{} // closed once nothing more is read or sent
	broken error         // how reading the body failed, which the worker is told of
}

// feed begins to send from wanted to most bytes, fewer only at the end of the body.
func feed(env *environ.Environ, c *connection, wanted, most uint32) *feeding {
	f := &feeding{c: c, ended: make(chan struct{})}
	c.waiting.Store(true)
	_ = c.sock.SetReadDeadline(time.Time{}) // a stalled client's time is not the worker's
	go f.run(env.Input(), wanted, most)
	return f
}

func (f *feeding) run(in io.Reader, wanted, most uint32) {
	defer close(f.ended)
	err := f.send(in, wanted, most)
	f.c.waiting.Store(false)
	switch {
	case err == errHung:
		_ = f.c.sock.SetReadDeadline(time.Unix(1, 0))
	case f.c.timeout > 0:
		_ = f.c.sock.SetReadDeadline(time.Now().Add(f.c.timeout))
	}
}

func (f *feeding) send(in io.Reader, wanted, most uint32) error {
	buf := largeBuffers.Get().(*[largeBuffer]byte)
	defer largeBuffers.Put(buf)
	for sent := uint32(0); sent < wanted; {
		room := min(most-sent, largeBuffer-headerSize)
		n, err := in.Read(buf[headerSize : headerSize+room])
		sent += uint32(n)
		var flags byte
		switch {
		case err == io.EOF:
			flags = dataLast
		case err != nil && n == 0:
			flags, f.broken = dataBroken, err
			n = copy(buf[headerSize:], err.Error())
		}
		if n == 0 && flags == 0 {
			continue
		}
		f.last.Store(flags != 0 || sent >= wanted)
		frame{uint32(n), kindData, flags}.put(buf[:])
		if err := f.c.sendData(buf[:headerSize+n]); err != nil || flags != 0 {
			return err
		}
	}
	return nil
}

// over reports whether everything was sent.
func (f *feeding) over() bool {
	select {
	case <-f.ended:
		return true
	default:
		return false
	}
}

// stop ends a feeding whose exchange is over, and returns how reading the body had
// failed before. A read of what the client has not sent is interrupted, where the
// server can do that. Where it cannot, the goroutine ends with its read; the
// connection is then unfit.
func (f *feeding) stop(env *environ.Environ) (broken error, fit bool) {
	if !f.last.Load() && !f.over() {
		_ = f.c.sock.SetWriteDeadline(time.Unix(1, 0))
		peer := env.Inside(seam.Pass{}).Peer()
		if peer == nil || peer.Interrupt() != nil {
			return nil, false
		}
		<-f.ended
		return nil, false
	}
	<-f.ended
	return f.broken, true
}
