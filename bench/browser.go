package bench

import (
	"io"
	"net/http"
	"net/http/httptest"
)

// BrowserHeaders are the twelve headers of a browser's request.
var BrowserHeaders = [][2]string{
	{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
	{"Accept-Encoding", "gzip, deflate, br, zstd"},
	{"Accept-Language", "en-GB,en;q=0.5"},
	{"Cache-Control", "max-age=0"},
	{"Connection", "keep-alive"},
	{"Cookie", "session=0123456789abcdef0123456789abcdef; theme=dark"},
	{"Referer", "http://127.0.0.1/start"},
	{"Sec-Fetch-Dest", "document"},
	{"Sec-Fetch-Mode", "navigate"},
	{"Sec-Fetch-Site", "same-origin"},
	{"Upgrade-Insecure-Requests", "1"},
	{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
}

// Browser returns a request with a browser's headers, as if a server had read it.
func Browser(method, target string, body io.Reader) *http.Request {
	r := httptest.NewRequest(method, target, body)
	for _, h := range BrowserHeaders {
		r.Header.Set(h[0], h[1])
	}
	return r
}

// Sink is a ResponseWriter that discards the body and the status.
type Sink struct{ header http.Header }

// NewSink returns an empty Sink.
func NewSink() *Sink { return &Sink{make(http.Header)} }

func (s *Sink) Header() http.Header               { return s.header }
func (s *Sink) Write(p []byte) (int, error)       { return len(p), nil }
func (s *Sink) WriteString(p string) (int, error) { return len(p), nil }
func (s *Sink) WriteHeader(int)                   {}
func (s *Sink) Flush()                            {}

// Reset forgets the headers of the last response.
func (s *Sink) Reset() { clear(s.header) }
