package adapter_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// TestBadTrailers: a trailer that cannot go out is left out and reported. net/http's
// HTTP/2 would leave the client waiting for the end of a response whose trailers
// are all bad.
func TestBadTrailers(t *testing.T) {
	tests := []struct {
		name  string
		set   func(header http.Header)
		lines string // of HTTP/1.1, behind the body
		log   string
	}{
		{"announced", func(header http.Header) { header.Set("X-Sum", "1\r\nX-Injected: 2") }, "\n", `header "X-Sum" has a control character in it`},
		{"not announced", func(header http.Header) { header.Set(http.TrailerPrefix+"X-More", "1\n2") }, "\n", `header "X-More" has a control character in it`},
		{"no token", func(header http.Header) { header[http.TrailerPrefix+"X Sum"] = []string{"1"} }, "\n", `header name "X Sum" is not a token`},
		{"no trailer", func(header http.Header) { header[http.TrailerPrefix+"Content-Length"] = []string{"1"} }, "\n", `header "Content-Length" cannot be a trailer`},
		{"beside a good one", func(header http.Header) {
			header.Set("X-Sum", "1")
			header.Set(http.TrailerPrefix+"X-More", "1\n2")
		}, "X-Sum: 1\n\n", `header "X-More" has a control character in it`},
		{"good ones", func(header http.Header) {
			header.Set("X-Sum", "1")
			header.Set(http.TrailerPrefix+"X-More", "2")
		}, "X-Sum: 1\nX-More: 2\n\n", ""},
	}
	for _, flush := range []bool{false, true} {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				errs := new(wiretest.Buffer)
				h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Trailer", "X-Sum")
					_, _ = io.WriteString(w, "body")
					if flush {
						w.(http.Flusher).Flush()
					}
					test.set(w.Header())
				})
				srv := wiretest.Serve(t, &adapter.Handler{App: adapter.FromHandler(h), ErrorLog: errs}, wiretest.H2C)
				got := srv.Do(get)
				require.Contains(t, got, "\n4\nbody\n0\n")
				_, trailers, _ := strings.Cut(got, "\n4\nbody\n0\n")
				require.ElementsMatch(t, strings.Split(test.lines, "\n"), strings.Split(trailers, "\n"))
				c := srv.DialH2()
				c.Open(1, true, "GET", "/")
				require.Equal(t, "200 body END", c.Answer(1))
				if test.log == "" {
					require.Empty(t, errs.String())
				} else {
					require.Contains(t, errs.String(), test.log)
				}
			})
		}
	}
}
