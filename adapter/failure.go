package adapter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/gowsgi/gowsgi/internal/answer"
	"github.com/gowsgi/gowsgi/internal/debugpage"
	"github.com/gowsgi/gowsgi/internal/gone"
	"github.com/gowsgi/gowsgi/internal/recorder"
)

// PanicError is the error of an App that panicked.
type PanicError struct {
	Value any    // what it panicked with
	Stack []byte // its goroutine's stack
}

// Error says what the App panicked with.
func (e *PanicError) Error() string { return fmt.Sprintf("adapter: the App panicked: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// catch makes the panic under way, if there is one, an error. It is deferred.
func catch(err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Value: v, Stack: debug.Stack()}
	}
}

// catch does that for the App, and keeps the stack for Handler.Debug.
func (res *response) catch(err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Value: v, Stack: debug.Stack()}
		if res.handler.Debug {
			res.blame().stack = debugpage.Callers()
		}
	}
}

// RequestError is what HandleError hears of a request that could not be answered
// for a reason outside the App: its body could not be read, or its time was up. An
// App that finds another fault in the request may return one itself.
type RequestError struct {
	// Status is the answer, or what it would have been had nothing gone out
	// yet: 400, 408 or 413 for the body, 504 for the time. Of an App's own it
	// is from 400 to 499 and Err is not nil; any other is an error like any.
	Status int
	Err    error // what the App met
}

// Error is the status and the error.
func (e *RequestError) Error() string {
	return fmt.Sprintf("adapter: %d %s: %v", e.Status, http.StatusText(e.Status), e.Err)
}

// Unwrap returns Err.
func (e *RequestError) Unwrap() error { return e.Err }

// closeBody closes the body, once, on every way out of run. An error that is met
// there is logged; the response is already what it is. That the request's context
// has ended is no news.
func (res *response) closeBody(body *Body) {
	closer, ok := (*body).(io.Closer)
	if !ok {
		return
	}
	if err := closeQuietly(closer); err != nil && !res.isOurs(err) && !res.wasTold(err) && !res.isLate(err) {
		res.reporter().failure(fmt.Errorf("adapter: closing the Body: %w", err))
	}
}

func closeQuietly(c io.Closer) (err error) {
	defer catch(&err)
	return c.Close()
}

// fail answers for a request that ended in err, and reports whether the
// connection must be cut off, so that the client sees the truncation.
func (res *response) fail(err error) (abort bool) {
	switch {
	case errors.Is(err, http.ErrAbortHandler):
		return true
	case res.isOurs(err):
		return res.failConnection(err)
	}
	if met := res.inputFailure(err); met != nil {
		return res.failInput(met)
	}
	switch {
	case res.wasTold(err):
		return res.leave()
	case res.isLate(err):
		return res.refuse(http.StatusGatewayTimeout, err)
	}
	var invalid *RequestError
	if errors.As(err, &invalid) && invalid.Err != nil && invalid.Status >= 400 && invalid.Status < 500 {
		return res.refuse(invalid.Status, invalid.Err)
	}
	res.reporter().failure(err)
	return res.replace(http.StatusInternalServerError, "Internal Server Error", err)
}

// failConnection ends a response that our own response writer could not send.
func (res *response) failConnection(err error) (abort bool) {
	var refusal *recorder.Refusal
	switch {
	case errors.As(err, &refusal):
		return false
	case gone.Is(err, res.r, res.handler.ignored()), res.wasTold(err):
		// net/http ends the context of a request whose connection it has
		// lost. Where it has not, a middleware's writer has an EPIPE of its
		// own, and the client is still there.
		return res.r.Context().Err() == nil && res.underServer()
	case res.isLate(err):
		return res.refuse(http.StatusGatewayTimeout, err)
	}
	res.reporter().failure(err)
	return true
}

// isOurs reports whether err is what our own response writer has met.
func (res *response) isOurs(err error) bool { return res.lost != nil && errors.Is(err, res.lost) }

// wasTold reports whether the App ended because its context told it that the
// client left.
func (res *response) wasTold(err error) bool {
	return gone.Told(err, res.r.Context(), res.handler.ignored())
}

// isLate reports whether the App ended because the time of its request's context
// was up. Some drivers say of that too that they were cancelled.
func (res *response) isLate(err error) bool {
	ctx := res.r.Context()
	return ctx.Err() == context.DeadlineExceeded &&
		gone.Listed(err, []error{context.DeadlineExceeded, context.Canceled, context.Cause(ctx), http.ErrHandlerTimeout})
}

// leave ends a request whose client left, so that nothing is taken for an answer:
// a client that has only closed its sending half must not see an empty 200, and
// neither must a log.
func (res *response) leave() (abort bool) {
	if res.raw != nil || res.hijacked {
		return false
	}
	res.gone = !res.sent
	return res.underServer()
}

// underServer reports whether there is a connection to be cut off. Without one,
// as in a test, a panic would not be caught.
func (res *response) underServer() bool {
	return res.r.Context().Value(http.ServerContextKey) != nil
}

// failInput answers for a request body that could not be read.
func (res *response) failInput(err error) (abort bool) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return res.refuse(http.StatusRequestEntityTooLarge, err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return res.refuse(http.StatusRequestTimeout, err)
	case !gone.Is(err, res.r, res.handler.ignored()):
		return res.refuse(http.StatusBadRequest, err)
	case res.sent:
		return false
	default:
		return res.leave()
	}
}

// refuse answers a request that could not be served, for which the App is not to
// blame.
func (res *response) refuse(status int, err error) (abort bool) {
	if status != http.StatusGatewayTimeout || !gone.Listed(err, res.handler.ignored()) {
		res.reporter().request(status, err)
	}
	return res.replace(status, "", err)
}

// replace answers with code in place of the App, which failed with err, or reports
// that it is too late.
func (res *response) replace(code int, body string, err error) (abort bool) {
	switch {
	case res.sent || res.hijacked:
		return res.raw == nil && !res.hijacked
	case res.handler.Debug:
		res.explain(code, err)
	default:
		res.answer(code, body)
	}
	return false
}

// answer sends a response that is not the App's; the connection closes with it.
func (res *response) answer(code int, text string) { res.send(code, "text/plain", text) }

func (res *response) send(code int, contentType, text string) {
	res.head.status, res.sent, res.closing = int32(code), true, true
	res.written = answer.Send(res.w, res.r, code, contentType, text)
}

// reportMisuse reports what the App did wrong in a response that is none the
// worse for it.
func (res *response) reportMisuse() {
	if res.wrong != nil && res.wrong.body != nil {
		res.reporter().failure(res.wrong.body)
	}
	if res.surplus && !res.clipped {
		res.reporter().failure(fmt.Errorf("adapter: the App sent more than its Content-Length of %d; the surplus was not sent", res.head.length))
	}
}
