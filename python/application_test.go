//go:build unix

package python_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

func TestApplications(t *testing.T) {
	s := run(t, python.Config{})
	const (
		ok     = "HTTP/1.1 200 OK\n"
		plain  = "Content-Type: text/plain\n"
		failed = "HTTP/1.1 500 Internal Server Error\nConnection: close\nContent-Length: 21\nContent-Type: text/plain\n\nInternal Server Error"
		post   = "POST %s HTTP/1.1\nHost: x\nContent-Length: "
	)
	tests := []struct {
		name, request, want string
		logged              string // a part of it; "" for nothing logged
	}{
		{"a list", "GET /two", ok + "Content-Length: 7\n" + plain + "\none two", ""},
		{"HEAD of a list", "HEAD /two", ok + "Content-Length: 7\n" + plain + "\n", ""},
		{"an empty list", "GET /nothing", ok + "Content-Length: 0\n" + plain + "\n", ""},
		{"204", "GET /no_content", "HTTP/1.1 204 No Content\n\n", ""},
		{"a body with 304", "GET /not_modified_body", failed, "304 response"},
		{"a generator", "GET /generator", ok + plain + "Transfer-Encoding: chunked\n\n1\na\n1\nb\n0\n\n", ""},
		{"HEAD of a generator", "HEAD /generator", ok + plain + "\n", ""},
		{"a late start", "GET /late", "HTTP/1.1 201 Created\n" + plain + "Transfer-Encoding: chunked\n\n4\nlate\n0\n\n", ""},
		{"write()", "GET /writes", ok + plain + "Transfer-Encoding: chunked\n\n8\nwritten \n6\ntwice \n8\nreturned\n0\n\n", ""},
		{"an exception in close(), after a whole length", "GET /fails_in_late_close", ok + "Content-Length: 4\n" + plain + "\nfine", "boom after the length"},
		{"a list with a close()", "GET /list_with_close", ok + "Content-Length: 7\n" + plain + "\none two", ""},
		{"an exception after an empty write()", "GET /fails_after_empty_write", ok + plain + "Transfer-Encoding: chunked\n\n", "boom after the head"},
		{"an exception", "GET /fails", failed, "raised ValueError: boom\n{'HTTP_HOST': 'x', "},
		{"an exception after start", "GET /fails_after_start", failed, "Traceback (most recent call last):\n  File \""},
		{"an exception within the body", "GET /fails_within", ok + plain + "Transfer-Encoding: chunked\n\n4\nsome\n", "boom within"},
		{"an exception in close()", "GET /fails_in_close", ok + plain + "Transfer-Encoding: chunked\n\n4\nfine\n0\n\n", "boom in close"},
		{"exc_info", "GET /answers_error", "HTTP/1.1 418 I'm a teapot\nContent-Length: 7\n" + plain + "\nhandled", ""},
		{"exc_info too late", "GET /answers_too_late", ok + plain + "Transfer-Encoding: chunked\n\n3\nout\n", "boom too late"},
		{"no start", "GET /never_starts", failed, "has not called start_response"},
		{"text", "GET /text_body", failed, "gave a str"},
		{"a second start", "GET /starts_twice", failed, "again without an exc_info"},
		{"a list that is too short", "GET /too_short", failed, "sent 5 bytes and declared a Content-Length of 10"},
		{"a stream that is too short", "GET /too_short_stream", ok + "Content-Length: 10\n" + plain + "\nshort", "sent 5 bytes and declared a Content-Length of 10"},
		{"a stream that is too long", "GET /too_long", ok + "Content-Length: 3\n" + plain + "\nsho", "surplus"},
		{"sys.exit", "GET /exits", failed, "SystemExit: leaving"},
		{"KeyboardInterrupt", "GET /interrupts", failed, "KeyboardInterrupt"},
		{"wsgi.errors", "GET /logs", ok + "Content-Length: 6\n" + plain + "\nlogged", "one\ntwo\nthree\nfo\u20acurfive"},
		{"a file", "GET /file", ok + "Content-Length: 11\n" + plain + "\n56789abcdef", ""},
		{"HEAD of a file", "HEAD /file", ok + "Content-Length: 11\n" + plain + "\n", ""},
		{"a file, in part", "GET /file_length", ok + "Content-Length: 4\n" + plain + "\n0123", ""},
		{"a temporary file", "GET /file_temporary", ok + "Content-Length: 9\n" + plain + "\ntemporary", ""},
		{"a file in memory", "GET /file_memory", ok + plain + "Transfer-Encoding: chunked\n\n4\nfrom\n4\n mem\n3\nory\n0\n\n", ""},
		{"a compressed file", "GET /file_gzip", ok + plain + "Transfer-Encoding: chunked\n\n8\nunpacked\n0\n\n", ""},
		{"stdout, stderr and stdin", "GET /prints", ok + "Content-Length: 2\n" + plain + "\n''", ""},
		{"a fork that comes back", "GET /forks", ok + "Content-Length: 6\n" + plain + "\nparent", ""},
		{"a child process", "GET /executes", ok + "Content-Length: 9\n" + plain + "\nexecuted\n", ""},
		{"the main thread", "GET /thread", ok + "Content-Length: 4\n" + plain + "\nTrue", ""},
		{"signal handlers", "GET /handles_signals", ok + "Content-Length: 3\n" + plain + "\nset", ""},
		{"a NUL of the client's", "GET /environ_of/%00", "HTTP/1.1 400 Bad Request\nConnection: close\nContent-Length: 0\nContent-Type: text/plain\n\n",
			"Invalid request (from 127.0.0.1:"},
		{"standard descriptors closed", "GET /closes", ok + "Content-Length: 6\n" + plain + "\nclosed", ""},
		{"and after that", "GET /two", ok + "Content-Length: 7\n" + plain + "\none two", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := len(s.errors.String())
			got := s.Do(test.request + " HTTP/1.1\nHost: x\n\n")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			logged := s.errors.String()[before:]
			if test.logged == "" {
				require.Empty(t, logged)
			}
			require.Contains(t, logged, test.logged)
		})
	}
	require.Contains(t, s.log.String(), "printed\nto stderr\nraw\n")
	require.Equal(t, 1, strings.Count(s.log.String(), "the list was closed\n"))
	require.Equal(t, uint64(len(tests)-1), s.Stats().Requests, "all but the one with a NUL")
	require.Zero(t, s.Stats().Restarts)
}

// A response that is complete by its Content-Length, as most of Flask's and
// Django's are, and as a large list is, leaves its worker's connection for the
// next request.
func TestConnectionsAreKept(t *testing.T) {
	s := run(t, python.Config{Threads: 2})
	for _, path := range []string{"/connection", "/connection_large"} {
		first := s.body(path)
		for range 50 {
			require.True(t, first == s.body(path), path)
		}
	}
}

func TestRefusals(t *testing.T) {
	s := run(t, python.Config{})
	got := s.Do("GET /refused HTTP/1.1\nHost: x\n\n")
	head, body, _ := strings.Cut(got, "\n\n")
	require.Equal(t, "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 1640\nContent-Type: text/plain\nX-C1: \x80\xff", strings.TrimRight(head, "\t"))
	want := `ValueError: the value of header 'A' has a control character, or one beyond latin-1, in it
ValueError: the status has a control character, or one beyond latin-1, in it
ValueError: header name 'Na me' is not a token
ValueError: header name '' is not a token
ValueError: the value of header 'A' has a control character, or one beyond latin-1, in it
ValueError: the value of header 'A' has a control character, or one beyond latin-1, in it
ValueError: the value of header 'A' has a control character, or one beyond latin-1, in it
ValueError: status '20 OK' is not three digits, a space and a reason
ValueError: status '200OK' is not three digits, a space and a reason
ValueError: status 100 is no final one: it must be from 200 to 999, or 101
ValueError: status '2000 OK' is not three digits, a space and a reason
ValueError: header "Content-Length" is not a number of bytes in digits
ValueError: header "Content-Length" is given twice, with different values
ValueError: header "Content-Length" is beyond what 64 bits hold
ValueError: a 204 response has no body: its Content-Length must be absent or 0
ValueError: header 'Transfer-Encoding' is for one connection only and the server's to send
ValueError: header "Connection" may be close or keep-alive; anything else goes with a 101 only
ValueError: header 'Upgrade' goes with a 101 or a 426 only
ValueError: header 'Keep-Alive' is for one connection only and the server's to send
TypeError: the name of a header must be a str, not bytes
TypeError: the value of header 'A' must be a str, not int
TypeError: the status must be a str, not bytes
ValueError: too many values to unpack (expected 2)
`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
	require.Empty(t, s.errors.String())
}

// A body that is no list is at its end for the client as soon as it has its
// Content-Length, and for the worker only later. The connection is kept all the same.
func TestConnectionIsKept(t *testing.T) {
	s := run(t, python.Config{})
	for range 5 {
		for _, method := range []string{"GET", "HEAD"} {
			answer := s.Do(method + " /connections HTTP/1.1\nHost: x\n\n")
			require.Contains(t, answer, "HTTP/1.1 200 OK\n")
			if method == "GET" {
				require.Contains(t, answer, "\n\n1\n")
			}
		}
	}
	require.Empty(t, s.errors.String())
}
