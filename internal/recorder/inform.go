package recorder

import "net/http"

// Inform sends a 1xx response through w. net/http's HTTP/2 server may still read
// the header map when WriteHeader has returned, if the stream was reset meanwhile,
// and a change of the map would then end the process. It reads a copy where the
// map has a Content-Length, which no 1xx response carries (RFC 9110, 8.6).
func Inform(w http.ResponseWriter, status int) {
	const length = "Content-Length"
	header := w.Header()
	if _, ok := header[length]; !ok {
		header[length] = nil
		defer delete(header, length)
	}
	w.WriteHeader(status)
}
