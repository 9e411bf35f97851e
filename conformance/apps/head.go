package apps

import (
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

// asked is the response that a query asks the application respond for.
type asked struct {
	Status  string
	Headers adapter.Headers
	chunks  []string
	flags   map[string]bool
	broken  bool // there is a header without a value, which no start_response takes
}

func AskedFor(query string) asked {
	a := asked{flags: make(map[string]bool)}
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		value = wire.Unquote(value)
		a.flags[key] = true
		switch key {
		case "s":
			a.Status += value
		case "h":
			name, value, ok := strings.Cut(value, "|")
			a.broken = a.broken || !ok
			a.Headers = append(a.Headers, [2]string{name, value})
		case "b":
			a.chunks = append(a.chunks, value)
		}
	}
	if a.Status == "" && !a.flags["empty_status"] {
		a.Status = "200 OK"
	}
	return a
}

// begin starts with what was asked for.
func (a asked) begin(c *call) func(string) {
	if a.broken {
		raise(errFailure)
	}
	return c.begin(a.Status, a.Headers)
}

// body returns the chunks in the way that was asked for.
func (a asked) body(write func(string)) adapter.Body {
	switch {
	case a.flags["write"]:
		for _, chunk := range a.chunks {
			write(chunk)
		}
		return adapter.Text()
	case a.flags["generator"]:
		return generator(a.chunks...)
	default:
		return adapter.Text(a.chunks...)
	}
}

var headApps = map[string]adapter.App{
	"respond": app(func(c *call) adapter.Body {
		a := AskedFor(c.env.Get("QUERY_STRING"))
		return a.body(a.begin(c))
	}),
	"respond_caught": app(func(c *call) adapter.Body {
		a := AskedFor(c.env.Get("QUERY_STRING"))
		if try(func() { a.begin(c) }) != nil {
			c.begin("200 Refused", Typed())
			return adapter.Text("refused")
		}
		return adapter.Text(a.chunks...)
	}),
	"snowman_header":  Answers("200 OK", Typed([2]string{"X-Snowman", "☃"}), adapter.Text("body")),
	"snowman_name":    Answers("200 OK", Typed([2]string{"X-☃", "snowman"}), adapter.Text("body")),
	"snowman_status":  Answers("200 ☃", Typed(), adapter.Text("body")),
	"latin1_header":   Answers("200 D\xe9j\xe0 vu", Typed([2]string{"X-Latin", "caf\xe9 \xff"}), adapter.Text("body")),
	"date_of_mine":    OK(adapter.Text("body"), [2]string{"Date", "Thu, 01 Jan 1970 00:00:00 GMT"}),
	"server_of_mine":  OK(adapter.Text("body"), [2]string{"Server", "mine/1.0"}),
	"says_close":      OK(adapter.Text("body"), [2]string{"Connection", "close"}),
	"says_keep_alive": OK(adapter.Text("body"), [2]string{"Connection", "keep-alive"}),
	"says_chunked":    OK(generator("one", "two"), [2]string{"Transfer-Encoding", "chunked"}),
	"cookies": app(func(c *call) adapter.Body {
		c.ok([2]string{"Set-Cookie", "a=1"}, flag("X-Between"), [2]string{"Set-Cookie", "b=2"})
		cookie, ok := c.env.Lookup("HTTP_COOKIE")
		if !ok {
			cookie = "no cookie"
		}
		return adapter.Text(cookie.(string))
	}),
	"header_list_changed": app(func(c *call) adapter.Body {
		headers := append(make(adapter.Headers, 0, 8), textType, flag("X-Kept"))
		c.begin("200 OK", headers)
		_ = append(headers, flag("X-Too-Late"))
		return adapter.Text("body")
	}),
}
