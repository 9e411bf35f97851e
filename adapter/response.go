package adapter

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"sync"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/seam"
)

// response is the answer to one request, from the call of the App to the last
// byte. As an io.Writer it is the write() callable that start returns.
//
// The lock is there for applications that keep write() and call it from
// elsewhere, or too late: net/http recycles its buffers once a handler returns.
type response struct {
	handler *Handler
	w       http.ResponseWriter
	r       *http.Request
	env     *environ.Environ

	mu       sync.Mutex
	head     head
	started  bool // start has succeeded; head holds
	sent     bool // the head is out, or in net/http's hands
	finished bool // the App and its Body are done
	duplex   bool // the input may be read while the body is written
	hijacked bool // an http.Handler inside took the connection over
	surplus  bool // the App sent more than its Content-Length
	fallback int  // status of the answer that replaced the App's; 0 for none
	written  int64
	lost     error      // a *writeError: the connection failed
	misuse   error      // what the App did wrong without losing the response
	refusal  error      // why the last call of start failed
	raw      *rawStream // the connection, from an accepted 101 on
}

var (
	errFinished     = errors.New("adapter: the request is over: start and write belong to the call of the App and the iteration of its Body")
	errNeverStarted = errors.New("adapter: the App has not called start")
	errStartedTwice = errors.New("adapter: start was called again without an error as its excInfo")
)

// serve answers the request and reports whether its connection must be cut off.
func (res *response) serve() (abort bool) {
	defer res.finish()
	if res.handler.requestTooLong(res.r) {
		res.answer(http.StatusRequestURITooLong, "")
		return false
	}
	res.env = seam.New(res.r, res.handler.scope, true).(*environ.Environ)
	seam.SetPeer(res.env, res)
	if seam.Outside(res.env) {
		res.answer(http.StatusNotFound, "404 page not found\n")
		return false
	}
	err := res.run()
	res.seal()
	if err != nil {
		return res.fail(err)
	}
	res.reportMisuse()
	return false
}

// run calls the App and copies its body. A panic becomes an error.
func (res *response) run() (err error) {
	var body Body
	defer res.closeBody(&body)
	defer catch(&err)
	h := res.handler
	if h.App == nil {
		return errNoApp
	}
	if h.PrepareEnviron != nil {
		h.PrepareEnviron(res.env)
	}
	body, err = h.App(res.env, res.start)
	if err != nil {
		return err
	}
	if err := res.copy(body); err != nil {
		return err
	}
	return res.end()
}

// start is the StartResponse of the request.
func (res *response) start(status string, headers Headers, excInfo ...error) (io.Writer, error) {
	res.mu.Lock()
	defer res.mu.Unlock()
	var met error
	for _, err := range excInfo {
		if met == nil {
			met = err
		}
	}
	switch {
	case res.finished:
		return nil, errFinished
	case res.sent && met != nil:
		return nil, met
	case res.started && met == nil:
		return nil, errStartedTwice
	}
	head, err := newHead(status, headers)
	if err == nil {
		err = res.switchProtocols(head.code)
	}
	if err != nil {
		res.refusal = err
		return nil, err
	}
	res.head, res.started = head, true
	return res, nil
}

// Write is the write() callable: p, and the head before it, are out when it
// returns.
func (res *response) Write(p []byte) (int, error) {
	res.mu.Lock()
	defer res.mu.Unlock()
	if err := res.open(len(p) > 0); err != nil {
		return 0, err
	}
	if res.raw != nil {
		return res.writeRaw(p)
	}
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
		res.misuse = fmt.Errorf("adapter: the App sent a body with a %d response", res.head.code)
		return res.misuse
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
	return res.surplus || res.isHead() && res.sent
}

func (res *response) isHead() bool { return res.r.Method == http.MethodHead }

// sendHead hands status and headers to net/http, once. In a response that goes
// out piece by piece the App may still read its input.
func (res *response) sendHead(piecewise bool) {
	if res.sent {
		return
	}
	res.sent = true
	if piecewise {
		res.enableDuplex()
	}
	header := res.w.Header()
	res.head.copyTo(header)
	if res.inputError() != nil {
		res.hangUpAfter(header)
	}
	res.w.WriteHeader(res.head.code)
}

func (res *response) flush() error {
	err := http.NewResponseController(res.w).Flush()
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return res.lose(err)
	}
	return nil
}

// lose notes that the connection failed. Nothing is written any more.
func (res *response) lose(err error) error {
	res.lost = &writeError{err}
	return res.lost
}

// copy sends the body.
func (res *response) copy(body Body) error {
	if res.hijacked {
		return nil
	}
	switch b := body.(type) {
	case nil:
		return res.copyList(text(""))
	case list:
		return res.copyList(b)
	case *file:
		return res.copyFile(b)
	default:
		return res.copyStream(b)
	}
}

func (res *response) copyStream(body Body) error {
	for chunk, err := range body.Chunks() {
		if err != nil {
			return err
		}
		if len(chunk) == 0 {
			continue
		}
		if _, err := res.Write(chunk); err != nil {
			return err
		}
		if res.enough() {
			return nil
		}
	}
	return nil
}

// copyList sends a body whose length is known, so a wrong Content-Length is
// seen before anything is out.
func (res *response) copyList(body list) error {
	res.mu.Lock()
	defer res.mu.Unlock()
	size := body.size()
	if err := res.open(size > 0); err != nil {
		return err
	}
	if res.raw != nil {
		_, err := body.writeTo(rawWriter{res}, size)
		return err
	}
	if !res.sent {
		if res.head.length > size && !res.isHead() && !res.head.bodiless() {
			return res.short(size)
		}
		res.declare(size)
		res.sendHead(false)
	}
	allowed := res.allow(size)
	if allowed == 0 {
		return nil
	}
	n, err := body.writeTo(res.w, allowed)
	res.written += n
	if err != nil {
		return res.lose(err)
	}
	return nil
}

// declare adds the Content-Length that the App left out. Of an empty list in
// answer to a HEAD nothing follows: the App need not have made the body.
func (res *response) declare(size int64) {
	if res.head.length >= 0 || res.head.bodiless() || size == 0 && res.isHead() {
		return
	}
	res.head.length = size
	res.head.fields = append(res.head.fields, [2]string{"Content-Length", strconv.FormatInt(size, 10)})
}

// copyFile sends a file whole where its length is known, by sendfile where
// net/http can, and block by block elsewhere.
func (res *response) copyFile(f *file) error {
	size, ok := f.remaining()
	if !ok || !res.wholeFile() {
		err := res.copyStream(f)
		res.surplus = false // a file may be longer than what is asked of it
		return err
	}
	res.mu.Lock()
	defer res.mu.Unlock()
	if err := res.open(size > 0); err != nil {
		return err
	}
	if res.head.length > size && !res.isHead() {
		return res.short(size)
	}
	res.declare(size)
	res.sendHead(false)
	_, err := res.sendFile(f.r)
	return err
}

// sendFile lets net/http read what of r the Content-Length asks for.
func (res *response) sendFile(r io.Reader) (int64, error) {
	if res.head.length >= 0 {
		r = io.LimitReader(r, res.allow(res.head.length-res.written))
	}
	if res.isHead() {
		return 0, nil
	}
	n, err := io.Copy(res.w, r)
	res.written += n
	var reading *fs.PathError
	if err != nil && !errors.As(err, &reading) {
		err = res.lose(err)
	}
	return n, err
}

// ReadFrom is write() for io.Copy: a regular file is left to net/http, which
// may use sendfile, and every piece of anything else is out before the next is
// read.
func (res *response) ReadFrom(r io.Reader) (int64, error) {
	if !isRegular(r) {
		return io.Copy(struct{ io.Writer }{res}, r)
	}
	if _, err := res.Write(nil); err != nil {
		return 0, err
	}
	res.mu.Lock()
	defer res.mu.Unlock()
	if err := res.open(true); err != nil {
		return 0, err
	}
	if res.raw != nil {
		return io.Copy(rawWriter{res}, r)
	}
	n, err := res.sendFile(r)
	if err != nil {
		return n, err
	}
	return n, res.flush()
}

// wholeFile reports whether the body may go out in one piece: not where write()
// has already sent a part of it unchunked, or the connection is taken over.
func (res *response) wholeFile() bool {
	res.mu.Lock()
	defer res.mu.Unlock()
	return res.started && !res.sent && res.raw == nil
}

// end completes a response whose body has been copied.
func (res *response) end() error {
	res.mu.Lock()
	defer res.mu.Unlock()
	switch {
	case res.hijacked:
		return nil
	case res.lost != nil:
		return res.lost
	case !res.started:
		return res.neverStarted()
	case res.misuse != nil && !res.sent:
		return res.misuse
	case res.raw != nil:
		return res.takeOver()
	case res.head.length > res.written && !res.isHead() && !res.head.bodiless():
		return res.short(res.written)
	}
	res.sendHead(false)
	return nil
}

func (res *response) neverStarted() error {
	if res.refusal != nil {
		return fmt.Errorf("%w, but for a call that was refused: %w", errNeverStarted, res.refusal)
	}
	return errNeverStarted
}

func (res *response) short(size int64) error {
	return fmt.Errorf("adapter: the App sent %d bytes and declared a Content-Length of %d", size, res.head.length)
}

// status is the code that the response has, or would have had.
func (res *response) status() int {
	switch {
	case res.fallback != 0:
		return res.fallback
	case res.sent || res.raw != nil:
		return res.head.code
	default:
		return 0
	}
}

// seal makes start and write() useless to whoever kept them. From here on the
// response belongs to the Handler alone.
func (res *response) seal() {
	res.mu.Lock()
	defer res.mu.Unlock()
	res.finished = true
}

// finish leaves the connection fit for net/http, or closes it.
func (res *response) finish() {
	res.seal()
	res.drain()
	if res.raw != nil {
		res.raw.close()
	}
}
