// Package recorder is the one ResponseWriter that watches another.
package recorder

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"net"
	"net/http"
	"strings"
	"time"
)

// Recorder passes a response on and notes its status, size and errors. The other
// abilities of the writer below are reached through its own methods or, by an
// http.ResponseController, through Unwrap.
type Recorder struct {
	http.ResponseWriter
	Status int   // the final status; 0 until there is one
	Bytes  int64 // bytes of the body that were written
	Err    error // the first error that the connection met

	// Judge, where set, is asked about a status before it is passed on. Where
	// it refuses a final one, the response is over: its writes fail with a
	// *Refusal.
	Judge Judge

	Hijacked bool
	refused  *Refusal  // nil for none
	gone     bool      // the client was gone before anything was sent
	exchange *exchange // bounds the time for the client; nil for no bound
}

// Judge allows a status, and with it the header as it is then, or says why not.
// In the place of a final status that it refuses it has sent its own response.
type Judge interface{ Allow(status int) error }

// Refusal is the error of a write to a response that a Judge has replaced. The
// Judge has reported it, so nobody else needs to.
type Refusal struct{ Reason error }

func (e *Refusal) Error() string { return e.Reason.Error() }

func (e *Refusal) Unwrap() error { return e.Reason }

// WriteHeader passes a status on. A 1xx is not the response's status, but for 101.
func (r *Recorder) WriteHeader(status int) {
	final := status >= 200 || status == http.StatusSwitchingProtocols
	switch {
	case r.refused != nil || r.Status == 0 && !r.allow(status, final):
	case final && r.Status == status: // net/http would log it, in the name of this file
	case !final:
		Inform(r.ResponseWriter, status)
	default:
		if r.Status == 0 {
			r.Status = status
		}
		r.ResponseWriter.WriteHeader(status)
	}
}

// allow asks the Judge, if there is one.
func (r *Recorder) allow(status int, final bool) bool {
	if r.Judge == nil {
		return true
	}
	err := r.Judge.Allow(status)
	if err != nil && final {
		r.refused = &Refusal{err}
	}
	return err == nil
}

// open makes the status that a write without one implies explicit, and returns
// why the write may not go on.
func (r *Recorder) open() error {
	if r.Status == 0 && !r.Hijacked && r.refused == nil {
		r.WriteHeader(http.StatusOK)
	}
	if r.refused != nil {
		return r.refused
	}
	return nil
}

// Finish is called when the handler has returned: a response that it never
// began is net/http's implicit 200.
func (r *Recorder) Finish() {
	if r.Status == 0 && !r.Hijacked && r.refused == nil && r.allow(http.StatusOK, true) {
		r.Status = http.StatusOK
	}
}

// Refused reports whether the Judge has replaced the response.
func (r *Recorder) Refused() bool { return r.refused != nil }

func (r *Recorder) note(n int64, err error) error {
	r.Bytes += n
	if err != nil && r.Err == nil {
		r.Err = err
	}
	return err
}

func (r *Recorder) Write(p []byte) (int, error) {
	if err := r.open(); err != nil {
		return 0, err
	}
	if r.exchange != nil {
		return writePieces(r, p, r.ResponseWriter.Write)
	}
	n, err := r.ResponseWriter.Write(p)
	return n, r.note(int64(n), err)
}

// WriteString is Write without a copy where the writer below can do without.
func (r *Recorder) WriteString(s string) (int, error) {
	if err := r.open(); err != nil {
		return 0, err
	}
	if r.exchange != nil {
		return writePieces(r, s, func(s string) (int, error) { return io.WriteString(r.ResponseWriter, s) })
	}
	n, err := io.WriteString(r.ResponseWriter, s)
	return n, r.note(int64(n), err)
}

// ReadFrom keeps sendfile within reach.
func (r *Recorder) ReadFrom(src io.Reader) (int64, error) {
	if err := r.open(); err != nil {
		return 0, err
	}
	return r.copyPieces(src)
}

// Flush sends what was written so far.
func (r *Recorder) Flush() { _ = r.FlushError() }

// FlushError is Flush for http.ResponseController.
func (r *Recorder) FlushError() error {
	if err := r.open(); err != nil {
		return err
	}
	_, err := r.patiently(-1, func() (int64, error) { return 0, http.NewResponseController(r.ResponseWriter).Flush() })
	if errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return r.note(0, err)
}

// Hijack hands over the connection, where the writer below can. The status is
// then what a connection is taken over for.
func (r *Recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if r.refused != nil {
		return nil, nil, r.refused
	}
	conn, rw, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil {
		r.Hijacked = true
		if r.Status == 0 {
			r.Status = http.StatusSwitchingProtocols
		}
	}
	return conn, rw, err
}

// Unwrap returns the writer below, for http.ResponseController.
func (r *Recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Chain yields w and the writers below it, as far as they can be unwrapped.
func Chain(w http.ResponseWriter) iter.Seq[http.ResponseWriter] {
	return func(yield func(http.ResponseWriter) bool) {
		for w != nil && yield(w) {
			outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
			if !ok {
				return
			}
			w = outer.Unwrap()
		}
	}
}

// AddBytes tells the Recorders around w of bytes that went past them, over a
// connection that was taken over.
func AddBytes(w http.ResponseWriter, n int64) {
	for w := range Chain(w) {
		if rec, ok := w.(*Recorder); ok {
			rec.Bytes += n
		}
	}
}

// MarkGone tells the Recorders around w that the client was gone before anything
// was sent.
func MarkGone(w http.ResponseWriter) {
	for w := range Chain(w) {
		if rec, ok := w.(*Recorder); ok {
			rec.gone = true
		}
	}
}

// Outcome returns the status and the length of the body that an access line shows:
// none where the client was gone before it could get them.
func (r *Recorder) Outcome() (status int, bytes int64) {
	if r.gone {
		return 0, 0
	}
	return r.Status, r.Bytes
}

// Watch calls after when a request of next has ended, by a panic too.
func Watch(next http.Handler, after func(rec *Recorder, r *http.Request, began time.Time)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &Recorder{ResponseWriter: w}
		defer after(rec, r, time.Now())
		next.ServeHTTP(rec, r)
		if r.Context().Err() == context.Canceled {
			rec.sendEmpty(r)
		}
		rec.Finish()
	})
}

// sendEmpty sends the empty 200 that net/http makes of a response that was never
// begun, as net/http would, and learns whether there is a client that gets it. (Where
// the time of the context is up, a middleware outside may have another answer.)
func (r *Recorder) sendEmpty(req *http.Request) {
	if r.Status != 0 || r.Hijacked || r.refused != nil {
		return
	}
	header := r.Header()
	if req.Method != http.MethodHead && !framed(header) {
		header.Set("Content-Length", "0")
	}
	r.gone = r.FlushError() != nil && r.Err != nil
}

// framed reports whether header says how long the body is, or that trailers follow.
func framed(header http.Header) bool {
	for name := range header {
		switch {
		case name == "Content-Length", name == "Transfer-Encoding", name == "Trailer", strings.HasPrefix(name, http.TrailerPrefix):
			return true
		}
	}
	return false
}
