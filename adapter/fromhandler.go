package adapter

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/seam"
)

// holdBack is how much of a body waits for the end of the handler, which then
// has its Content-Length: net/http's own measure.
const holdBack = 2048

// FromHandler returns h as an App, so that WSGI middleware can wrap it:
// Handler{App: FromHandler(h)} behaves as h. What the middleware Set on the
// environ shows in the request that h gets: method, headers, query, and path,
// which is PATH_INFO alone where SCRIPT_NAME was Set too. environ.FromContext
// finds the environ itself.
//
// A small response that h did not flush is returned as a list; a longer one
// goes out through write() as h writes it. Hijack, deadlines and 1xx responses
// reach the connection past any middleware in between, and so do trailers. A
// header that start refuses is the App's error; a Content-Length with a 204 or
// 304 is dropped, as net/http drops it.
func FromHandler(h http.Handler) App {
	return func(env *environ.Environ, start StartResponse) (Body, error) {
		r, err := seam.Request(env)
		if err != nil {
			return nil, fmt.Errorf("adapter: no request can be made of the environ: %w", err)
		}
		w := &handlerWriter{start: start, head: r.Method == http.MethodHead, header: make(http.Header)}
		w.peer, _ = seam.Peer(env).(*response)
		h.ServeHTTP(w, r)
		return w.end()
	}
}

// handlerWriter is the ResponseWriter of an http.Handler run as an App.
type handlerWriter struct {
	start  StartResponse
	peer   *response // the response at the other end; nil for a literal environ
	head   bool      // the method is HEAD
	header http.Header

	code     int         // 0 until WriteHeader
	sent     http.Header // the header as it was then
	out      io.Writer   // write(), once start was called
	held     []byte      // written, and not yet handed on
	length   int64       // declared Content-Length; -1 for none
	written  int64
	err      error
	hijacked bool
}

func (w *handlerWriter) Header() http.Header { return w.header }

func (w *handlerWriter) WriteHeader(code int) {
	switch {
	case w.code != 0 || w.hijacked:
		return
	case code < 100 || code > 999:
		panic(fmt.Sprintf("adapter: invalid WriteHeader code %d", code))
	case code < 200 && code != http.StatusSwitchingProtocols:
		w.inform(code)
		return
	}
	w.code, w.sent, w.length = code, w.header.Clone(), -1
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
		w.length = n
	}
	if w.bodiless() {
		w.sent.Del("Content-Length")
		w.length = -1
	}
}

// inform passes a 1xx response on at once.
func (w *handlerWriter) inform(code int) {
	if w.peer == nil {
		return
	}
	header := w.peer.w.Header()
	before := header.Clone()
	maps.Copy(header, w.header)
	w.peer.w.WriteHeader(code)
	clear(header)
	maps.Copy(header, before)
}

func (w *handlerWriter) bodiless() bool {
	return w.code == http.StatusNoContent || w.code == http.StatusNotModified
}

func (w *handlerWriter) Write(p []byte) (int, error) {
	if err := w.admit(len(p)); err != nil {
		return 0, err
	}
	if len(w.held)+len(p) <= holdBack {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	if err := w.push(p); err != nil {
		return 0, err
	}
	n, err := w.out.Write(p)
	w.err = err
	return n, err
}

func (w *handlerWriter) WriteString(s string) (int, error) {
	if len(w.held)+len(s) > holdBack {
		return w.Write([]byte(s))
	}
	if err := w.admit(len(s)); err != nil {
		return 0, err
	}
	w.held = append(w.held, s...)
	return len(s), nil
}

// admit checks that n more bytes may be written, by net/http's rules.
func (w *handlerWriter) admit(n int) error {
	if w.hijacked {
		return http.ErrHijacked
	}
	if w.code == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.err != nil:
		return w.err
	case n > 0 && w.bodiless():
		return http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(n) > w.length:
		return http.ErrContentLength
	}
	w.written += int64(n)
	return nil
}

// push calls start, if that is still to be done, and hands on what was held
// back. Next is what will be written after it.
func (w *handlerWriter) push(next []byte) error {
	if w.err != nil {
		return w.err
	}
	if w.out == nil {
		w.begin(next)
	}
	if w.err == nil && len(w.held) > 0 {
		_, w.err = w.out.Write(w.held)
		w.held = w.held[:0]
	}
	return w.err
}

// begin calls start. As net/http does, it guesses a Content-Type from the first
// bytes where the handler gave none.
func (w *handlerWriter) begin(next []byte) {
	first := w.held
	if len(first) == 0 {
		first = next
	}
	_, typed := w.sent["Content-Type"]
	if !typed && len(first) > 0 && w.sent.Get("Content-Encoding") == "" && !w.framed() && !w.bodiless() {
		w.sent.Set("Content-Type", http.DetectContentType(first))
	}
	w.passFraming()
	w.out, w.err = w.start(statusLine(w.code), headersOf(w.sent))
}

// Flush sends what was written so far.
func (w *handlerWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *handlerWriter) FlushError() error {
	if err := w.admit(0); err != nil {
		return err
	}
	held := len(w.held) > 0
	if err := w.push(nil); err != nil || held {
		return err
	}
	_, w.err = w.out.Write(nil)
	return w.err
}

// ReadFrom leaves a regular file to write(), where that can send it whole.
func (w *handlerWriter) ReadFrom(r io.Reader) (int64, error) {
	if isRegular(r) && w.header.Get("Content-Type") != "" && !w.head {
		if err := w.admit(0); err != nil {
			return 0, err
		}
		if err := w.push(nil); err != nil {
			return 0, err
		}
		if out, ok := w.out.(io.ReaderFrom); ok && !w.bodiless() {
			n, err := out.ReadFrom(r)
			w.written += n
			w.err = err
			return n, err
		}
	}
	return io.Copy(struct{ io.Writer }{w}, r)
}

// Hijack hands the handler the connection itself.
func (w *handlerWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.peer == nil {
		return nil, nil, fmt.Errorf("adapter: %w: the environ is of no connection", http.ErrNotSupported)
	}
	conn, rw, err := w.peer.hijack()
	w.hijacked = err == nil
	return conn, rw, err
}

// Unwrap lets an http.ResponseController reach the connection's deadlines.
func (w *handlerWriter) Unwrap() http.ResponseWriter {
	if w.peer == nil {
		return nil
	}
	return w.peer.w
}

// end returns the body that was held back, or completes the one under way.
func (w *handlerWriter) end() (Body, error) {
	if w.hijacked {
		return nil, nil
	}
	if w.code == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.out == nil && (w.framed() || w.hasTrailers()) && w.length < 0 {
		_ = w.FlushError() // a trailer needs a chunked body
	}
	if w.out != nil || w.err != nil {
		if err := w.push(nil); err != nil {
			return nil, err
		}
		w.sendTrailers()
		return nil, nil
	}
	w.begin(nil)
	if w.err != nil {
		return nil, w.err
	}
	if len(w.held) == 0 {
		return nil, nil
	}
	return blobs{w.held}, nil
}

func (w *handlerWriter) hasTrailers() bool {
	if len(w.sent["Trailer"]) > 0 {
		return true
	}
	for name := range w.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			return true
		}
	}
	return false
}

// framed reports whether the handler chose the coding of its body itself, which
// net/http lets it by Transfer-Encoding: chunked or identity.
func (w *handlerWriter) framed() bool {
	coding := w.sent.Get("Transfer-Encoding")
	return coding == "chunked" || coding == "identity"
}

// passFraming moves what start refuses, and net/http understands, past it.
func (w *handlerWriter) passFraming() {
	names := []string{"Trailer"}
	if w.framed() {
		names = append(names, "Transfer-Encoding")
	}
	for _, name := range names {
		if values, ok := w.sent[name]; ok && w.peer != nil {
			w.peer.w.Header()[name] = values
		}
		delete(w.sent, name)
	}
	for name := range w.sent {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			delete(w.sent, name)
		}
	}
}

func (w *handlerWriter) sendTrailers() {
	if w.peer == nil {
		return
	}
	header := w.peer.w.Header()
	for _, names := range header["Trailer"] {
		for name := range strings.SplitSeq(names, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			if values, ok := w.header[name]; ok {
				header[name] = values
			}
		}
	}
	for name, values := range w.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			header[name] = values
		}
	}
}

func statusLine(code int) string {
	if code == http.StatusOK {
		return "200 OK"
	}
	return strconv.Itoa(code) + " " + http.StatusText(code)
}

// headersOf lists a header as start takes it.
func headersOf(h http.Header) Headers {
	headers := make(Headers, 0, len(h))
	for name, values := range h {
		for _, value := range values {
			headers = append(headers, [2]string{name, value})
		}
	}
	return headers
}

// hijack gives the connection away: what goes out on it from now on is no
// business of the response.
func (res *response) hijack() (net.Conn, *bufio.ReadWriter, error) {
	res.mu.Lock()
	defer res.mu.Unlock()
	if res.raw != nil {
		return nil, nil, errors.New("adapter: the connection has switched protocols already")
	}
	conn, rw, err := http.NewResponseController(res.w).Hijack()
	res.hijacked = err == nil
	return conn, rw, err
}

func init() {
	seam.Hijacked = func(env any) bool {
		res, ok := seam.Peer(env).(*response)
		if !ok {
			return false
		}
		res.mu.Lock()
		defer res.mu.Unlock()
		return res.hijacked
	}
}
