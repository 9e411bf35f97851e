package adapter

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/gowsgi/gowsgi/internal/answer"
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

// closeBody closes the body, once, on every way out of run. What goes wrong
// there is logged; the response is already what it is.
func (res *response) closeBody(body *Body) {
	closer, ok := (*body).(io.Closer)
	if !ok {
		return
	}
	if err := closeQuietly(closer); err != nil && !res.isOurs(err) {
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
	case res.inputFailed(err):
		return res.failInput(err)
	}
	res.reporter().failure(err)
	return res.replace(http.StatusInternalServerError, "Internal Server Error")
}

// isOurs reports whether err is what our own response writer has met.
func (res *response) isOurs(err error) bool { return res.lost != nil && errors.Is(err, res.lost) }

func (res *response) failConnection(err error) (abort bool) {
	var refusal *recorder.Refusal
	if errors.As(err, &refusal) || gone.Is(err, res.r, res.handler.ignored()) {
		return false
	}
	res.reporter().failure(err)
	return true
}

// inputFailed reports whether the App failed because its input did: by an
// error, not by a panic over something else.
func (res *response) inputFailed(err error) bool {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return true
	}
	met := res.inputError()
	if met == nil {
		return false
	}
	var panicked *PanicError
	return errors.Is(err, met) || !errors.As(err, &panicked)
}

// inputError is what reading wsgi.input has met.
func (res *response) inputError() error {
	if res.env == nil {
		return nil
	}
	return res.inside.InputError()
}

// failInput answers for a request body that could not be read.
func (res *response) failInput(err error) (abort bool) {
	if met := res.inputError(); met != nil {
		err = met
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		res.reporter().invalid(err)
		return res.replace(http.StatusRequestEntityTooLarge, "")
	case errors.Is(err, os.ErrDeadlineExceeded):
		res.reporter().invalid(err)
		return res.replace(http.StatusRequestTimeout, "")
	case gone.Is(err, res.r, res.handler.ignored()):
		return false
	default:
		res.reporter().invalid(err)
		return res.replace(http.StatusBadRequest, "")
	}
}

// replace answers with code in place of the App, or reports that it is too late.
func (res *response) replace(code int, body string) (abort bool) {
	if res.sent || res.hijacked {
		return res.raw == nil && !res.hijacked
	}
	res.answer(code, body)
	return false
}

// answer sends a response that is not the App's; the connection closes with it.
func (res *response) answer(code int, text string) {
	res.head.status, res.sent, res.closing = int32(code), true, true
	res.written = answer.Plain(res.w, res.r, code, text)
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
