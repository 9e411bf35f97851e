package adapter_test

import (
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

var plain = adapter.Headers{{"Content-Type", "text/plain"}}

// seq is a generator of chunks that ends in err, if there is one.
func seq(err error, chunks ...string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, chunk := range chunks {
			if !yield([]byte(chunk), nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// answer is an App that starts with status and headers and returns body.
func answer(status string, headers adapter.Headers, body adapter.Body) adapter.App {
	return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		if _, err := start(status, headers); err != nil {
			return nil, err
		}
		return body, nil
	}
}

const get = "GET / HTTP/1.1\nHost: x\n\n"

// TestWhatGoesOut is the table of docs/design.md of what happens when, for a GET over
// HTTP/1.1 whose client closes its sending half at once.
func TestWhatGoesOut(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name string
		app  adapter.App
		send string
		want string
		log  []string // parts of the error log; none: it is empty
	}{{
		name: "a list has its length",
		app:  answer("200 OK", plain, adapter.Text("hello, ", "world")),
		want: "HTTP/1.1 200 OK\nContent-Length: 12\nContent-Type: text/plain\n\nhello, world",
	}, {
		name: "a list of bytes too",
		app:  answer("200 OK", plain, adapter.Bytes([]byte("a"), nil, []byte("bc"))),
		want: "HTTP/1.1 200 OK\nContent-Length: 3\nContent-Type: text/plain\n\nabc",
	}, {
		name: "no body",
		app:  answer("200 OK", plain, nil),
		want: "HTTP/1.1 200 OK\nContent-Length: 0\nContent-Type: text/plain\n\n",
	}, {
		name: "nothing is sniffed",
		app:  answer("200 OK", nil, adapter.Text("<html>")),
		want: "HTTP/1.1 200 OK\nContent-Length: 6\n\n<html>",
	}, {
		name: "a stream is chunked, without its empty chunks",
		app:  answer("200 OK", plain, adapter.Stream(seq(nil, "", "one", "", "two"))),
		want: "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n3\none\n3\ntwo\n0\n\n",
	}, {
		name: "a stream with a length is not",
		app:  answer("200 OK", adapter.Headers{{"Content-Length", "6"}}, adapter.Stream(seq(nil, "one", "two"))),
		want: "HTTP/1.1 200 OK\nContent-Length: 6\n\nonetwo",
	}, {
		name: "a stream over HTTP/1.0 ends with the connection",
		app:  answer("200 OK", plain, adapter.Stream(seq(nil, "one", "two"))),
		send: "GET / HTTP/1.0\n\n",
		want: "HTTP/1.0 200 OK\nContent-Type: text/plain\n\nonetwo",
	}, {
		name: "HEAD of a list",
		app:  answer("200 OK", plain, adapter.Text("hello")),
		send: "HEAD / HTTP/1.1\nHost: x\n\n",
		want: "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\n\n",
	}, {
		name: "HEAD of an empty list says nothing of a length",
		app:  answer("200 OK", plain, nil),
		send: "HEAD / HTTP/1.1\nHost: x\n\n",
		want: "HTTP/1.1 200 OK\nContent-Type: text/plain\n\n",
	}, {
		name: "HEAD of a stream",
		app:  answer("200 OK", plain, adapter.Stream(seq(boom, "one"))),
		send: "HEAD / HTTP/1.1\nHost: x\n\n",
		want: "HTTP/1.1 200 OK\nContent-Type: text/plain\n\n",
	}, {
		name: "HEAD with the length of what is not there",
		app:  answer("200 OK", adapter.Headers{{"Content-Length", "99"}}, nil),
		send: "HEAD / HTTP/1.1\nHost: x\n\n",
		want: "HTTP/1.1 200 OK\nContent-Length: 99\n\n",
	}, {
		name: "204",
		app:  answer("204 No Content", nil, nil),
		want: "HTTP/1.1 204 No Content\n\n",
	}, {
		name: "304",
		app:  answer("304 Not Modified", adapter.Headers{{"ETag", `"x"`}, {"Content-Length", "0"}}, nil),
		want: "HTTP/1.1 304 Not Modified\nEtag: \"x\"\n\n",
	}, {
		name: "204 with a list is the App's error",
		app:  answer("204 No Content", nil, adapter.Text("x")),
		want: internalError,
		log:  []string{"GET / HTTP/1.1: adapter: the App sent a body with a 204 response", "(hidden keys: "},
	}, {
		name: "304 with a stream is too",
		app:  answer("304 Not Modified", nil, adapter.Stream(seq(nil, "x"))),
		want: internalError,
		log:  []string{"adapter: the App sent a body with a 304 response"},
	}, {
		name: "204 with empty chunks is none",
		app:  answer("204 No Content", nil, adapter.Stream(seq(nil, "", ""))),
		want: "HTTP/1.1 204 No Content\n\n",
	}, {
		name: "a status without a reason",
		app:  answer("404", nil, nil),
		want: "HTTP/1.1 404 Not Found\nContent-Length: 0\n\n",
	}, {
		name: "net/http has its own reasons",
		app:  answer("299 Nice", nil, nil),
		want: "HTTP/1.1 299 status code 299\nContent-Length: 0\n\n",
	}, {
		name: "cookies repeat",
		app:  answer("200 OK", adapter.Headers{{"Set-Cookie", "a=1"}, {"set-cookie", "b=2"}}, nil),
		want: "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: a=1\nSet-Cookie: b=2\n\n",
	}, {
		name: "Connection: Close in any letters",
		app:  answer("200 OK", adapter.Headers{{"connection", "CLOSE"}}, nil),
		send: get + get,
		want: "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 0\n\n",
	}, {
		name: "the same length twice goes out once",
		app:  answer("200 OK", adapter.Headers{{"Content-Length", "1"}, {"content-length", "1"}}, adapter.Text("x")),
		want: "HTTP/1.1 200 OK\nContent-Length: 1\n\nx",
	}, {
		name: "never started",
		app:  func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return adapter.Text("x"), nil },
		want: internalError,
		log:  []string{"adapter: the App has not called start\n"},
	}, {
		name: "started by a call that was refused",
		app: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, _ = start("200 OK", adapter.Headers{{"X-Evil", "a\r\nSet-Cookie: b"}})
			return adapter.Text("x"), nil
		},
		want: internalError,
		log:  []string{`adapter: the App has not called start, but for a call that was refused: adapter: the value of header "X-Evil" has a control character in it`},
	}, {
		name: "fails before it starts",
		app: func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) {
			return nil, boom
		},
		want: internalError,
		log:  []string{"GET / HTTP/1.1: boom\n", "{'HTTP_HOST': 'x', 'REMOTE_ADDR': '127.0.0.1', 'REMOTE_PORT': '", "', (hidden keys: "},
	}, {
		name: "panics before a byte is out",
		app: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, _ = start("200 OK", nil)
			panic("ouch")
		},
		want: internalError,
		log:  []string{"adapter: the App panicked: ouch\n", "goroutine ", "wire_test.go"},
	}, {
		name: "fails in its first chunk",
		app:  answer("200 OK", plain, adapter.Stream(seq(boom))),
		want: internalError,
		log:  []string{": boom\n"},
	}, {
		name: "fails after bytes are out: no last chunk",
		app:  answer("200 OK", plain, adapter.Stream(seq(boom, "one"))),
		want: "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n3\none\n",
		log:  []string{": boom\n"},
	}, {
		name: "a list longer than its length",
		app:  answer("200 OK", adapter.Headers{{"Content-Length", "3"}}, adapter.Text("ab", "cdef")),
		want: "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
		log:  []string{"adapter: the App sent more than its Content-Length of 3; the surplus was not sent"},
	}, {
		name: "a stream longer than its length",
		app:  answer("200 OK", adapter.Headers{{"Content-Length", "3"}}, adapter.Stream(seq(nil, "ab", "cd", "ef"))),
		want: "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
		log:  []string{"the surplus was not sent"},
	}, {
		name: "a list shorter than its length",
		app:  answer("200 OK", adapter.Headers{{"Content-Length", "3"}}, adapter.Text("a")),
		want: internalError,
		log:  []string{"adapter: the App sent 1 bytes and declared a Content-Length of 3"},
	}, {
		name: "a stream shorter than its length",
		app:  answer("200 OK", adapter.Headers{{"Content-Length", "3"}}, adapter.Stream(seq(nil, "a"))),
		want: "HTTP/1.1 200 OK\nContent-Length: 3\n\na",
		log:  []string{"adapter: the App sent 1 bytes and declared a Content-Length of 3"},
	}, {
		name: "an empty stream with a length",
		app:  answer("200 OK", adapter.Headers{{"Content-Length", "3"}}, adapter.Stream(seq(nil))),
		want: internalError,
		log:  []string{"adapter: the App sent 0 bytes and declared a Content-Length of 3"},
	}, {
		name: "an error's second start replaces the first",
		app: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, _ = start("200 OK", adapter.Headers{{"X-First", "1"}})
			_, err := start("503 Busy", plain, boom)
			return adapter.Text("busy"), err
		},
		want: "HTTP/1.1 503 Service Unavailable\nContent-Length: 4\nContent-Type: text/plain\n\nbusy",
	}, {
		name: "start is refused a second time without an error, and the first holds",
		app: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, _ = start("200 OK", plain)
			_, err := start("503 Busy", nil)
			return adapter.Text(err.Error()), nil
		},
		want: "HTTP/1.1 200 OK\nContent-Length: 63\nContent-Type: text/plain\n\nadapter: start was called again without an error as its excInfo",
	}, {
		name: "an error's start after bytes gives the error back",
		app: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			write, _ := start("200 OK", plain)
			_, _ = io.WriteString(write, "one")
			if _, err := start("503 Busy", nil, boom); err != boom {
				return adapter.Text("another error"), nil
			}
			return adapter.Text("same"), nil
		},
		want: "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n3\none\n4\nsame\n0\n\n",
	}, {
		name: "write() sends the head, empty or not",
		app: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			write, _ := start("200 OK", plain)
			_, _ = write.Write(nil)
			_, err := start("503 Busy", nil, boom)
			return adapter.Text(err.Error()), nil
		},
		want: "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n4\nboom\n0\n\n",
	}, {
		name: "a generator starts itself",
		app: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			return adapter.Stream(func(yield func([]byte, error) bool) {
				if !yield(nil, nil) {
					return
				}
				if _, err := start("200 OK", plain); err != nil {
					yield(nil, err)
					return
				}
				yield([]byte("late"), nil)
			}), nil
		},
		want: "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n4\nlate\n0\n\n",
	}, {
		name: "no App at all",
		want: internalError,
		log:  []string{"adapter: Handler.App is nil: give it the application to serve"},
	}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			srv := wiretest.Serve(t, &adapter.Handler{App: test.app, ErrorLog: errs})
			if test.send == "" {
				test.send = get
			}
			if diff := cmp.Diff(test.want, srv.Do(test.send)); diff != "" {
				t.Errorf("on the wire (-want +got):\n%s", diff)
			}
			for _, part := range test.log {
				require.Contains(t, errs.String(), part)
			}
			if test.log == nil {
				require.Empty(t, errs.String())
			}
			require.Empty(t, srv.Logs.String(), "http.Server's own log")
			require.NotContains(t, strings.ToLower(errs.String()), "cookie")
		})
	}
}

const internalError = "HTTP/1.1 500 Internal Server Error\nConnection: close\nContent-Length: 21\nContent-Type: text/plain\n\nInternal Server Error"
