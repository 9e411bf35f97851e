package apps

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
)

// read is wsgi.input's read(n).
func (c *call) read(n int) string {
	data, err := c.env.Input().ReadN(n)
	if err != nil {
		raise(err)
	}
	return string(data)
}

// readLine is wsgi.input's readline(limit): "" at the end.
func (c *call) readLine(limit int) string {
	line, err := c.env.Input().ReadLine(limit)
	if err != nil && !errors.Is(err, io.EOF) {
		raise(err)
	}
	return string(line)
}

// lines is iteration, and readlines().
func (c *call) lines() []string {
	var lines []string
	for line, err := range c.env.Input().Lines() {
		if err != nil {
			raise(err)
		}
		lines = append(lines, string(line))
	}
	return lines
}

// until collects what next returns until that is empty.
func until(next func() string) []string {
	var parts []string
	for part := next(); part != ""; part = next() {
		parts = append(parts, part)
	}
	return parts
}

// reads is an application that answers with what f has read, joined by bars.
func reads(f func(c *call) []string) adapter.App {
	return app(func(c *call) adapter.Body {
		parts := f(c)
		c.ok()
		return adapter.Text(strings.Join(parts, "|"))
	})
}

func readsOnce(n int) adapter.App {
	return reads(func(c *call) []string { return []string{c.read(n)} })
}

var InputApps = map[string]adapter.App{
	"read_all":   readsOnce(-1),
	"read_five":  readsOnce(5),
	"read_minus": readsOnce(-1),
	"read_zero": reads(func(c *call) []string {
		return []string{c.read(0), c.read(2), c.read(0), c.read(-1)}
	}),
	"read_pieces": reads(func(c *call) []string {
		return until(func() string { return c.read(3) })
	}),
	"read_past_end": reads(func(c *call) []string {
		return []string{c.read(-1), c.read(-1), c.read(5), c.readLine(-1), c.read(-1)}
	}),
	"read_count": reads(func(c *call) []string {
		return []string{strconv.Itoa(len(c.read(-1)))}
	}),
	"read_mixed": reads(func(c *call) []string {
		return []string{c.read(3), c.readLine(-1), c.read(2), c.readLine(2), c.read(-1)}
	}),
	"readline_one": reads(func(c *call) []string { return []string{c.readLine(-1)} }),
	"readline_all": reads(func(c *call) []string {
		return until(func() string { return c.readLine(-1) })
	}),
	"readline_four": reads(func(c *call) []string {
		return until(func() string { return c.readLine(4) })
	}),
	"readline_edges": reads(func(c *call) []string {
		return []string{c.readLine(0), c.readLine(-1), c.readLine(1000)}
	}),
	"readlines":      reads((*call).lines),
	"readlines_hint": reads((*call).lines), // readlines(hint) may give more than its hint, and pywsgi's gives all
	"input_lines":    reads((*call).lines),
	"read_after_start": app(func(c *call) adapter.Body {
		c.ok()
		return adapter.Text(c.read(-1))
	}),
	"read_after_bytes":         startsThenWrites(-1),
	"read_partial_after_bytes": startsThenWrites(4),
	"echo_stream": app(func(c *call) adapter.Body {
		c.ok()
		return generate(func(yield func(string)) {
			for part := c.read(4); part != ""; part = c.read(4) {
				yield(part)
			}
		})
	}),
	"echo_lines": lazily(func(c *call, yield func(string)) {
		c.ok()
		yield("ready\n")
		for line := c.readLine(-1); line != ""; line = c.readLine(-1) {
			yield("echo " + line)
		}
	}),
	"read_error_answered": app(func(c *call) adapter.Body {
		var body string
		if try(func() { body = c.read(-1) }) != nil {
			c.begin("400 Bad Request", Typed())
			return adapter.Text("the app says: bad input")
		}
		c.ok()
		return adapter.Text(body)
	}),
	"read_error_ignored": app(func(c *call) adapter.Body {
		body := "error swallowed"
		_ = try(func() { body = c.read(-1) })
		c.ok()
		return adapter.Text(body)
	}),
	"read_error_again": reads(func(c *call) []string {
		results := []string{"<error>", "<error>", "<error>"}
		for i := range results {
			_ = try(func() { results[i] = c.read(4) })
		}
		return results
	}),
	"echo_body_and_type": app(func(c *call) adapter.Body {
		body := c.read(-1)
		kind, ok := c.env.Lookup("CONTENT_TYPE")
		if !ok {
			kind = "none/none"
		}
		c.begin("200 OK", adapter.Headers{{"Content-Type", kind.(string)}})
		return adapter.Text(body)
	}),
}

func startsThenWrites(n int) adapter.App {
	return app(func(c *call) adapter.Body {
		write := c.ok()
		write("start;")
		write(c.read(n))
		return adapter.Text()
	})
}
