package apps

import (
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var environApps = map[string]adapter.App{
	"environ": app(func(c *call) adapter.Body {
		body := wire.PythonEnviron(wire.Snapshot(c.env))
		c.begin("200 OK", adapter.Headers{{"Content-Type", "application/json"}})
		return adapter.Text(body)
	}),
	"environ_key": app(func(c *call) adapter.Body {
		key := wire.Unquote(c.env.Get("QUERY_STRING"))
		c.ok()
		value, ok := c.env.Lookup(key)
		if !ok {
			return adapter.Text("null")
		}
		return adapter.Text(wire.PythonValue(wire.Describe(value)))
	}),
	"environ_spoiled": app(func(c *call) adapter.Body {
		for _, key := range []string{"REQUEST_METHOD", "SERVER_PROTOCOL", "PATH_INFO", "wsgi.input"} {
			c.env.Delete(key)
		}
		c.env.Set("SCRIPT_NAME", "/spoiled")
		c.env.Set("X_NEW", "yes")
		c.ok()
		return adapter.Text("spoiled")
	}),
	"writes_errors": app(func(c *call) adapter.Body {
		errors := c.env.Errors()
		_, _ = errors.WriteString("one line\n")
		_ = errors.WriteLines([]string{"two\n", "three\n"})
		_ = errors.Flush()
		c.ok()
		return adapter.Text("body")
	}),
}

// switching starts with a 101.
func (c *call) switching(connection string) func(string) {
	return c.begin("101 Switching Protocols", adapter.Headers{{"Upgrade", "echo"}, {"Connection", connection}})
}

var upgradeApps = map[string]adapter.App{
	"upgrade": app(func(c *call) adapter.Body {
		write := c.switching("Upgrade")
		write("")
		for line := c.readLine(-1); line != ""; line = c.readLine(-1) {
			write("echo " + line)
			if line == "bye\n" {
				break
			}
		}
		return adapter.Text()
	}),
	"upgrade_generator": app(func(c *call) adapter.Body {
		c.switching("Upgrade")
		return generator("raw one\n", "raw two\n")
	}),
	"upgrade_list": app(func(c *call) adapter.Body {
		c.switching("Upgrade")
		return adapter.Text("raw one\n", "raw two\n")
	}),
	"upgrade_raises": app(func(c *call) adapter.Body {
		c.switching("Upgrade")("raw one\n")
		raise(errFailure)
		return nil
	}),
	"upgrade_closes": app(func(c *call) adapter.Body {
		c.switching("close")("bye\n")
		return adapter.Text()
	}),
}

// longChunk and longCount make far more than the buffers of sockets hold.
const longCount = 512

var longChunk = strings.Repeat("x", 65536)

var LongApps = map[string]adapter.App{
	"stream_long": app(func(c *call) adapter.Body {
		chunks := make([]any, longCount)
		for i := range chunks {
			chunks[i] = longChunk
		}
		c.ok()
		return &closing{c.env, chunks, nil}
	}),
	"generator_long": app(func(c *call) adapter.Body {
		c.ok()
		return generate(func(yield func(string)) {
			defer wire.CountersOf(c.env).Add("finally")
			for range longCount {
				yield(longChunk)
			}
		})
	}),
	"write_long": app(func(c *call) adapter.Body {
		write := c.ok()
		defer wire.CountersOf(c.env).Add("finally")
		for range longCount {
			write(longChunk)
		}
		return adapter.Text()
	}),
}
