package adapter

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Record is what one finished request was. Its strings are as the client sent
// them; String makes them safe to log.
type Record struct {
	Time        time.Time     // when the request arrived
	Remote      string        // the client's address, without its port
	RequestLine string        // method, target and protocol
	Method      string        // also in RequestLine
	Target      string        // likewise, as sent
	Proto       string        // likewise
	Status      int           // the final status; 0 where none was sent
	Bytes       int64         // bytes of the body that were written
	Duration    time.Duration // from Time to the end of the response
}

// RecordOf returns the record of r, which arrived at began, was answered with
// status and a body of bytes bytes, and ends now.
func RecordOf(r *http.Request, began time.Time, status int, bytes int64) Record {
	return Record{
		Time:        began,
		Remote:      remoteHost(r.RemoteAddr),
		RequestLine: r.Method + " " + target(r) + " " + r.Proto,
		Method:      r.Method,
		Target:      target(r),
		Proto:       r.Proto,
		Status:      status,
		Bytes:       bytes,
		Duration:    time.Since(began),
	}
}

// String is pywsgi's access line (WSGIHandler.format_request), without its
// newline: address, time, request line, status, bytes of the body, seconds.
// What could forge or break a line is escaped as \xNN.
func (rec Record) String() string {
	b := make([]byte, 0, 96+len(rec.RequestLine))
	if rec.Remote == "" {
		b = append(b, '-')
	}
	b = appendPrintable(b, rec.Remote)
	b = append(b, " - - ["...)
	b = rec.Time.AppendFormat(b, time.DateTime)
	b = append(b, `] "`...)
	b = appendPrintable(b, rec.RequestLine)
	b = append(b, `" `...)
	if rec.Status < 100 {
		b = append(b, "000"[len(strconv.Itoa(rec.Status)):]...)
	}
	b = append(strconv.AppendInt(b, int64(rec.Status), 10), ' ')
	if rec.Bytes == 0 {
		b = append(b, '-')
	} else {
		b = strconv.AppendInt(b, rec.Bytes, 10)
	}
	b = append(b, ' ')
	return string(strconv.AppendFloat(b, rec.Duration.Seconds(), 'f', 6, 64))
}

func remoteHost(addr string) string {
	if addr == "@" {
		return ""
	}
	colon := strings.LastIndexByte(addr, ':')
	if colon < 0 {
		return addr
	}
	return strings.TrimSuffix(strings.TrimPrefix(addr[:colon], "["), "]")
}

func target(r *http.Request) string {
	if r.RequestURI == "" {
		return r.URL.RequestURI()
	}
	return r.RequestURI
}

// requestLine is the request line of r, safe to log.
func requestLine(r *http.Request) string {
	return printable(r.Method + " " + target(r) + " " + r.Proto)
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
