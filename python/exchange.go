package python

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// exchange is one request in a worker, and the Body of what is answered to it.
type exchange struct {
	app    *App
	env    *environ.Environ
	start  adapter.StartResponse
	c      *connection // nil once it is given back
	posted bool        // the whole request was

	writer  io.Writer // write(), once start was called
	answers bool      // the worker has sent a frame
	whole   bool      // the next chunk is the whole body
	length  int64     // the Content-Length that the application gave; -1 for none
	status  string
	headers adapter.Headers
	left    uint32   // bytes of a chunk that are still to come
	taken   int64    // bytes of the body that came in chunks
	alone   bool     // no request is posted behind this one any more
	rest    [][]byte // of the body, chunk by chunk, once the worker is at the next request
	failed  error    // how that rest ended
	closing error    // what close() raised
	feeding *feeding // the last read of the request's body; nil for none
	broken  error    // how reading the body of the request failed
}

// head waits for the beginning of an answer and returns its body.
func (x *exchange) head() (adapter.Body, error) {
	for {
		f, err := x.next()
		switch {
		case err == io.EOF:
			return x.empty()
		case err != nil:
			return nil, err
		case f.kind == kindChunk:
			return x.body(f.length)
		case f.kind == kindFile:
			return x.sendFile()
		}
	}
}

// next handles frames up to one that is part of the body, and returns that. At
// the end of the answer it returns io.EOF, and the connection has been given back.
func (x *exchange) next() (frame, error) {
	for {
		f, err := x.c.next()
		if err != nil {
			return f, x.lose(err)
		}
		x.answers = true
		done, err := x.handle(f)
		if done || err != nil {
			return f, err
		}
	}
}

// handle handles one frame, and reports whether it is part of the body.
func (x *exchange) handle(f frame) (done bool, err error) {
	switch f.kind {
	case kindChunk, kindFile:
		if x.writer == nil && x.status == "" {
			return true, x.lose(fmt.Errorf("%w: a body before its head", errGarbage))
		}
		return true, nil
	}
	text, err := x.c.text(f.length)
	if err != nil {
		return true, x.lose(err)
	}
	switch f.kind {
	case kindStart:
		return false, x.takeHead(string(text), f.flags)
	case kindErrors:
		x.log(text)
		return false, nil
	case kindRead:
		return false, x.feed(binary.LittleEndian.Uint32(text), binary.LittleEndian.Uint32(text[4:]))
	case kindEnd:
		if len(text) > 0 {
			x.closing = exception(text)
		}
		x.giveBack(f.flags&endHangUp == 0)
		return true, io.EOF
	default: // kindFailure
		var raised error = exception(text)
		x.giveBack(f.flags&endHangUp == 0)
		if x.broken != nil {
			raised = fmt.Errorf("%w: %w", raised, x.broken) // the client's fault
		}
		return true, raised
	}
}

// takeHead keeps status and headers until something of the body is there: until
// then Content-Length can be added.
func (x *exchange) takeHead(text string, flags byte) error {
	var err error
	if x.status != "" || x.writer != nil {
		return x.lose(fmt.Errorf("%w: a second head", errGarbage))
	}
	if x.status, x.headers, err = parseHead(text); err != nil {
		return x.lose(err)
	}
	x.whole = flags&startList != 0
	x.length = -1
	for _, field := range x.headers {
		if strings.EqualFold(field[0], "Content-Length") {
			x.length, _ = strconv.ParseInt(field[1], 10, 64)
		}
	}
	return nil
}

// open calls start, once.
func (x *exchange) open() error {
	if x.writer != nil {
		return nil
	}
	w, err := x.start(x.status, x.headers)
	if err != nil {
		x.abandon()
		return err
	}
	x.writer = w
	return nil
}

// empty is the answer without a body. The connection has been given back.
func (x *exchange) empty() (adapter.Body, error) {
	if x.status == "" {
		return nil, fmt.Errorf("%w: an end before a head", errGarbage)
	}
	if err := x.open(); err != nil {
		return nil, err
	}
	if x.closing != nil {
		return x, nil
	}
	return nil, nil
}

// body is the answer whose first chunk has size bytes. Where that is all there
// is, and its end has come too, the worker's part is over.
func (x *exchange) body(size uint32) (adapter.Body, error) {
	x.left = size
	if err := x.openSized(size); err != nil {
		return nil, err
	}
	if size == 0 && !x.whole { // an empty write() sends the head
		if _, err := x.writer.Write(nil); err != nil {
			x.abandon()
			return nil, err
		}
	}
	if x.c.holds(size) {
		if err := x.c.fill(int(size)); err != nil {
			return nil, x.lose(err)
		}
	}
	p, ok := x.c.last(int(size))
	if !ok {
		return x, nil
	}
	p = bytes.Clone(p)
	x.left = 0
	x.giveBack(true)
	if x.whole || x.length == int64(size) {
		return adapter.Bytes(p), nil
	}
	return adapter.Stream(func(yield func([]byte, error) bool) { yield(p, nil) }), nil
}

// sendFile is the answer that is a file. Its descriptor is Go's own, so the
// worker's part is over before the file is sent.
func (x *exchange) sendFile() (adapter.Body, error) {
	place, err := x.c.text(8)
	if err != nil {
		return nil, x.lose(err)
	}
	file, err := x.c.file(int64(binary.LittleEndian.Uint64(place)))
	if err != nil {
		return nil, x.lose(err)
	}
	if _, err = x.next(); err != io.EOF {
		_ = file.Close()
		if err == nil {
			err = x.lose(fmt.Errorf("%w: a body behind a file", errGarbage))
		}
		return nil, err
	}
	if x.closing != nil {
		x.log([]byte(x.closing.Error() + "\n"))
	}
	if err := x.open(); err != nil {
		_ = file.Close()
		return nil, err
	}
	return adapter.File(file, 0), nil
}

// openSized calls start with the Content-Length of a list of size bytes, if it is one.
func (x *exchange) openSized(size uint32) error {
	if x.whole {
		if x.length > int64(size) && x.env.Get("REQUEST_METHOD") != "HEAD" {
			x.abandon()
			return fmt.Errorf("python: the application sent %d bytes and declared a Content-Length of %d", size, x.length)
		}
		if x.length < 0 {
			x.headers = append(x.headers, [2]string{"Content-Length", strconv.FormatUint(uint64(size), 10)})
			x.length = int64(size)
		}
	}
	return x.open()
}

// Chunks yields the body piece by piece, as it comes.
func (x *exchange) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			p, err := x.piece()
			if err != nil && err != io.EOF {
				p, err = x.replace(err)
				yield(p, err)
				return
			}
			if err == io.EOF || !yield(p, nil) {
				return
			}
		}
	}
}

// replace answers for a worker that was lost, with a head in the place of the
// application's as long as that is not out; afterwards err is the answer.
func (x *exchange) replace(err error) ([]byte, error) {
	body, failed := x.app.answer(x.env, x.start, err)
	if failed != nil {
		return nil, err
	}
	var text []byte
	for chunk := range body.Chunks() {
		text = append(text, chunk...)
	}
	return text, nil
}

// piece returns some bytes of the body, good until the next call.
func (x *exchange) piece() ([]byte, error) {
	if x.left == 0 && x.c != nil {
		if err := x.chunk(); err != nil {
			return nil, err
		}
	}
	if x.c != nil && (x.taken > 0 || !x.c.holds(x.left)) {
		x.standAlone()
	}
	if x.c == nil {
		return x.remainder()
	}
	if x.c.holds(x.left) {
		if err := x.c.fill(int(x.left)); err != nil {
			return nil, x.lose(err)
		}
	}
	p, err := x.c.some(int(x.left))
	if err != nil {
		return nil, x.lose(err)
	}
	x.left -= uint32(len(p))
	x.taken += int64(len(p))
	return p, nil
}

// chunk waits for the next chunk that is not empty.
func (x *exchange) chunk() error {
	for x.left == 0 {
		f, err := x.next()
		if err != nil {
			return err
		}
		if f.kind != kindChunk {
			return x.lose(fmt.Errorf("%w: a file within a body", errGarbage))
		}
		if f.length == 0 {
			if _, err := x.writer.Write(nil); err != nil {
				return err
			}
		}
		x.left = f.length
	}
	return nil
}

// standAlone sees to it that no other request waits for the client of this one,
// which may read its body slowly: none is posted behind it any more, and if the
// worker has read one, what is left of this body, which the worker has sent, is
// taken in.
func (x *exchange) standAlone() {
	if x.alone {
		return
	}
	x.alone = true
	if x.app.pool.queue.standAlone(x.c) {
		x.takeIn()
	}
}

// takeIn reads the rest of an answer that the worker is done with. A socket's
// buffer is all that it can be.
func (x *exchange) takeIn() {
	for x.c != nil {
		var chunk []byte
		for x.left > 0 {
			p, err := x.c.some(int(x.left))
			if err != nil {
				x.failed = x.lose(err)
				return
			}
			chunk = append(chunk, p...)
			x.left -= uint32(len(p))
		}
		x.rest = append(x.rest, chunk)
		f, err := x.next()
		if err == io.EOF {
			return
		}
		if err != nil {
			x.failed = err
			return
		}
		if f.kind != kindChunk {
			x.failed = x.lose(fmt.Errorf("%w: a file within a body", errGarbage))
			return
		}
		x.left = f.length
	}
}

// remainder returns what was taken in, and then how that ended.
func (x *exchange) remainder() ([]byte, error) {
	for len(x.rest) > 0 {
		p := x.rest[0]
		x.rest = x.rest[1:]
		if len(p) > 0 {
			x.taken += int64(len(p))
			return p, nil
		}
	}
	if x.failed != nil {
		return nil, x.failed
	}
	return nil, io.EOF
}

// lastWait is how long the end of an answer is waited for whose body is complete.
// Its client waits for nothing then.
const lastWait = time.Second

// Close ends an exchange whose body nobody wants any more: the worker finds its
// connection closed at its next chunk. What close() raised in the application is
// the error.
func (x *exchange) Close() error {
	if x.left == 0 && x.complete() {
		x.finish()
	}
	x.abandon()
	return x.closing
}

// complete reports whether the client has all that it can be sent.
func (x *exchange) complete() bool {
	return x.length >= 0 && x.taken >= x.length || x.taken > 0 && x.env.Get("REQUEST_METHOD") == "HEAD"
}

// finish waits a moment for the end of an answer whose body is complete. Most
// applications need no longer for their close(), so that the connection can be
// kept and an error of theirs is known.
func (x *exchange) finish() {
	for x.c != nil && x.c.arrives(lastWait) {
		f, err := x.next()
		if err != nil && err != io.EOF {
			x.closing = err
		}
		if err != nil {
			return
		}
		if x.left = f.length; x.left > 0 {
			return
		}
	}
}

// feed answers a worker that asks for the request's body.
func (x *exchange) feed(wanted, most uint32) error {
	if x.status != "" {
		// Only for a 101 does a head come before a read: the input is
		// then the connection.
		if err := x.open(); err != nil {
			return err
		}
	}
	if wanted == 0 || most < wanted {
		return x.lose(fmt.Errorf("%w: a read of %d to %d bytes", errGarbage, wanted, most))
	}
	x.stopFeeding(true)
	x.feeding = feed(x.env, x.c, wanted, most)
	return nil
}

// stopFeeding ends what the worker has asked for of the request's body, or lets it
// end, and reports whether the connection is fit for another exchange.
func (x *exchange) stopFeeding(wait bool) (fit bool) {
	f := x.feeding
	if f == nil {
		return true
	}
	x.feeding = nil
	if wait {
		<-f.ended
	}
	broken, fit := f.stop(x.env)
	if broken != nil {
		x.broken = broken
	}
	return fit
}

// log passes on what the application wrote to wsgi.errors, a record a line.
func (x *exchange) log(text []byte) {
	errorStream := x.env.Errors()
	for line := range bytes.Lines(text) {
		_, _ = errorStream.Write(line)
	}
}

// giveBack ends the exchange with a worker that has done its part.
func (x *exchange) giveBack(fit bool) {
	c := x.c
	x.c = nil
	fit = x.stopFeeding(false) && fit
	x.app.finished(c.worker)
	if fit {
		x.app.pool.queue.release(c)
	} else {
		x.app.pool.queue.discard(c)
	}
}

// abandon closes the connection of an exchange that is not over. Where the worker
// is at the next request already, the answer to that must be kept: the rest of
// this one is read and dropped then.
func (x *exchange) abandon() {
	if x.c == nil {
		return
	}
	if x.stopFeeding(false) && x.app.pool.queue.standAlone(x.c) {
		x.takeIn()
		x.closing = cmp.Or(x.closing, x.failed)
		return
	}
	c := x.c
	x.c = nil
	x.app.finished(c.worker)
	x.app.pool.queue.discard(c)
}

// lose ends the exchange with a worker that has failed it, and returns err.
func (x *exchange) lose(err error) error {
	if x.c == nil {
		return err
	}
	w := x.c.worker
	c := x.c
	x.c = nil
	x.stopFeeding(false)
	unread := x.app.pool.queue.unread(c)
	switch {
	case unread && !x.answers && !errors.Is(err, errHung) && !errors.Is(err, errGarbage):
		err = errUnseen
	case errors.Is(err, errUnseen) && (x.answers || x.posted):
		err = errGone
	}
	if !errors.Is(err, errUnseen) {
		x.app.finished(w)
	}
	x.app.pool.blame(w, err)
	x.app.pool.queue.discard(c)
	return err
}
