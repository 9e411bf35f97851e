package validate

import (
	"cmp"
	"errors"
	"io"
	"sync"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/seam"
)

// phase is how far an exchange has come.
type phase int

const (
	calling   phase = iota // the App has not returned, or its Body is not yet asked for
	iterating              // the Body is asked for its chunks
	over                   // the Body has ended or was closed
)

// exchange is one call of the App and the response it gives. The lock is for
// applications that call start or write() from elsewhere.
type exchange struct {
	env    *environ.Environ
	next   adapter.StartResponse
	errors environ.ErrorStream
	head   bool // the method is HEAD

	mu       sync.Mutex
	phase    phase
	started  bool // start has succeeded; declared holds
	declared declared
	sent     int64
	closed   bool
	refused  error // why the last call of start failed
	held     error // the first of the other findings that the server has not heard of
}

func newExchange(env *environ.Environ, start adapter.StartResponse) *exchange {
	ex := &exchange{env: env, next: start, errors: env.Errors(), head: env.Get("REQUEST_METHOD") == "HEAD"}
	ex.guardStreams(env)
	return ex
}

// start is the StartResponse that the App gets.
func (ex *exchange) start(status string, headers adapter.Headers, excInfo ...error) (io.Writer, error) {
	d, err := ex.checkStart(status, headers, excInfo)
	if err != nil {
		return nil, ex.refuse(err)
	}
	w, err := ex.next(status, headers, excInfo...)
	switch {
	case err != nil:
		_ = ex.refuse(errorHandling.broken("the App went on after start had returned an error: %w", err))
		return nil, err
	case w == nil:
		return nil, ex.refuse(startCallable.broken("the server's start returned no write()"))
	}
	ex.mu.Lock()
	defer ex.mu.Unlock()
	ex.started, ex.declared, ex.sent, ex.refused = true, d, 0, nil
	return &writer{Writer: w, ex: ex}, nil
}

func (ex *exchange) checkStart(status string, headers adapter.Headers, excInfo []error) (declared, error) {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	switch {
	case ex.phase == over:
		return declared{}, startCallable.broken("start was called after the response had ended")
	case len(excInfo) > 1:
		return declared{}, startCallable.broken("start was given %d errors as excInfo; it takes one", len(excInfo))
	case ex.started && (len(excInfo) == 0 || excInfo[0] == nil):
		return declared{}, startCallable.broken("start was called again without an error as excInfo")
	}
	return checkHead(status, headers)
}

// refuse keeps err for the server, in case the App ignores it and does not call
// start again.
func (ex *exchange) refuse(err error) error {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	ex.refused = err
	return err
}

// hold keeps err for the server, in case the App ignores it.
func (ex *exchange) hold(err error) error {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	if ex.held == nil {
		ex.held = err
	}
	return err
}

// unheard returns the finding that the server has not heard of yet, once.
func (ex *exchange) unheard() error {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	return ex.release()
}

// release is unheard for a caller that has the lock.
func (ex *exchange) release() error {
	err := cmp.Or(ex.held, ex.refused)
	ex.held, ex.refused = nil, nil
	return err
}

// write checks a call of write() with n bytes.
func (ex *exchange) write(n int64) error {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	switch {
	case ex.phase == over:
		return writeCallable.broken("write() was called after the response had ended")
	case ex.phase == iterating && !ex.declared.isSwitch():
		return writeCallable.broken("write() was called from within the iteration of the Body")
	}
	return ex.count(n)
}

// count takes n more bytes of the body into account.
func (ex *exchange) count(n int64) error {
	ex.sent += n
	return ex.declared.checkSize(ex.sent)
}

// begin checks that the server may ask for the chunks now.
func (ex *exchange) begin() error {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	switch {
	case ex.closed:
		return details.broken("the server asked for the chunks of a Body that it had closed")
	case ex.phase != calling:
		return details.broken("the server asked for the chunks of a Body twice")
	}
	ex.phase = iterating
	return nil
}

// chunk checks a chunk of n bytes.
func (ex *exchange) chunk(n int) error {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	switch err := ex.release(); {
	case err != nil:
		return err
	case !ex.started:
		return details.broken("the App has not called start before the first chunk of its Body")
	}
	return ex.count(int64(n))
}

// end checks a response that is complete.
func (ex *exchange) end() error {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	ex.phase = over
	if err := ex.release(); err != nil {
		return err
	}
	if !ex.started {
		if peer := ex.env.Inside(seam.Pass{}).Peer(); peer != nil && peer.Hijacked() {
			return nil
		}
		return details.broken("the App has not called start by the end of its Body")
	}
	return ex.declared.checkEnd(ex.sent, ex.head)
}

// close notes the end, and returns the finding that the server has not heard of; again
// reports whether it has been called before.
func (ex *exchange) close() (unheard error, again bool) {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	again = ex.closed
	ex.phase, ex.closed = over, true
	return ex.release(), again
}

// isClosed reports whether the server has closed the Body.
func (ex *exchange) isClosed() bool {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	return ex.closed
}

// writer is the write() that the App gets.
type writer struct {
	io.Writer
	ex *exchange
}

func (w *writer) Write(p []byte) (int, error) {
	if err := w.ex.write(int64(len(p))); err != nil {
		return 0, w.ex.hold(err)
	}
	return w.Writer.Write(p)
}

// ReadFrom keeps the server's own, and with it sendfile, within reach.
func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	from, ok := w.Writer.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{w}, r)
	}
	if err := w.ex.write(0); err != nil {
		return 0, w.ex.hold(err)
	}
	n, err := from.ReadFrom(r)
	if broken := w.ex.write(n); broken != nil {
		err = errors.Join(w.ex.hold(broken), err)
	}
	return n, err
}
