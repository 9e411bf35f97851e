package adapter

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gowsgi/gowsgi/internal/body"
	"github.com/gowsgi/gowsgi/internal/recorder"
	"github.com/gowsgi/gowsgi/internal/seam"
)

// holdBack is how much of a body waits for the end of the handler, which then
// has its Content-Length: net/http's own measure.
const holdBack = 2048

// handlerWriter is the ResponseWriter of an http.Handler run as an App. Its
// header is the connection's own, as it is for a handler that runs alone, until
// start gets it; headers that were there before show, and may be deleted.
type handlerWriter struct {
	start  StartResponse
	peer   *response // the response at the other end; nil for a literal environ
	header http.Header
	outer  http.Header // what header held before; nil for nothing
	kept   http.Header // what of it the handler had left alone by WriteHeader
	late   http.Header // trailers set between WriteHeader and the time the head goes out

	code    int     // 0 until WriteHeader
	fields  Headers // the header as it was then
	space   [4][2]string
	out     io.Writer // write(), once start was called
	held    []byte    // written, and not yet handed on
	small   [64]byte  // room for a short body; all is 352 bytes then, as a response
	length  int64     // declared Content-Length; -1 for none
	written int64
	err     error

	head     bool // the method is HEAD
	typed    bool // a Content-Type was given or suppressed, or must not be guessed
	framed   bool // Transfer-Encoding: chunked or identity
	mixed    bool // the header has fields that start does not get
	hijacked bool
	duplex   bool // the handler asked for full duplex
}

func (w *handlerWriter) attach(peer seam.Peer) {
	var ok bool
	if w.peer, ok = peer.(*response); !ok {
		w.header = make(http.Header)
		return
	}
	w.header = w.peer.w.Header()
	if len(w.header) > 0 {
		w.outer = w.header.Clone()
	}
}

// restore takes what the handler left in a header that start never got back out.
func (w *handlerWriter) restore() {
	if w.out == nil {
		clear(w.header)
		maps.Copy(w.header, w.outer)
	}
}

func (w *handlerWriter) Header() http.Header { return w.header }

func (w *handlerWriter) WriteHeader(code int) {
	switch {
	case w.code != 0 || w.hijacked:
		return
	case code < 100 || code > 999:
		panic(fmt.Sprintf("adapter: invalid WriteHeader code %d", code))
	case code < 200 && code != http.StatusSwitchingProtocols:
		if w.peer != nil {
			recorder.Inform(w.peer.w, code)
		}
		return
	}
	w.code = code
	w.takeHeader()
}

// takeHeader lists the header as start takes it. Fields that were in it before stay
// there.
func (w *handlerWriter) takeHeader() {
	w.fields = w.space[:0]
	for name, values := range w.header {
		switch name {
		case "Trailer":
			w.mixed = true
			continue
		case "Content-Length":
			if w.bodiless() {
				continue
			}
			w.length = declared(values)
		case "Transfer-Encoding":
			w.framed = len(values) == 1 && (values[0] == "chunked" || values[0] == "identity")
			if w.framed {
				w.typed, w.mixed = true, true
				continue
			}
		case "Content-Type":
			w.typed = true
		case "Content-Encoding":
			w.typed = w.typed || len(values) > 0 && values[0] != ""
		}
		if values == nil || strings.HasPrefix(name, http.TrailerPrefix) || w.keeps(name, values) {
			w.mixed = true
			continue
		}
		for _, value := range values {
			w.fields = append(w.fields, [2]string{name, value})
		}
	}
}

// declared is the length that a handler's Content-Length gives; -1 for none
// that net/http would hold it to.
func declared(values []string) int64 {
	if len(values) == 0 {
		return -1
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// keeps reports whether a field is as it was before, and notes it then.
func (w *handlerWriter) keeps(name string, values []string) bool {
	before, ok := w.outer[name]
	if !ok || !slices.Equal(before, values) {
		return false
	}
	if w.kept == nil {
		w.kept = make(http.Header)
	}
	w.kept[name] = before
	return true
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
	return w.emit(p)
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
		_, _ = w.emit(w.held)
		w.held = w.held[:0]
	}
	return w.err
}

// emit writes p, with the head before it where that is still to be sent.
func (w *handlerWriter) emit(p []byte) (int, error) {
	n, err := w.out.Write(p)
	w.err = err
	w.putTrailers()
	return n, err
}

// begin calls start. As net/http does, it guesses a Content-Type from the first
// bytes where the handler gave none.
func (w *handlerWriter) begin(next []byte) {
	first := w.held
	if len(first) == 0 {
		first = next
	}
	if !w.typed && len(first) > 0 && !w.bodiless() {
		w.fields = append(w.fields, [2]string{"Content-Type", http.DetectContentType(first)})
	}
	w.takeTrailers()
	w.clearHeader()
	if w.peer != nil {
		w.peer.answeredByHandler(w.duplex)
	}
	w.out, w.err = w.start(statusLine(w.code), w.fields)
}

// clearHeader leaves in the header what start does not get: what was there
// before and was left alone, and what net/http frames the body by.
func (w *handlerWriter) clearHeader() {
	if !w.mixed {
		clear(w.header)
		return
	}
	for name, values := range w.header {
		switch {
		case name == "Trailer", name == "Transfer-Encoding" && w.framed, values == nil, strings.HasPrefix(name, http.TrailerPrefix):
		default:
			delete(w.header, name)
		}
	}
	maps.Copy(w.header, w.kept)
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
	_, err := w.emit(nil)
	return err
}

// sniffLen is how much of a file net/http reads by itself, to see that it can be
// read, and what it is.
const sniffLen = 512

// ReadFrom leaves a regular file to write(), which can send it whole, but for
// its first bytes.
func (w *handlerWriter) ReadFrom(r io.Reader) (int64, error) {
	copied := struct{ io.Writer }{w}
	if !body.IsRegular(r) || w.head {
		return io.Copy(copied, r)
	}
	if w.out != nil {
		return w.sendFile(r)
	}
	first, err := io.CopyN(copied, r, sniffLen)
	if err == io.EOF {
		return first, nil
	}
	if err != nil {
		return first, err
	}
	rest, err := w.sendFile(r)
	return first + rest, err
}

// sendFile hands on what was held back, and then the file r.
func (w *handlerWriter) sendFile(r io.Reader) (int64, error) {
	if err := w.admit(0); err != nil {
		return 0, err
	}
	if err := w.push(nil); err != nil {
		return 0, err
	}
	out, ok := w.out.(io.ReaderFrom)
	if !ok || w.bodiless() {
		return io.Copy(struct{ io.Writer }{w}, r)
	}
	n, err := out.ReadFrom(r)
	w.written += n
	w.err = err
	w.putTrailers()
	return n, err
}

// EnableFullDuplex lets the handler read its request after it has begun to answer.
// Where that is still to be read when the answer begins, the connection ends with
// the answer.
func (w *handlerWriter) EnableFullDuplex() error {
	if w.peer == nil || !canDuplex(w.peer.w) {
		return fmt.Errorf("adapter: full duplex: %w", http.ErrNotSupported)
	}
	w.duplex = true
	return nil
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
	if w.out == nil && w.length < 0 && (w.framed || w.hasTrailers()) {
		_ = w.FlushError() // a trailer needs a chunked body
	}
	if w.mixed || w.out != nil {
		w.dropBadTrailers()
	}
	if w.out != nil || w.err != nil {
		return nil, w.push(nil)
	}
	w.begin(nil)
	if w.err != nil || len(w.held) == 0 {
		return nil, w.err
	}
	return heldBody{w}, nil
}

func statusLine(code int) string {
	if code == http.StatusOK {
		return "200 OK"
	}
	return strconv.Itoa(code) + " " + http.StatusText(code)
}

// heldBody is the list of what a handler wrote, in its writer's own memory.
type heldBody struct{ w *handlerWriter }

func (b heldBody) Size() int64 { return int64(len(b.w.held)) }

func (b heldBody) Send(w io.Writer, limit int64) (int64, error) {
	return body.Blobs{b.w.held}.Send(w, limit)
}

func (b heldBody) Chunks() iter.Seq2[[]byte, error] { return body.Blobs{b.w.held}.Chunks() }
