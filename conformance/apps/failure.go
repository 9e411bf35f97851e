package apps

import (
	"errors"
	"os"
	"syscall"

	"github.com/gowsgi/gowsgi/adapter"
)

var (
	errFailure  = errors.New("of the application")
	errPipe     = os.NewSyscallError("write", syscall.EPIPE)
	errReset    = os.NewSyscallError("read", syscall.ECONNRESET)
	errNotFound = os.NewSyscallError("open", syscall.ENOENT)
)

func raises(err error) adapter.App {
	return app(func(*call) adapter.Body { raise(err); return nil })
}

// partial starts, yields "partial" and raises.
func partial(err error, headers ...[2]string) adapter.App {
	return lazily(func(c *call, yield func(string)) {
		c.ok(headers...)
		yield("partial")
		raise(err)
	})
}

// writesThenRaises starts, writes chunk and raises.
func writesThenRaises(chunk string) adapter.App {
	return app(func(c *call) adapter.Body {
		c.ok()(chunk)
		raise(errFailure)
		return nil
	})
}

func unstarted(body adapter.Body) adapter.App {
	return app(func(*call) adapter.Body { return body })
}

var failureApps = map[string]adapter.App{
	"unstarted":           unstarted(adapter.Text("body")),
	"unstarted_empty":     unstarted(adapter.Text()),
	"unstarted_generator": unstarted(generator("one", "two")),
	"raises_first":        raises(errFailure),
	"raises_after_start": app(func(c *call) adapter.Body {
		c.ok([2]string{"X-Gone", "yes"})
		raise(errFailure)
		return nil
	}),
	"raises_in_generator": lazily(func(c *call, _ func(string)) {
		c.ok()
		raise(errFailure)
	}),
	"raises_in_generator_unstarted": lazily(func(*call, func(string)) { raise(errFailure) }),
	"raises_after_empty": lazily(func(c *call, yield func(string)) {
		c.ok()
		yield("")
		raise(errFailure)
	}),
	"raises_after_bytes":             partial(errFailure),
	"raises_after_bytes_length":      partial(errFailure, length("100")),
	"raises_after_full_length":       partial(errFailure, length("7")),
	"raises_after_write":             writesThenRaises("partial"),
	"raises_after_empty_write":       writesThenRaises(""),
	"raises_broken_pipe":             raises(errPipe),
	"raises_broken_pipe_after_bytes": partial(errPipe),
	"raises_reset":                   raises(errReset),
	"raises_not_found":               raises(errNotFound),
}
