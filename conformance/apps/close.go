package apps

import (
	"errors"
	"iter"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/conformance/wire"
	"github.com/gowsgi/gowsgi/environ"
)

var (
	errFirst  = errors.New("first")
	errMidway = errors.New("midway")
	errClose  = errors.New("close")
)

// closing is a Body that counts its Close and the chunks taken from it. A chunk
// that is an error is yielded as one.
type closing struct {
	env      *environ.Environ
	chunks   []any
	closeErr error
}

func (b *closing) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, chunk := range b.chunks {
			if err, ok := chunk.(error); ok {
				yield(nil, err)
				return
			}
			wire.CountersOf(b.env).Add("yields")
			if !yield([]byte(chunk.(string)), nil) {
				return
			}
		}
	}
}

func (b *closing) Close() error {
	wire.CountersOf(b.env).Add("closed")
	return b.closeErr
}

// closes starts with 200 and returns a closing of the chunks.
func closes(headers adapter.Headers, closeErr error, chunks ...any) adapter.App {
	return app(func(c *call) adapter.Body {
		c.begin("200 OK", headers)
		return &closing{c.env, chunks, closeErr}
	})
}

func unstartedClosing(chunks ...any) adapter.App {
	return app(func(c *call) adapter.Body { return &closing{c.env, chunks, nil} })
}

var closeApps = map[string]adapter.App{
	"closing":                  closes(Typed(), nil, "first", "second"),
	"closing_empty":            closes(Typed(), nil),
	"closing_length":           closes(Typed(length("11")), nil, "first", "second"),
	"closing_unstarted":        unstartedClosing("first"),
	"closing_unstarted_empty":  unstartedClosing(),
	"closing_raises_first":     closes(Typed(), nil, errFirst),
	"closing_raises_midway":    closes(Typed(), nil, "first", errMidway, "never"),
	"closing_short":            closes(Typed(length("20")), nil, "first", "second"),
	"closing_long":             closes(Typed(length("3")), nil, "first", "second"),
	"close_raises":             closes(Typed(), errClose, "first", "second"),
	"close_raises_empty":       closes(Typed(), errClose),
	"close_raises_length":      closes(Typed(length("5")), errClose, "first"),
	"close_raises_after_error": closes(Typed(), errClose, errFirst),
	"closing_no_content": app(func(c *call) adapter.Body {
		c.begin("204 No Content", nil)
		return &closing{c.env, []any{"first"}, nil}
	}),
	"generator_finally": lazily(func(c *call, yield func(string)) {
		c.ok()
		defer wire.CountersOf(c.env).Add("finally")
		yield("first")
		yield("second")
	}),
	"generator_finally_raises": lazily(func(c *call, yield func(string)) {
		c.ok()
		defer wire.CountersOf(c.env).Add("finally")
		yield("first")
		raise(errMidway)
	}),
	"counters": app(func(c *call) adapter.Body {
		c.ok()
		return adapter.Text(wire.PythonCounts(wire.CountersOf(c.env).Take()))
	}),
}
