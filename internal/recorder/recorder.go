// Package recorder is the one ResponseWriter that watches another.
package recorder

import (
	"bufio"
	"io"
	"iter"
	"net"
	"net/http"
	"time"
)

// Recorder passes a response on and notes what it was. What else the writer
// below can do is reached through its own methods or, by an
// http.ResponseController, through Unwrap.
type Recorder struct {
	http.ResponseWriter
	Status int   // the final status; 0 until there is one
	Bytes  int64 // bytes of the body that were written
	Err    error // the first error that the connection met

	// Judge, where set, is asked about a status before it is passed on. With
	// a final one the whole response is refused: its writes succeed and go
	// nowhere.
	Judge Judge

	Hijacked bool
	refused  bool
}

// Judge allows a status, and with it the header as it is then.
type Judge interface{ Allow(status int) bool }

// WriteHeader passes a status on. A 1xx is not the response's status, but for 101.
func (r *Recorder) WriteHeader(status int) {
	switch final := status >= 200 || status == http.StatusSwitchingProtocols; {
	case r.refused:
		return
	case r.Status == 0 && r.Judge != nil && !r.Judge.Allow(status):
		r.refused = final
		return
	case !final:
		Inform(r.ResponseWriter, status)
		return
	case r.Status == 0:
		r.Status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// open makes the status that a write without one implies explicit, and reports
// whether the write may go on.
func (r *Recorder) open() bool {
	if r.Status == 0 && !r.Hijacked && !r.refused {
		r.WriteHeader(http.StatusOK)
	}
	return !r.refused
}

// Finish is called when the handler has returned: a response that it never
// began is net/http's implicit 200.
func (r *Recorder) Finish() {
	if r.Status != 0 || r.Hijacked || r.refused {
		return
	}
	if r.Judge != nil && !r.Judge.Allow(http.StatusOK) {
		r.refused = true
		return
	}
	r.Status = http.StatusOK
}

func (r *Recorder) note(n int64, err error) error {
	r.Bytes += n
	if err != nil && r.Err == nil {
		r.Err = err
	}
	return err
}

func (r *Recorder) Write(p []byte) (int, error) {
	if !r.open() {
		return len(p), nil
	}
	n, err := r.ResponseWriter.Write(p)
	return n, r.note(int64(n), err)
}

// WriteString is Write without a copy where the writer below can do without.
func (r *Recorder) WriteString(s string) (int, error) {
	if !r.open() {
		return len(s), nil
	}
	n, err := io.WriteString(r.ResponseWriter, s)
	return n, r.note(int64(n), err)
}

// ReadFrom keeps sendfile within reach.
func (r *Recorder) ReadFrom(src io.Reader) (int64, error) {
	if !r.open() {
		return io.Copy(io.Discard, src)
	}
	n, err := io.Copy(r.ResponseWriter, src)
	return n, r.note(n, err)
}

// Flush sends what was written so far.
func (r *Recorder) Flush() { _ = r.FlushError() }

// FlushError is Flush for http.ResponseController.
func (r *Recorder) FlushError() error {
	if !r.open() {
		return nil
	}
	return r.note(0, http.NewResponseController(r.ResponseWriter).Flush())
}

// Hijack hands over the connection, where the writer below can. The status is
// then what a connection is taken over for.
func (r *Recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
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

// Watch calls after when a request of next has ended, by a panic too.
func Watch(next http.Handler, after func(rec *Recorder, r *http.Request, began time.Time)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &Recorder{ResponseWriter: w}
		defer after(rec, r, time.Now())
		next.ServeHTTP(rec, r)
		rec.Finish()
	})
}
