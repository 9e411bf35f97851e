package adapter_test

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// framings lists requests whose length another server might read in another way,
// with a request hidden behind. Where the first is served, the rest of the
// connection is read by RFC 9112, 6.3, and by nothing else.
var framings = []struct {
	name string
	head string // its fields, and what seems to be the body
	want string // the first response's status
	next int32  // whether another request follows, by the RFC
}{
	{"two lengths", "Content-Length: 4\nContent-Length: 5\n\ntrue", "400", 0},
	{"a list of lengths", "Content-Length: 4, 5\n\ntrue", "400", 0},
	{"a signed length", "Content-Length: +4\n\ntrue", "400", 0},
	{"a negative length", "Content-Length: -1\n\ntrue", "400", 0},
	{"a length in hexadecimal", "Content-Length: 0x4\n\ntrue", "400", 0},
	{"a length of spaces", "Content-Length: 4 4\n\ntrue", "400", 0},
	{"a length beyond an int64", "Content-Length: 99999999999999999999\n\ntrue", "400", 0},
	{"another coding", "Transfer-Encoding: gzip\n\n4\ntrue\n0\n\n", "501", 0},
	{"two codings", "Transfer-Encoding: gzip, chunked\n\n4\ntrue\n0\n\n", "501", 0},
	{"chunked twice", "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n4\ntrue\n0\n\n", "501", 0},
	{"chunked, identity", "Transfer-Encoding: chunked, identity\n\n4\ntrue\n0\n\n", "501", 0},
	{"identity", "Transfer-Encoding: identity\n\n4\ntrue\n0\n\n", "501", 0},
	{"x chunked", "Transfer-Encoding: xchunked\n\n4\ntrue\n0\n\n", "501", 0},
	{"chunked with a vertical tab", "Transfer-Encoding: \vchunked\n\n4\ntrue\n0\n\n", "400", 0},
	{"chunked in quotes", "Transfer-Encoding: \"chunked\"\n\n4\ntrue\n0\n\n", "501", 0},
	{"no coding", "Transfer-Encoding:\n\n4\ntrue\n0\n\n", "501", 0},
	{"a space before the colon", "Transfer-Encoding : chunked\n\n4\ntrue\n0\n\n", "400", 0},
	{"a folded field", "X: 1\n Transfer-Encoding: chunked\nContent-Length: 4\n\ntrue", "200", 1},
	{"a space before the first field", " Content-Length: 4\n\ntrue", "400", 0},
	{"a NUL in a field", "Content-Length: 4\x00\n\ntrue", "400", 0},
	{"a CR in a field", "X: 1\rContent-Length: 4\n\ntrue", "400", 0},
	{"a chunk's size with a sign", "Transfer-Encoding: chunked\n\n+4\ntrue\n0\n\n", "400", 0},
	{"a chunk's size in hexadecimal", "Transfer-Encoding: chunked\n\n0x4\ntrue\n0\n\n", "400", 0},
	{"a chunk's size too large", "Transfer-Encoding: chunked\n\n10000000000000004\ntrue\n0\n\n", "400", 0},
	{"a chunk's size of nothing", "Transfer-Encoding: chunked\n\n;x\ntrue\n0\n\n", "400", 0},
	{"a chunk's size with a space", "Transfer-Encoding: chunked\n\n 4\ntrue\n0\n\n", "400", 0},
	{"a chunk's size with an underscore", "Transfer-Encoding: chunked\n\n0_4\ntrue\n0\n\n", "400", 0},
	{"a chunk with too much", "Transfer-Encoding: chunked\n\n4\ntrueX\n0\n\n", "400", 0},
	{"a bare LF behind a chunk's size", "Transfer-Encoding: chunked\r\n\r\n4\x01true\r\n0\r\n\r\n", "400", 0},
	{"a bare CR in a chunk's extension", "Transfer-Encoding: chunked\r\n\r\n4;a\rb\r\ntrue\r\n0\r\n\r\n", "400", 0},
	// net/http takes the coding and drops the length, as it should, and does not
	// close the connection, as it also should (RFC 9112, 6.1): no handler can see
	// that there was a length.
	{"chunked, and a length", "Transfer-Encoding: chunked\nContent-Length: 4\n\n4\ntrue\n0\n\n", "200", 1},
	{"chunked over HTTP/1.0", "1.0 Transfer-Encoding: chunked\n\n4\ntrue\n0\n\n", "200", 0},
}

// TestFraming: where a request's length is in doubt, it is refused and the
// connection ends, so that nothing that is hidden behind it is served.
func TestFraming(t *testing.T) {
	for _, test := range framings {
		t.Run(test.name, func(t *testing.T) {
			var served atomic.Int32
			app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				if env.Get("PATH_INFO") == "/hidden" {
					served.Add(1)
				}
				if _, err := env.Input().ReadN(-1); err != nil {
					return nil, err
				}
				_, err := start("200 OK", plain)
				return adapter.Text("ok"), err
			}
			s := adapter.NewServer("", app)
			s.Log, s.ErrorLog = io.Discard, io.Discard
			version, head := "1.1", test.head
			if rest, ok := strings.CutPrefix(head, "1.0 "); ok {
				version, head = "1.0", rest
			}
			head = strings.ReplaceAll(strings.ReplaceAll(head, "\r\n", "\n"), "\n", "\r\n")
			head = strings.ReplaceAll(head, "\x01", "\n")
			c := wiretest.Client(t, serve(t, s)).Dial()
			_, err := io.WriteString(c, "POST / HTTP/"+version+"\r\nHost: x\r\n"+head+hidden)
			require.NoError(t, err)
			require.NoError(t, c.CloseWrite())
			got := c.All()
			require.True(t, strings.HasPrefix(got, "HTTP/"+version+" "+test.want+" "), got)
			require.Equal(t, test.next, served.Load(), got)
			if test.want != "200" {
				require.Contains(t, got, "\nConnection: close\n")
			}
		})
	}
}
