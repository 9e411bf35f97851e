package python

import (
	"errors"
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
)

// What ends a request without an answer of the application's.
var (
	errGarbage = errors.New("python: the worker sent what is no frame of the protocol")
	errUnseen  = errors.New("python: the worker ended before it had read the request")
	errGone    = errors.New("python: the worker ended")
	errHung    = errors.New("python: the application did not get on with the request within RequestTimeout")
)

// unavailable is why a request is answered 503.
type unavailable string

func (u unavailable) Error() string { return "python: " + string(u) }

const (
	errQueueFull    = unavailable("no thread is free, and as many requests wait as may")
	errQueueTimeout = unavailable("no thread became free within QueueTimeout")
	errClosed       = unavailable("the App is closed")
)

// exception is what the application raised: its traceback.
type exception string

// Error is the exception's own line.
func (e exception) Error() string {
	text := strings.TrimRight(string(e), "\n")
	return "python: the application raised " + text[strings.LastIndexByte(text, '\n')+1:]
}

// As gives the traceback where a stack is looked for: what a panic is to an App
// in Go, an exception is to one in Python. So it stands in the Handler's record,
// line by line.
func (e exception) As(target any) bool {
	panicked, ok := target.(**adapter.PanicError)
	if ok {
		*panicked = &adapter.PanicError{Value: errors.New(e.Error()), Stack: []byte(e)}
	}
	return ok
}
