package adapter_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

var refusals = []struct {
	name    string
	status  string
	headers adapter.Headers
	want    string
}{
	{"line end in a status", "200 OK\r\nX: 1", nil, "adapter: the status has a control character in it"},
	{"NUL in a status", "200 O\x00K", nil, "adapter: the status has a control character in it"},
	{"DEL in a status", "200 O\x7fK", nil, "adapter: the status has a control character in it"},
	{"no status", "", nil, `adapter: status "" is not three digits, a space and a reason`},
	{"two digits", "99 Low", nil, `adapter: status "99 Low" is not three digits, a space and a reason`},
	{"four digits", "1000 High", nil, `adapter: status "1000 High" is not three digits, a space and a reason`},
	{"signed", "+20 OK", nil, `adapter: status "+20 OK" is not three digits, a space and a reason`},
	{"no digits", "abc", nil, `adapter: status "abc" is not three digits, a space and a reason`},
	{"no space", "200OK", nil, `adapter: status "200OK" is not three digits, a space and a reason`},
	{"tab for the space", "200\tOK", nil, `adapter: status "200\tOK" is not three digits, a space and a reason`},
	{"informational", "100 Continue", nil, "adapter: status 100 is no final one: it must be from 200 to 999, or 101"},
	{"processing", "199", nil, "adapter: status 199 is no final one: it must be from 200 to 999, or 101"},
	{"zero", "000", nil, "adapter: status 0 is no final one: it must be from 200 to 999, or 101"},
	{"CR in a value", "200 OK", adapter.Headers{{"X-A", "secret\rX"}}, `adapter: the value of header "X-A" has a control character in it`},
	{"LF in a value", "200 OK", adapter.Headers{{"X-A", "secret\nX"}}, `adapter: the value of header "X-A" has a control character in it`},
	{"NUL in a value", "200 OK", adapter.Headers{{"X-A", "secret\x00"}}, `adapter: the value of header "X-A" has a control character in it`},
	{"escape in a value", "200 OK", adapter.Headers{{"X-A", "\x1b[2J"}}, `adapter: the value of header "X-A" has a control character in it`},
	{"line end in a name", "200 OK", adapter.Headers{{"X-A\r\nB", "1"}}, `adapter: header name "X-A\r\nB" is not a token`},
	{"colon in a name", "200 OK", adapter.Headers{{"X-A:", "1"}}, `adapter: header name "X-A:" is not a token`},
	{"space in a name", "200 OK", adapter.Headers{{"X A", "1"}}, `adapter: header name "X A" is not a token`},
	{"no name", "200 OK", adapter.Headers{{"", "1"}}, `adapter: header name "" is not a token`},
	{"a name that is not ASCII", "200 OK", adapter.Headers{{"X-\u00e9", "1"}}, `adapter: header name "X-é" is not a token`},
	{"second header is the bad one", "200 OK", adapter.Headers{{"X-A", "1"}, {"X B", "1"}}, `adapter: header name "X B" is not a token`},
	{"length is no number", "200 OK", adapter.Headers{{"Content-Length", "abc"}}, `adapter: header "Content-Length" is not a number of bytes in digits that an int64 holds`},
	{"length is empty", "200 OK", adapter.Headers{{"Content-Length", ""}}, `adapter: header "Content-Length" is not a number of bytes in digits that an int64 holds`},
	{"length is signed", "200 OK", adapter.Headers{{"content-length", "+5"}}, `adapter: header "Content-Length" is not a number of bytes in digits that an int64 holds`},
	{"length is negative", "200 OK", adapter.Headers{{"Content-Length", "-1"}}, `adapter: header "Content-Length" is not a number of bytes in digits that an int64 holds`},
	{"length beyond an int64", "200 OK", adapter.Headers{{"Content-Length", "9223372036854775808"}}, `adapter: header "Content-Length" is not a number of bytes in digits that an int64 holds`},
	{"two lengths", "200 OK", adapter.Headers{{"Content-Length", "1"}, {"content-length", "2"}}, `adapter: header "Content-Length" is given twice, with different values`},
	{"a length with 204", "204 No Content", adapter.Headers{{"Content-Length", "5"}}, "adapter: a 204 response has no body: its Content-Length must be absent or 0"},
	{"a length with 304", "304 Not Modified", adapter.Headers{{"Content-Length", "5"}}, "adapter: a 304 response has no body: its Content-Length must be absent or 0"},
	{"Transfer-Encoding", "200 OK", adapter.Headers{{"transfer-encoding", "chunked"}}, `adapter: header "Transfer-Encoding" is for one connection only and the server's to send`},
	{"Keep-Alive", "200 OK", adapter.Headers{{"Keep-Alive", "timeout=5"}}, `adapter: header "Keep-Alive" is for one connection only and the server's to send`},
	{"Proxy-Connection", "200 OK", adapter.Headers{{"Proxy-Connection", "close"}}, `adapter: header "Proxy-Connection" is for one connection only and the server's to send`},
	{"TE", "200 OK", adapter.Headers{{"TE", "trailers"}}, `adapter: header "Te" is for one connection only and the server's to send`},
	{"Trailer", "200 OK", adapter.Headers{{"Trailer", "X"}}, `adapter: header "Trailer" is for one connection only and the server's to send`},
	{"Upgrade", "200 OK", adapter.Headers{{"Upgrade", "websocket"}}, `adapter: header "Upgrade" goes with a 101 or a 426 only`},
	{"Connection: something", "200 OK", adapter.Headers{{"Connection", "X-A"}}, `adapter: header "Connection" may be close or keep-alive; anything else goes with a 101 only`},
	{"Connection: two things", "200 OK", adapter.Headers{{"Connection", "close, X-A"}}, `adapter: header "Connection" may be close or keep-alive; anything else goes with a 101 only`},
}

// TestRefusals calls start with what it refuses, sees that nothing changed, and
// answers properly.
func TestRefusals(t *testing.T) {
	for _, test := range refusals {
		t.Run(test.name, func(t *testing.T) {
			var got error
			app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				var write io.Writer
				write, got = start(test.status, test.headers)
				if write != nil {
					return nil, errors.New("a writer came with the refusal")
				}
				_, err := start("200 OK", adapter.Headers{{"X-Better", "yes"}})
				return nil, err
			}
			srv := wiretest.Serve(t, &adapter.Handler{App: app})
			const want = "HTTP/1.1 200 OK\nContent-Length: 0\nX-Better: yes\n\n"
			if diff := cmp.Diff(want, srv.Do(get)); diff != "" {
				t.Errorf("on the wire (-want +got):\n%s", diff)
			}
			require.EqualError(t, got, test.want)
			require.NotContains(t, got.Error(), "secret")
		})
	}
}

func TestAccepted(t *testing.T) {
	tests := []struct {
		name    string
		status  string
		headers adapter.Headers
		want    string
	}{
		{"a tab in a value", "200 OK", adapter.Headers{{"X-A", "a\tb"}}, "HTTP/1.1 200 OK\nContent-Length: 0\nX-A: a\tb\n\n"},
		{"latin-1 in a value", "200 OK", adapter.Headers{{"X-A", "\xe9"}}, "HTTP/1.1 200 OK\nContent-Length: 0\nX-A: \xe9\n\n"},
		{"an empty value", "200 OK", adapter.Headers{{"X-A", ""}}, "HTTP/1.1 200 OK\nContent-Length: 0\nX-A: \n\n"},
		{"an empty reason", "200 ", nil, "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
		{"the highest status", "999 X", nil, "HTTP/1.1 999 status code 999\nContent-Length: 0\n\n"},
		{"Upgrade with 426", "426 Upgrade Required", adapter.Headers{{"Upgrade", "h2c"}}, "HTTP/1.1 426 Upgrade Required\nContent-Length: 0\nUpgrade: h2c\n\n"},
		{"Proxy-Authenticate", "407 X", adapter.Headers{{"Proxy-Authenticate", "Basic"}}, "HTTP/1.1 407 Proxy Authentication Required\nContent-Length: 0\nProxy-Authenticate: Basic\n\n"},
		{"keep-alive", "200 OK", adapter.Headers{{"Connection", "Keep-Alive"}}, "HTTP/1.1 200 OK\nConnection: keep-alive\nContent-Length: 0\n\n"},
		{"Connection twice", "200 OK", adapter.Headers{{"Connection", "keep-alive"}, {"connection", "Close"}}, "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 0\n\n"},
		{"the App's own Server and Date", "200 OK", adapter.Headers{{"Server", "old"}}, "HTTP/1.1 200 OK\nContent-Length: 0\nServer: old\n\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := wiretest.Serve(t, &adapter.Handler{App: answer(test.status, test.headers, nil)})
			if diff := cmp.Diff(test.want, srv.Do(get)); diff != "" {
				t.Errorf("on the wire (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzStart checks that whatever start accepts leaves the response one response
// with just those headers in it.
func FuzzStart(f *testing.F) {
	for _, test := range refusals {
		name, value := "X-A", "1"
		if len(test.headers) > 0 {
			name, value = test.headers[0][0], test.headers[0][1]
		}
		f.Add(test.status, name, value)
	}
	f.Add("200 OK", "X-Fine", "yes")
	f.Fuzz(func(t *testing.T, status, name, value string) {
		var refused error
		app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, refused = start(status, adapter.Headers{{name, value}})
			return nil, refused
		}
		w := httptest.NewRecorder()
		h := &adapter.Handler{App: app, HandleError: func(*environ.Environ, error) {}}
		h.ServeHTTP(w, httptest.NewRequest("HEAD", "/", nil))
		if refused != nil {
			if w.Code != 500 {
				t.Fatalf("status %d for a refused start", w.Code)
			}
			return
		}
		for key, values := range w.Result().Header {
			for _, v := range values {
				if strings.ContainsAny(key+v, "\r\n\x00") {
					t.Fatalf("start(%q, %q: %q) let %q: %q through", status, name, value, key, v)
				}
			}
		}
	})
}
