package apps

import (
	"errors"

	"github.com/gowsgi/gowsgi/adapter"
)

var errMet = errors.New("met")

func flag(name string) [2]string { return [2]string{name, "yes"} }

// badHeaders are refused by pywsgi and by gowsgi.
var badHeaders = adapter.Headers{{"X-Bad", "a\nb"}}

// replace calls start_response again with exc_info.
func (c *call) replace(more ...[2]string) func(string) {
	return c.begin("500 Replaced", Typed(more...), errMet)
}

var startApps = map[string]adapter.App{
	"restart": app(func(c *call) adapter.Body {
		c.ok(flag("X-First"))
		c.replace(flag("X-Second"))
		return adapter.Text("replaced")
	}),
	"restart_write": app(func(c *call) adapter.Body {
		c.ok()
		c.replace()("written")
		return adapter.Text()
	}),
	"restart_old_write": app(func(c *call) adapter.Body {
		write := c.ok()
		c.replace()
		write("through the first write")
		return adapter.Text()
	}),
	"restart_drops_length": app(func(c *call) adapter.Body {
		c.ok(length("3"))
		c.replace()
		return adapter.Text("longer")
	}),
	"restart_after_empty_chunk": lazily(func(c *call, yield func(string)) {
		c.ok()
		yield("")
		c.replace()
		yield("replaced")
	}),
	"restart_after_empty_write": app(func(c *call) adapter.Body {
		c.ok()("")
		c.replace()
		return adapter.Text("replaced")
	}),
	"restart_after_bytes": app(func(c *call) adapter.Body {
		c.ok()("partial")
		c.replace()
		return adapter.Text("never")
	}),
	"restart_after_bytes_caught": app(func(c *call) adapter.Body {
		c.ok()("partial;")
		if err := try(func() { c.replace() }); err != nil {
			return adapter.Text("caught ", err.Error())
		}
		return adapter.Text("nothing raised")
	}),
	"restart_only": app(func(c *call) adapter.Body {
		c.begin("500 First", Typed(), errMet)
		return adapter.Text("first call with exc_info")
	}),
	"start_twice": app(func(c *call) adapter.Body {
		c.ok(flag("X-First"))
		c.begin("201 Created", Typed(flag("X-Second")))
		return adapter.Text("twice")
	}),
	"start_twice_none": app(func(c *call) adapter.Body {
		c.ok()
		c.begin("201 Created", Typed(), nil)
		return adapter.Text("twice")
	}),
	"start_twice_caught": app(func(c *call) adapter.Body {
		c.ok()
		if try(func() { c.begin("201 Created", Typed()) }) != nil {
			return adapter.Text("refused")
		}
		return adapter.Text("allowed")
	}),
	"start_twice_after_bytes": app(func(c *call) adapter.Body {
		c.ok()("partial;")
		c.begin("404 Not Found", Typed())
		return adapter.Text("rest")
	}),
	"start_refused_then_good": app(func(c *call) adapter.Body {
		if try(func() { c.begin("200 OK", badHeaders) }) != nil {
			c.begin("200 Second", Typed(flag("X-Good")))
		}
		return adapter.Text("body")
	}),
	"start_refused_ignored": app(func(c *call) adapter.Body {
		_ = try(func() { c.begin("200 OK", badHeaders) })
		return adapter.Text("body")
	}),
	"start_good_then_refused": app(func(c *call) adapter.Body {
		c.begin("200 Good", Typed(flag("X-Good")))
		_ = try(func() { c.begin("200 OK", badHeaders, errMet) })
		return adapter.Text("body")
	}),
}
