package adapter

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/address"
	"github.com/gowsgi/gowsgi/internal/seam"
)

// Record is what one finished request was. Its strings are as the client sent
// them; String makes them safe to log.
type Record struct {
	Time     time.Time     // when the request arrived
	Remote   string        // the client's address, without its port: behind middleware.TrustProxies as the environ has it
	Method   string        // the parts of the request line
	Target   string        // as sent
	Proto    string        // HTTP/1.1
	Status   int           // the final status; 0 where none was sent, or the client was gone by then
	Bytes    int64         // bytes of the body that were written
	Duration time.Duration // from Time to the end of the response

	// Referer and UserAgent are what those two headers say, the first without
	// its query, fragment and user. CombinedFormat alone prints them.
	Referer, UserAgent string
}

// NewRecord returns the record of r, which arrived at began, was answered with
// status and a body of bytes bytes, and ends now. Of what a handler writes in
// answer to a HEAD nothing goes out, and nothing counts; what follows a 101 does.
func NewRecord(r *http.Request, began time.Time, status int, bytes int64) Record {
	if r.Method == http.MethodHead && status != http.StatusSwitchingProtocols {
		bytes = 0
	}
	rec := requestRecord(r)
	rec.Time, rec.Duration = began, time.Since(began)
	rec.Status, rec.Bytes = status, bytes
	return rec
}

// requestRecord is the part of a Record that the request alone says.
func requestRecord(r *http.Request) Record {
	return Record{
		Remote: client(r), Method: r.Method, Target: target(r), Proto: r.Proto,
		Referer: page(r.Header.Get("Referer")), UserAgent: r.Header.Get("User-Agent"),
	}
}

// page is the URL of a page without what may be secret in it.
func page(url string) string {
	if end := strings.IndexAny(url, "?#"); end >= 0 {
		url = url[:end]
	}
	return withoutUser(url)
}

// client is the host of the client's address, as trusted proxies or the connection
// say it.
func client(r *http.Request) string {
	if addr, _, ok := new(environ.Inside).Client(seam.Pass{}, r); ok {
		return addr
	}
	return remoteHost(r.RemoteAddr)
}

// RequestLine is method, target and protocol, escaped as in String
// (WSGIHandler.requestline).
func (rec Record) RequestLine() string { return string(rec.appendRequestLine(nil)) }

// String is pywsgi's access line (WSGIHandler.format_request), without its
// newline: address, time, request line, status, bytes of the body, seconds.
// Bytes that could forge or break a line are escaped as \xNN.
func (rec Record) String() string { return string(rec.Append(nil)) }

// Append appends the line of String to dst.
func (rec Record) Append(dst []byte) []byte {
	dst = slices.Grow(dst, len("- - [] \"  \"  ")+64+len(rec.Remote)+len(rec.Target))
	if rec.Remote == "" {
		dst = append(dst, '-')
	}
	dst = appendPrintable(dst, rec.Remote)
	dst = append(dst, " - - ["...)
	dst = rec.Time.AppendFormat(dst, time.DateTime)
	dst = append(dst, `] "`...)
	dst = rec.appendRequestLine(dst)
	dst = append(dst, `" `...)
	dst = appendStatus(dst, rec.Status)
	dst = append(dst, ' ')
	dst = appendCount(dst, rec.Bytes)
	dst = append(dst, ' ')
	return strconv.AppendFloat(dst, rec.Duration.Seconds(), 'f', 6, 64)
}

func (rec Record) appendRequestLine(dst []byte) []byte {
	dst = appendPrintable(dst, rec.Method)
	dst = append(dst, ' ')
	dst = appendPrintable(dst, rec.Target)
	dst = append(dst, ' ')
	return appendPrintable(dst, rec.Proto)
}

func appendStatus(dst []byte, status int) []byte {
	for digits := 100; digits > status && digits > 1; digits /= 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(status), 10)
}

// remoteHost is the host of a client's address. A Unix socket has a path at most.
func remoteHost(addr string) string {
	if host, _, ok := address.Split(addr); ok {
		return host
	}
	if addr == "@" {
		return ""
	}
	return addr
}

func target(r *http.Request) string {
	if r.RequestURI == "" {
		return r.URL.RequestURI()
	}
	return r.RequestURI
}

func printable(s string) string { return string(appendPrintable(nil, s)) }

// appendPrintable escapes what is no printable ASCII, and the characters that
// quote.
func appendPrintable(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c >= 0x7f || c == '"' || c == '\\':
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&0xf])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
