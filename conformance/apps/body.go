package apps

import (
	"fmt"
	"io"
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
)

var bodyApps = map[string]adapter.App{
	"plain":                   OK(adapter.Text("hello world")),
	"unknown":                 Answers("404 Not Found", Typed(), adapter.Text("no such app")),
	"list_empty":              OK(adapter.Text()),
	"list_chunks":             OK(adapter.Text("one,", "two,", "three")),
	"tuple_empties":           OK(adapter.Text("", "a", "", "b", "")),
	"none_body":               OK(nil),
	"no_headers":              Answers("200 OK", nil, adapter.Text("bare")),
	"generator":               OK(generator("one", "two", "three")),
	"generator_empty":         OK(generator()),
	"generator_empties_first": OK(generator("", "", "late", "", "r")),
	"generator_only_empties":  OK(generator("", "")),
	"generator_length":        OK(generator("one", "two", "three"), length("11")),
	"lazy_start": lazily(func(c *call, yield func(string)) {
		c.ok()
		yield("lazy")
		yield("body")
	}),
	"lazy_start_after_empty": lazily(func(c *call, yield func(string)) {
		yield("")
		c.ok()
		yield("started")
	}),
	"lazy_start_late": lazily(func(c *call, yield func(string)) {
		yield("too early")
		c.ok()
		yield("started")
	}),
	"lazy_start_at_end": lazily(func(c *call, yield func(string)) {
		yield("")
		c.ok()
	}),
	"list_length":  OK(adapter.Text("hello ", "world"), length("11")),
	"big":          OK(adapter.Text(strings.Repeat("0123456789abcdef", 65536))),
	"big_chunks":   OK(bigChunks()),
	"small_chunks": OK(smallChunks()),
	"all_bytes":    OK(adapter.Bytes(allBytes())),
	"file_wrapper": app(func(c *call) adapter.Body {
		c.ok()
		wrapper, ok := c.env.Value("wsgi.file_wrapper").(func(io.Reader, int) adapter.Body)
		if !ok {
			return adapter.Text("no file_wrapper")
		}
		return wrapper(strings.NewReader("the content of a file"), 8)
	}),
}

func bigChunks() adapter.Body {
	return generate(func(yield func(string)) {
		for number := range 16 {
			yield(strings.Repeat(string(rune(number)), 65536))
		}
	})
}

func smallChunks() adapter.Body {
	return generate(func(yield func(string)) {
		for number := range 200 {
			yield(fmt.Sprintf("%03d ", number))
		}
	})
}

func allBytes() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

var writeApps = map[string]adapter.App{
	"write_only": app(func(c *call) adapter.Body {
		write := c.ok()
		write("one")
		write("two")
		return adapter.Text()
	}),
	"write_list":        afterWriting(adapter.Text("listed"), "written,"),
	"write_generator":   afterWriting(generator("gene", "rated"), "written"),
	"write_empty_first": afterWriting(adapter.Text("body"), ""),
	"write_empty_only":  afterWriting(adapter.Text(), "", ""),
	"write_length": app(func(c *call) adapter.Body {
		c.ok(length("6"))("abc")
		return adapter.Text("def")
	}),
	"write_between_yields": lazily(func(c *call, yield func(string)) {
		write := c.ok()
		yield("y1")
		write("w1")
		yield("y2")
		write("w2")
	}),
}

func afterWriting(body adapter.Body, chunks ...string) adapter.App {
	return app(func(c *call) adapter.Body {
		write := c.ok()
		for _, chunk := range chunks {
			write(chunk)
		}
		return body
	})
}
