// Package answer writes a server's own answer in the place of an application's.
package answer

import (
	"io"
	"net/http"
	"strconv"
)

// Plain answers r with code and a body of plain text, after which an HTTP/1
// connection closes. Fields that w's header has already stay, but for those that
// speak of the body. It returns how many bytes of the body were written.
func Plain(w http.ResponseWriter, r *http.Request, code int, body string) int64 {
	return Send(w, r, code, "text/plain", body)
}

// Send is Plain for a body of another type.
func Send(w http.ResponseWriter, r *http.Request, code int, contentType, body string) int64 {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Del("Content-Encoding")
	HangUp(header, r)
	w.WriteHeader(code)
	if body == "" || r.Method == http.MethodHead {
		return 0
	}
	n, _ := io.WriteString(w, body)
	return int64(n)
}

// HangUp says in a header not sent yet that the connection ends with this
// response. Over HTTP/2 it says nothing: that would end the connection for the
// other streams as well.
func HangUp(header http.Header, r *http.Request) {
	if r.ProtoMajor < 2 {
		header.Set("Connection", "close")
	}
}
