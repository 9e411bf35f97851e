package adapter

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gowsgi/gowsgi/internal/body"
)

// Write is the write() callable: p, and the head before it, are out when it
// returns.
func (res *response) Write(p []byte) (int, error) {
	raw, err := res.writable(len(p) > 0)
	switch {
	case err != nil:
		return 0, err
	case raw:
		return res.writeRaw(p)
	}
	defer res.mu.Unlock()
	res.sendHead(true)
	if allowed := res.allow(int64(len(p))); allowed > 0 {
		n, err := res.w.Write(p[:allowed])
		res.written += int64(n)
		if err != nil {
			return n, res.lose(err)
		}
	}
	if err := res.flush(); err != nil {
		return 0, err
	}
	return len(p), nil
}

// writable reports whether the App writes to a connection that is taken over, or
// why it may not write. Where it does neither, it returns with the lock held.
func (res *response) writable(bytes bool) (raw bool, err error) {
	res.mu.Lock()
	if err := res.open(bytes); err != nil || res.raw != nil {
		res.mu.Unlock()
		return true, err
	}
	return false, nil
}

// open reports why the App may not write now, if it may not.
func (res *response) open(bytes bool) error {
	switch {
	case res.finished:
		return errFinished
	case res.lost != nil:
		return res.lost
	case !res.started:
		return res.neverStarted()
	case bytes && res.head.bodiless():
		err := fmt.Errorf("adapter: the App sent a body with a %d response", res.head.code())
		res.blame().body = err
		return err
	}
	return nil
}

// allow returns how many of the next n bytes of the body go out: none of a
// HEAD's, and none beyond the declared Content-Length.
func (res *response) allow(n int64) int64 {
	if left := res.head.length - res.written; res.head.length >= 0 && n > left && !res.isHead() {
		res.surplus = true
		n = left
	}
	if res.isHead() {
		return 0
	}
	return n
}

// enough reports whether nothing of what the App still has would go out.
func (res *response) enough() bool {
	res.mu.Lock()
	defer res.mu.Unlock()
	switch {
	case !res.started || res.raw != nil:
		return false
	case res.isHead():
		return res.sent
	default:
		return res.head.length >= 0 && res.written >= res.head.length && !res.head.bodiless()
	}
}

func (res *response) isHead() bool { return res.r.Method == http.MethodHead }

// sendHead hands status and headers to net/http, once. In a response that goes
// out piece by piece the App may still read its input, and no request follows on
// the connection then.
func (res *response) sendHead(piecewise bool) {
	if res.sent {
		return
	}
	res.sent = true
	header := res.w.Header()
	res.head.copyTo(header)
	if res.r.ProtoMajor >= 2 {
		delete(header, "Upgrade") // it would make the response malformed (RFC 9113, 8.2.2)
	}
	if piecewise && res.enableDuplex() || res.bodyFailed() {
		res.hangUpAfter(header)
	}
	res.gone = res.clientGone()
	res.w.WriteHeader(res.head.code())
}

func (res *response) flush() error {
	err := http.NewResponseController(res.w).Flush()
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return res.lose(err)
	}
	return nil
}

// lose notes that the connection failed, the first time that it does. Nothing is
// written any more.
func (res *response) lose(err error) error {
	if res.lost == nil {
		res.lost = &writeError{err}
	}
	return res.lost
}

// ReadFrom is write() for io.Copy: a regular file is left to net/http, which
// may use sendfile, and every piece of anything else is out before the next is
// read.
func (res *response) ReadFrom(r io.Reader) (int64, error) {
	if !body.IsRegular(r) {
		return io.Copy(struct{ io.Writer }{res}, unlessEnough{res, r})
	}
	if _, err := res.Write(nil); err != nil {
		return 0, err
	}
	raw, err := res.writable(true)
	switch {
	case err != nil:
		return 0, err
	case raw:
		return io.Copy(rawWriter{res}, r)
	}
	defer res.mu.Unlock()
	n, err := res.sendFile(r)
	if err != nil {
		return n, err
	}
	return n, res.flush()
}

// unlessEnough is a reader that is read no further than its response needs.
type unlessEnough struct {
	res *response
	r   io.Reader
}

func (u unlessEnough) Read(p []byte) (int, error) {
	if u.res.enough() {
		return 0, io.EOF
	}
	return u.r.Read(p)
}
