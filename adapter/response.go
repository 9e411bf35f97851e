package adapter

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/recorder"
	"github.com/gowsgi/gowsgi/internal/seam"
)

// response is the answer to one request, from the call of the App to the last
// byte. As an io.Writer it is the write() callable that start returns. A size of
// 352 bytes at most is part of what makes it cheap (docs/cost.md).
//
// The lock is there for applications that keep write() and call it from
// elsewhere, or too late: net/http recycles its buffers once a handler returns.
type response struct {
	handler *Handler
	w       http.ResponseWriter
	r       *http.Request
	env     *environ.Environ
	inside  environ.Inside // env's memory

	mu       sync.Mutex
	head     head
	started  bool // start has succeeded; head holds
	sent     bool // the head is out, or in net/http's hands
	finished bool // the App and its Body are done
	duplex   duplex
	closing  bool          // we have said that the connection ends with this response
	hijacked bool          // an http.Handler inside took the connection over
	surplus  bool          // the App sent more than its Content-Length
	clipped  bool          // as much of a file goes out as its Content-Length asks for
	gone     bool          // the client was gone before the head was sent
	seen     atomic.Uint32 // what an http.Handler met in the request's body: 0, seenEnd, seenError, seenGone
	written  int64
	lost     *writeError // the connection failed
	wrong    *misuse     // what the App did wrong; nil for nothing
	raw      *rawStream  // the connection, from an accepted 101 on
}

// misuse is what an App did wrong without losing its response by it yet.
type misuse struct {
	start error     // why the last call of start failed
	body  error     // why a write was refused
	stack []uintptr // where it panicked, for Handler.Debug
}

func (res *response) blame() *misuse {
	if res.wrong == nil {
		res.wrong = new(misuse)
	}
	return res.wrong
}

var (
	errFinished     = errors.New("adapter: the request is over: start and write belong to the call of the App and the iteration of its Body")
	errNeverStarted = errors.New("adapter: the App has not called start")
	errStartedTwice = errors.New("adapter: start was called again without an error as its excInfo")
)

// Format keeps a write() that is printed from printing its environ.
func (res *response) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "adapter: write()") }

// serve answers the request and reports whether its connection must be cut off.
func (res *response) serve() (abort bool) {
	defer res.finish()
	switch {
	case res.handler.requestTooLong(res.r):
		res.answer(http.StatusRequestURITooLong, "")
		return false
	case isPreface(res.r):
		res.answer(http.StatusBadRequest, "")
		return false
	}
	env, outside := res.inside.Make(seam.Pass{}, res.r, res.handler.scope, res)
	res.env = env
	if outside {
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
	defer res.catch(&err)
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
	return res.copy(body)
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
	if err := res.accept(status, headers); err != nil {
		res.blame().start = err
		return nil, err
	}
	res.started = true
	return res, nil
}

// accept makes status and headers the response's, or changes nothing. Nearly
// every response has one head, which is made in place.
func (res *response) accept(status string, headers Headers) error {
	h := &res.head
	if res.started {
		h = new(head)
	}
	if err := h.fill(status, headers); err != nil {
		return err
	}
	if err := res.switchProtocols(h.code()); err != nil {
		return err
	}
	if res.started {
		res.head = *h
	}
	return nil
}

// end completes a response whose body has been copied. The caller holds the lock.
func (res *response) end() error {
	res.finished = true
	switch {
	case res.lost != nil:
		return res.lost
	case !res.started:
		return res.neverStarted()
	case !res.sent && res.refusedBody() != nil:
		return res.refusedBody()
	case res.raw != nil:
		return nil
	case res.head.length > res.written && !res.isHead() && !res.head.bodiless():
		return res.short(res.written)
	}
	res.sendHead(false)
	return nil
}

// refusedBody is why a write was refused to a response that has no body still.
func (res *response) refusedBody() error {
	if res.wrong == nil || !res.head.bodiless() {
		return nil
	}
	return res.wrong.body
}

func (res *response) neverStarted() error {
	if res.wrong != nil && res.wrong.start != nil {
		return fmt.Errorf("%w, but for a call that was refused: %w", errNeverStarted, res.wrong.start)
	}
	return errNeverStarted
}

func (res *response) short(size int64) error {
	return fmt.Errorf("adapter: the App sent %d bytes and declared a Content-Length of %d", size, res.head.length)
}

// outcome is the status and the length of the body for the Record: none of either
// where the client was gone before it could get them.
func (res *response) outcome() (status int, bytes int64) {
	switch {
	case res.gone:
		recorder.MarkGone(res.w)
		return 0, 0
	case res.sent, res.raw != nil:
		return res.head.code(), res.written
	default:
		return 0, res.written
	}
}

// seal makes start and write() useless to whoever kept them. From here on the
// response belongs to the Handler alone.
func (res *response) seal() {
	res.mu.Lock()
	res.finished = true
	raw := res.raw
	res.mu.Unlock()
	if raw != nil {
		raw.endWrites()
	}
}

// finish leaves the connection fit for net/http, or closes it.
func (res *response) finish() {
	if !res.finished {
		res.seal()
	}
	res.linger()
	if res.raw != nil {
		res.raw.close()
		recorder.AddBytes(res.w, res.written)
	}
}
