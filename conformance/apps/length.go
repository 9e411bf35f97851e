package apps

import (
	"github.com/gowsgi/gowsgi/adapter"
)

const (
	noContent   = "204 No Content"
	notModified = "304 Not Modified"
)

var etag = [2]string{"ETag", `"one"`}

var bodilessApps = map[string]adapter.App{
	"no_content":           Answers(noContent, nil, adapter.Text()),
	"no_content_generator": Answers(noContent, nil, generator("", "")),
	"no_content_body":      Answers(noContent, nil, adapter.Text("body")),
	"no_content_write": app(func(c *call) adapter.Body {
		c.begin(noContent, nil)("body")
		return adapter.Text()
	}),
	"no_content_zero_length": Answers(noContent, adapter.Headers{length("0")}, adapter.Text()),
	"no_content_length":      Answers(noContent, adapter.Headers{length("5")}, adapter.Text()),
	"no_content_length_caught": app(func(c *call) adapter.Body {
		_ = try(func() { c.begin(noContent, adapter.Headers{length("5")}) })
		return adapter.Text()
	}),
	"not_modified":                Answers(notModified, adapter.Headers{etag}, adapter.Text()),
	"not_modified_body":           Answers(notModified, adapter.Headers{etag}, adapter.Text("body")),
	"not_modified_generator_body": Answers(notModified, adapter.Headers{etag}, generator("", "body")),
	"not_modified_length":         Answers(notModified, adapter.Headers{etag, length("5")}, adapter.Text()),
	"not_modified_typed":          Answers(notModified, Typed(etag), adapter.Text()),
	"head_aware_list": app(func(c *call) adapter.Body {
		c.ok(length("11"))
		if c.isHead() {
			return adapter.Text()
		}
		return adapter.Text("hello world")
	}),
	"head_aware_generator": lazily(func(c *call, yield func(string)) {
		c.ok(length("11"))
		if !c.isHead() {
			yield("hello world")
		}
	}),
}

func (c *call) isHead() bool { return c.env.Get("REQUEST_METHOD") == "HEAD" }

var lengthApps = map[string]adapter.App{
	"length_over_list":       OK(adapter.Text("hello"), length("20")),
	"length_over_generator":  OK(generator("he", "llo"), length("20")),
	"length_over_write":      writesOf("20", "hello"),
	"length_under_list":      OK(adapter.Text("hello"), length("3")),
	"length_under_generator": OK(generator("he", "llo", "more"), length("3")),
	"length_under_write":     writesOf("3", "he", "llo"),
	"length_zero_body":       OK(adapter.Text("hello"), length("0")),
	"length_twice_same":      OK(adapter.Text("hello"), length("5"), length("5")),
	"length_twice_different": OK(adapter.Text("hello"), length("5"), length("3")),
}

func writesOf(declared string, chunks ...string) adapter.App {
	return app(func(c *call) adapter.Body {
		write := c.ok(length(declared))
		for _, chunk := range chunks {
			write(chunk)
		}
		return adapter.Text()
	})
}
