package adapter_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// TestRecordRequestLine: the request line is the client's, and what could forge
// or break a line is escaped in it.
func TestRecordRequestLine(t *testing.T) {
	tests := []struct {
		name string
		rec  adapter.Record
		want string
	}{
		{"as sent", adapter.Record{Method: "GET", Target: "/a%20b?c=d", Proto: "HTTP/1.1"}, "GET /a%20b?c=d HTTP/1.1"},
		{"a forged line", adapter.Record{Method: "GET", Target: "/\r\n1.2.3.4", Proto: "HTTP/1.0"}, `GET /\x0d\x0a1.2.3.4 HTTP/1.0`},
		{"an escape sequence", adapter.Record{Method: "G\x1b[2J", Target: `/"\`, Proto: "HTTP/1.1\x7f"}, `G\x1b[2J /\x22\x5c HTTP/1.1\x7f`},
		{"none", adapter.Record{}, "  "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, test.rec.RequestLine())
			require.Contains(t, test.rec.String(), `"`+test.want+`"`)
		})
	}
}

// TestRequestLineInAFormat of the program's own, of requests in every form.
func TestRequestLineInAFormat(t *testing.T) {
	tests := []struct{ send, want string }{
		{"GET /a/../b%2Fc?d=e%20f HTTP/1.1\nHost: x\n\n", "GET /a/../b%2Fc?d=e%20f HTTP/1.1 200\n"},
		{"POST http://other/x?y HTTP/1.0\n\n", "POST http://other/x?y HTTP/1.0 200\n"},
		{"GET /ä\" HTTP/1.1\nHost: x\n\n", "GET /\\xc3\\xa4\\x22 HTTP/1.1 200\n"},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			log := new(wiretest.Buffer)
			wiretest.Serve(t, &adapter.Handler{
				App:           answer("200 OK", nil, nil),
				Log:           log,
				FormatRequest: func(rec adapter.Record) string { return rec.RequestLine() + " " + strconv.Itoa(rec.Status) },
			}).Do(test.send)
			require.Equal(t, test.want, log.Wait(t, "\n"))
		})
	}
}
