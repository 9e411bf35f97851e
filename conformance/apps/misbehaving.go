package apps

import (
	"io"
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
)

// uses is an application that does something with the input or with errors.
func uses(key string, use func(stream any) error) adapter.App {
	return app(func(c *call) adapter.Body {
		if err := use(c.env.Value(key)); err != nil {
			raise(err)
		}
		c.ok()
		return adapter.Text("body")
	})
}

func closesStream(stream any) error { return stream.(io.Closer).Close() }

var Misbehaving = map[string]adapter.App{
	"good_generator": OK(generator("one", "two")),
	"good_write":     afterWriting(adapter.Text(), "written"),
	"good_input": app(func(c *call) adapter.Body {
		parts := append([]string{c.read(2), c.readLine(-1), c.readLine(3)}, c.lines()...)
		c.ok()
		return adapter.Text(strings.Join(parts, ""))
	}),
	"good_errors": app(func(c *call) adapter.Body {
		_, _ = c.env.Errors().WriteString("one\n")
		_ = c.env.Errors().WriteLines([]string{"two\n"})
		_ = c.env.Errors().Flush()
		c.ok()
		return adapter.Text("body")
	}),
	"good_exc_info": app(func(c *call) adapter.Body {
		c.ok()
		c.replace()
		return adapter.Text("body")
	}),
	"good_no_content":   Answers(noContent, nil, adapter.Text()),
	"start_never":       unstarted(adapter.Text("body")),
	"start_never_empty": unstarted(adapter.Text()),
	"start_late": lazily(func(c *call, yield func(string)) {
		yield("early")
		c.ok()
	}),
	"start_late_empty": lazily(func(c *call, yield func(string)) {
		yield("")
		c.ok()
		yield("body")
	}),
	"start_twice": app(func(c *call) adapter.Body {
		c.ok()
		c.begin("201 Created", Typed())
		return adapter.Text("body")
	}),
	"start_after_chunk": lazily(func(c *call, yield func(string)) {
		c.ok()
		yield("one")
		c.begin("201 Created", Typed())
		yield("two")
	}),
	"exc_info_first": app(func(c *call) adapter.Body {
		c.begin("200 OK", Typed(), errMet)
		return adapter.Text("body")
	}),
	"body_none":            OK(nil),
	"never_closed":         OK(generator("body")),
	"iterated_after_close": OK(generator("one", "two")),
	"closed_twice":         OK(generator("one")),
	"closed_early":         OK(generator("one", "two")),
	"input_close":          uses("wsgi.input", closesStream),
	"errors_close":         uses("wsgi.errors", closesStream),
	"input_read_negative":  readsOnce(-1),
}
