package validate_test

import (
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

var (
	plain     = adapter.Headers{{"Content-Type", "text/plain"}}
	errMet    = errors.New("met")
	noContent = "204 No Content"
)

// sized is plain with a Content-Length.
func sized(length string) adapter.Headers {
	return adapter.Headers{{"Content-Type", "text/plain"}, {"Content-Length", length}}
}

// list starts and returns a list.
func list(status string, headers adapter.Headers, chunks ...string) adapter.App {
	return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		if _, err := start(status, headers); err != nil {
			return nil, err
		}
		return adapter.Text(chunks...), nil
	}
}

// chunks is a generator of chunks.
func chunks(parts ...string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, part := range parts {
			if !yield([]byte(part), nil) {
				return
			}
		}
	}
}

// stream starts and returns a generator.
func stream(status string, headers adapter.Headers, parts ...string) adapter.App {
	return streamOf(status, headers, chunks(parts...))
}

func streamOf(status string, headers adapter.Headers, seq iter.Seq2[[]byte, error]) adapter.App {
	return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start(status, headers)
		return adapter.Stream(seq), err
	}
}

// write starts, writes, and returns a list.
func write(status string, headers adapter.Headers, text string, chunks ...string) adapter.App {
	return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		w, err := start(status, headers)
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, text); err != nil {
			return nil, err
		}
		return adapter.Text(chunks...), nil
	}
}

// lazy is a generator that gets start.
func lazy(seq func(start adapter.StartResponse, yield func([]byte, error) bool)) adapter.App {
	return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		return adapter.Stream(func(yield func([]byte, error) bool) { seq(start, yield) }), nil
	}
}

// careless calls start as it is told, ignores what it says, and returns a list.
func careless(calls func(start adapter.StartResponse)) adapter.App {
	return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		calls(start)
		return adapter.Text("body"), nil
	}
}

// misbehaving are apps with the rule they break. Those that are late have sent
// bytes when it shows.
var misbehaving = []struct {
	name, method string
	app          adapter.App
	want         string
	late         bool
}{
	{"never starts, a list", "GET", careless(func(adapter.StartResponse) {}),
		`the App has not called start before the first chunk of its Body (PEP 3333, "Specification Details")`, false},
	{"never starts, an empty list", "GET", func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return adapter.Text(), nil },
		`the App has not called start by the end of its Body (PEP 3333, "Specification Details")`, false},
	{"never starts, a nil Body", "GET", func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return nil, nil },
		`the App has not called start by the end of its Body (PEP 3333, "Specification Details")`, false},
	{"never starts, a file", "GET", func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) {
		return adapter.File(strings.NewReader("x"), 0), nil
	}, `the App has not called start before the first chunk of its Body (PEP 3333, "Specification Details")`, false},
	{"never starts, a stream", "GET", lazy(func(_ adapter.StartResponse, yield func([]byte, error) bool) { yield([]byte("x"), nil) }),
		`the App has not called start before the first chunk of its Body (PEP 3333, "Specification Details")`, false},
	{"never starts, an empty stream", "GET", lazy(func(adapter.StartResponse, func([]byte, error) bool) {}),
		`the App has not called start by the end of its Body (PEP 3333, "Specification Details")`, false},
	{"starts after an empty chunk", "GET", lazy(func(start adapter.StartResponse, yield func([]byte, error) bool) {
		if yield(nil, nil) {
			_, _ = start("200 OK", plain)
		}
	}), `the App has not called start before the first chunk of its Body (PEP 3333, "Specification Details")`, false},
	{"starts twice", "GET", careless(func(start adapter.StartResponse) {
		_, _ = start("200 OK", plain)
		_, _ = start("201 Created", plain)
	}), `start was called again without an error as excInfo (PEP 3333, "The start_response() Callable")`, false},
	{"starts twice with a nil excInfo", "GET", careless(func(start adapter.StartResponse) {
		_, _ = start("200 OK", plain)
		_, _ = start("201 Created", plain, nil)
	}), `start was called again without an error as excInfo (PEP 3333, "The start_response() Callable")`, false},
	{"starts twice in its stream", "GET", lazy(func(start adapter.StartResponse, yield func([]byte, error) bool) {
		_, _ = start("200 OK", plain)
		_, _ = start("201 Created", plain)
		yield([]byte("x"), nil)
	}), `start was called again without an error as excInfo (PEP 3333, "The start_response() Callable")`, false},
	{"starts twice between chunks", "GET", lazy(func(start adapter.StartResponse, yield func([]byte, error) bool) {
		_, _ = start("200 OK", plain)
		if yield([]byte("x"), nil) {
			_, _ = start("201 Created", plain)
			yield([]byte("y"), nil)
		}
	}), `start was called again without an error as excInfo (PEP 3333, "The start_response() Callable")`, true},
	{"gives two errors as excInfo", "GET", careless(func(start adapter.StartResponse) { _, _ = start("500 Oops", plain, errMet, errMet) }),
		`start was given 2 errors as excInfo; it takes one (PEP 3333, "The start_response() Callable")`, false},
	{"ignores that start refused", "GET", careless(func(start adapter.StartResponse) { _, _ = start("OK", plain) }),
		`status "OK" is not three digits, a space and a reason (PEP 3333, "The start_response() Callable")`, false},
	{"goes on after its excInfo came back", "GET", lazy(func(start adapter.StartResponse, yield func([]byte, error) bool) {
		_, _ = start("200 OK", plain)
		if yield([]byte("x"), nil) {
			_, _ = start("500 Oops", plain, errMet)
			yield([]byte("y"), nil)
		}
	}), `the App went on after start had returned an error: met (PEP 3333, "Error Handling")`, true},
	{"calls start when its stream is over", "GET", lazy(func(start adapter.StartResponse, yield func([]byte, error) bool) {
		_, _ = start("200 OK", plain)
		yield([]byte("x"), nil)
		_, _ = start("201 Created", plain)
	}), `start was called again without an error as excInfo (PEP 3333, "The start_response() Callable")`, true},

	{"status without a reason", "GET", list("200", plain), `status "200" is not a code, a single space and a reason (PEP 3333, "The start_response() Callable")`, false},
	{"status with two spaces", "GET", list("200  OK", plain), `status "200  OK" is not a code, a single space and a reason (PEP 3333, "The start_response() Callable")`, false},
	{"status that ends in a space", "GET", list("200 OK ", plain), `status "200 OK " is not a code, a single space and a reason (PEP 3333, "The start_response() Callable")`, false},
	{"status with a tab", "GET", list("200 O\tK", plain), `status "200 O\tK" has a control character in it (PEP 3333, "The start_response() Callable")`, false},
	{"status with a newline", "GET", list("200 OK\r\nX-A: b", plain), `the status has a control character in it (PEP 3333, "The start_response() Callable")`, false},
	{"status of two digits", "GET", list("20 OK", plain), `status "20 OK" is not three digits, a space and a reason (PEP 3333, "The start_response() Callable")`, false},
	{"status of four digits", "GET", list("2000 OK", plain), `status "2000 OK" is not three digits, a space and a reason (PEP 3333, "The start_response() Callable")`, false},
	{"status below 100", "GET", list("099 Low", plain), `status 99 is no final one: it must be from 200 to 999, or 101 (PEP 3333, "The start_response() Callable")`, false},
	{"status that is not final", "GET", list("100 Continue", nil), `status 100 is no final one: it must be from 200 to 999, or 101 (PEP 3333, "The start_response() Callable")`, false},
	{"empty status", "GET", list("", plain), `status "" is not three digits, a space and a reason (PEP 3333, "The start_response() Callable")`, false},

	{"header Status", "GET", list("200 OK", append(plain, [2]string{"staTus", "200"})), `header "staTus" is CGI's; the status is start's first argument (PEP 3333, "The start_response() Callable")`, false},
	{"header name with a colon", "GET", list("200 OK", append(plain, [2]string{"X:A", "s3cret"})), `header name "X:A" is not a token (PEP 3333, "The start_response() Callable")`, false},
	{"header name with a newline", "GET", list("200 OK", append(plain, [2]string{"X-A\n", "s3cret"})), `header name "X-A\n" is not a token (PEP 3333, "The start_response() Callable")`, false},
	{"empty header name", "GET", list("200 OK", append(plain, [2]string{"", "s3cret"})), `header name "" is not a token (PEP 3333, "The start_response() Callable")`, false},
	{"header name that ends in a dash", "GET", list("200 OK", append(plain, [2]string{"X-A-", "s3cret"})),
		`header name "X-A-" is not a letter, then letters, digits, dashes and underscores that end in a letter or digit (PEP 3333, "The start_response() Callable")`, false},
	{"header name that begins with a digit", "GET", list("200 OK", append(plain, [2]string{"1X", "s3cret"})),
		`header name "1X" is not a letter, then letters, digits, dashes and underscores that end in a letter or digit (PEP 3333, "The start_response() Callable")`, false},
	{"header name with a dot", "GET", list("200 OK", append(plain, [2]string{"X.A", "s3cret"})),
		`header name "X.A" is not a letter, then letters, digits, dashes and underscores that end in a letter or digit (PEP 3333, "The start_response() Callable")`, false},
	{"header value with a newline", "GET", list("200 OK", append(plain, [2]string{"X-A", "s3cret\nb"})), `the value of header "X-A" has a control character in it (PEP 3333, "The start_response() Callable")`, false},
	{"header value with NUL", "GET", list("200 OK", append(plain, [2]string{"X-A", "s3cret\x00"})), `the value of header "X-A" has a control character in it (PEP 3333, "The start_response() Callable")`, false},
	{"header value with a tab", "GET", list("200 OK", append(plain, [2]string{"X-A", "s3cret\tb"})), `the value of header "X-A" has a control character in it (PEP 3333, "The start_response() Callable")`, false},
	{"hop-by-hop header", "GET", list("200 OK", append(plain, [2]string{"transfer-encoding", "s3cret"})), `header "Transfer-Encoding" is for one connection only and the server's to send (PEP 3333, "Other HTTP Features")`, false},
	{"Connection", "GET", list("200 OK", append(plain, [2]string{"Connection", "s3cret"})), `header "Connection" may be close or keep-alive; anything else goes with a 101 only (PEP 3333, "Other HTTP Features")`, false},
	{"no Content-Type", "GET", list("301 Moved", adapter.Headers{{"Location", "/s3cret"}}), `a 301 response has no header "Content-Type" (PEP 3333, "The start_response() Callable")`, false},
	{"Content-Type with 204", "GET", list(noContent, plain), `a 204 response has header "Content-Type" and can have no body (PEP 3333, "The start_response() Callable")`, false},
	{"Content-Type with 304", "GET", list("304 Not Modified", adapter.Headers{{"content-type", "text/plain"}}), `a 304 response has header "Content-Type" and can have no body (PEP 3333, "The start_response() Callable")`, false},
	{"Content-Length with 204", "GET", list(noContent, adapter.Headers{{"Content-Length", "0"}}), `a 204 response has header "Content-Length" and can have no body (PEP 3333, "Handling the Content-Length Header")`, false},
	{"Content-Length that is no number", "GET", list("200 OK", sized("s3cret")), `header "Content-Length" is not a number of bytes in digits that an int64 holds (PEP 3333, "Handling the Content-Length Header")`, false},
	{"two Content-Lengths", "GET", list("200 OK", append(sized("4"), [2]string{"Content-length", "5"}), "body"), `header "Content-Length" is given twice, with different values (PEP 3333, "Handling the Content-Length Header")`, false},

	{"list beyond its Content-Length", "GET", list("200 OK", sized("3"), "bo", "dy"), `the body has 4 bytes at least, more than its Content-Length (PEP 3333, "Handling the Content-Length Header")`, false},
	{"list short of its Content-Length", "GET", list("200 OK", sized("5"), "bo", "dy"), `the body has 4 bytes, fewer than its Content-Length (PEP 3333, "Handling the Content-Length Header")`, false},
	{"stream beyond its Content-Length", "GET", stream("200 OK", sized("3"), "bo", "dy"), `the body has 4 bytes at least, more than its Content-Length (PEP 3333, "Handling the Content-Length Header")`, true},
	{"stream short of its Content-Length", "GET", stream("200 OK", sized("5"), "bo", "dy"), `the body has 4 bytes, fewer than its Content-Length (PEP 3333, "Handling the Content-Length Header")`, true},
	{"empty stream with a Content-Length", "GET", stream("200 OK", sized("5")), `the body has 0 bytes, fewer than its Content-Length (PEP 3333, "Handling the Content-Length Header")`, false},
	{"write() beyond its Content-Length", "GET", write("200 OK", sized("3"), "body"), `the body has 4 bytes at least, more than its Content-Length (PEP 3333, "Handling the Content-Length Header")`, false},
	{"write() and list beyond a Content-Length", "GET", write("200 OK", sized("3"), "bo", "dy"), `the body has 4 bytes at least, more than its Content-Length (PEP 3333, "Handling the Content-Length Header")`, true},
	{"write() short of its Content-Length", "GET", write("200 OK", sized("5"), "body"), `the body has 4 bytes, fewer than its Content-Length (PEP 3333, "Handling the Content-Length Header")`, true},
	{"a list with 204", "GET", list(noContent, nil, "body"), `a 204 response has a body, which RFC 9110 (6.4.1) denies it (PEP 3333, "Other HTTP Features")`, false},
	{"a stream with 304", "GET", stream("304 Not Modified", nil, "", "body"), `a 304 response has a body, which RFC 9110 (6.4.1) denies it (PEP 3333, "Other HTTP Features")`, false},
	{"write() with 204", "GET", write(noContent, nil, "body"), `a 204 response has a body, which RFC 9110 (6.4.1) denies it (PEP 3333, "Other HTTP Features")`, false},

	{"write() before the first chunk of its stream", "GET", lazy(func(start adapter.StartResponse, yield func([]byte, error) bool) {
		w, _ := start("200 OK", plain)
		_, _ = io.WriteString(w, "x")
		yield([]byte("y"), nil)
	}), `write() was called from within the iteration of the Body (PEP 3333, "The write() Callable")`, false},
	{"write() between chunks", "GET", lazy(func(start adapter.StartResponse, yield func([]byte, error) bool) {
		w, _ := start("200 OK", plain)
		if yield([]byte("x"), nil) {
			_, _ = io.WriteString(w, "y")
			yield([]byte("z"), nil)
		}
	}), `write() was called from within the iteration of the Body (PEP 3333, "The write() Callable")`, true},
	{"write() after the last chunk", "GET", lazy(func(start adapter.StartResponse, yield func([]byte, error) bool) {
		w, _ := start("200 OK", plain)
		if yield([]byte("x"), nil) {
			_, _ = io.Copy(w, strings.NewReader("y"))
		}
	}), `write() was called from within the iteration of the Body (PEP 3333, "The write() Callable")`, true},

	{"a Body of nil chunks", "GET", streamOf("200 OK", plain, nil), `the Chunks of the Body are nil; an empty Body yields nothing (PEP 3333, "Specification Details")`, false},
	{"a chunk together with an error", "GET", streamOf("200 OK", plain, func(yield func([]byte, error) bool) { yield([]byte("x"), errMet) }),
		`the Body yielded a chunk together with an error: met (PEP 3333, "Specification Details")`, false},
	{"a chunk after an error", "GET", streamOf("200 OK", plain, func(yield func([]byte, error) bool) { _ = yield(nil, errMet) && yield([]byte("x"), nil) }),
		`the Body yielded more after an error: met (PEP 3333, "Specification Details")`, false},
	{"an error after an error", "GET", streamOf("200 OK", plain, func(yield func([]byte, error) bool) {
		for range 2 {
			if !yield(nil, errMet) {
				return
			}
		}
	}),
		`the Body yielded more after an error: met (PEP 3333, "Specification Details")`, false},
}
