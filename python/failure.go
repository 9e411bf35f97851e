package python

import (
	"errors"
	"strings"
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

// Error is the exception's own line, and behind it the traceback.
func (e exception) Error() string {
	text := strings.TrimRight(string(e), "\n")
	last := text[strings.LastIndexByte(text, '\n')+1:]
	return "python: the application raised " + last + "\n" + text
}
