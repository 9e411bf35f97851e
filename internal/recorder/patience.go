package recorder

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// Piece is how many bytes a client has to take or to send within the time of a
// Patience. It is also the largest write that is made at once under one.
const Piece = 64 << 10

// buffered is how much of a response net/http holds back before it sends
// anything over HTTP/1.
const buffered = 2048

// Patience bounds how long a request waits for its client. The time of the
// handler itself does not count, so streams may last as long as they like. A
// handler that sets a deadline through http.ResponseController has its own
// patience from then on.
type Patience struct {
	// Send is the time for a client to send a Piece of the request's body. 0
	// means no limit. The read that waits too long fails with
	// os.ErrDeadlineExceeded.
	Send time.Duration

	// Take is the time for a client to take a Piece of the response. 0 means
	// no limit. The write that waits too long fails with Stalled.
	Take    time.Duration
	Stalled error
}

// Handler lets the requests of next wait for their clients no longer than that.
func (p *Patience) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{patience: p, http1: r.ProtoMajor == 1}
		e.ResponseWriter, e.Recorder.exchange = w, e
		if p.Send > 0 && r.Body != nil && r.Body != http.NoBody {
			e.body = &patientBody{ReadCloser: r.Body, exchange: e, left: p.Send}
			// net/http's own body stays in its own request: net/http looks
			// there for where the next one begins.
			r = r.WithContext(r.Context())
			r.Body = e.body
		}
		defer e.leave()
		next.ServeHTTP(&e.Recorder, r)
	})
}

// exchange is a request and its response under a Patience.
type exchange struct {
	Recorder
	patience *Patience
	http1    bool
	take     waiting
	body     *patientBody // nil where nobody waits for one

	mu      sync.Mutex
	flushed bool // something may have gone out
	ownRead bool // the handler has set its own deadline for reading
	ownTake bool // and for writing
}

// wait begins a write of n bytes that may have to wait, and returns whether it
// has: what net/http only keeps in its buffer has not.
func (e *exchange) wait(n int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.patience.Take <= 0 || e.ownTake || e.Hijacked:
		return false
	case n >= 0 && e.http1 && !e.flushed && e.Bytes+int64(n) < buffered:
		return false
	}
	e.flushed = true
	e.take.begin(e.patience.Take, e.cut)
	return true
}

// cut ends what waits for the client, and reports whether that is the end. Before
// net/http answers, it reads the rest of a body that nobody has read; without it,
// the client has its time to take the answer.
func (e *exchange) cut() bool {
	past := time.Unix(1, 0)
	control := http.NewResponseController(e.ResponseWriter)
	if e.http1 && e.body != nil && e.body.giveUp() {
		_ = control.SetReadDeadline(past)
		return false
	}
	_ = control.SetWriteDeadline(past)
	return true
}

// waited ends what wait has begun.
func (e *exchange) waited(err error) error {
	if e.take.end() && err != nil {
		return e.patience.Stalled
	}
	return err
}

// leave bounds the time for what net/http still has to send, and over HTTP/1 to
// read, once the handler has returned. net/http takes both deadlines away before
// the next request.
func (e *exchange) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	ownRead, ownTake := e.ownRead, e.ownTake
	// What still reads or writes in another goroutine does so without a timer:
	// the writer below may not be touched any more.
	e.ownRead, e.ownTake = true, true
	e.take.end()
	if e.body != nil {
		e.body.send.end()
	}
	if e.Hijacked {
		return
	}
	control, now := http.NewResponseController(e.ResponseWriter), time.Now()
	if e.http1 && e.body != nil && !ownRead {
		if left, ended := e.body.rest(); !ended {
			now = now.Add(left)
			_ = control.SetReadDeadline(now)
		}
	}
	if e.patience.Take > 0 && !ownTake && (e.http1 || e.Bytes > 0) {
		_ = control.SetWriteDeadline(now.Add(e.patience.Take))
	}
}

// own notes that the handler has patience of its own.
func (e *exchange) own(what *bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	*what = true
}

// SetReadDeadline is for http.ResponseController.
func (r *Recorder) SetReadDeadline(deadline time.Time) error {
	if e := r.exchange; e != nil {
		e.own(&e.ownRead)
	}
	return http.NewResponseController(r.ResponseWriter).SetReadDeadline(deadline)
}

// SetWriteDeadline is for http.ResponseController.
func (r *Recorder) SetWriteDeadline(deadline time.Time) error {
	if e := r.exchange; e != nil {
		e.own(&e.ownTake)
	}
	return http.NewResponseController(r.ResponseWriter).SetWriteDeadline(deadline)
}

// patiently calls write, which writes n bytes, under the Patience, if there is one.
// A negative n stands for what net/http has in its buffer.
func (r *Recorder) patiently(n int, write func() (int64, error)) (int64, error) {
	if r.exchange == nil || !r.exchange.wait(n) {
		return write()
	}
	sent, err := write()
	return sent, r.exchange.waited(err)
}

// writePieces writes p with write, piece by piece under a Patience.
func writePieces[T string | []byte](r *Recorder, p T, write func(T) (int, error)) (int, error) {
	sent := 0
	for {
		piece := p[sent:]
		if r.exchange != nil {
			piece = piece[:min(len(piece), Piece)]
		}
		n, err := r.patiently(len(piece), func() (int64, error) {
			n, err := write(piece)
			return int64(n), err
		})
		sent += int(n)
		if err = r.note(n, err); err != nil || sent >= len(p) {
			return sent, err
		}
	}
}

// copyPieces copies from src, piece by piece under a Patience. A file stays one
// io.LimitedReader, for sendfile.
func (r *Recorder) copyPieces(src io.Reader) (int64, error) {
	if r.exchange == nil {
		n, err := io.Copy(r.ResponseWriter, src)
		return n, r.note(n, err)
	}
	all, limited := src.(*io.LimitedReader)
	var sent int64
	for {
		size, from := int64(Piece), src
		if limited {
			size, from = min(size, all.N), all.R
		}
		n, err := r.patiently(Piece, func() (int64, error) { return io.Copy(r.ResponseWriter, io.LimitReader(from, size)) })
		sent += n
		if limited {
			all.N -= n
		}
		if err = r.note(n, err); err != nil || n < size || limited && all.N <= 0 {
			return sent, err
		}
	}
}

// patientBody is a request's body that is read with patience.
type patientBody struct {
	io.ReadCloser
	exchange *exchange
	send     waiting

	mu    sync.Mutex
	left  time.Duration // what is left of the time for this piece
	read  int           // how much of the piece has come
	ended bool
}

func (b *patientBody) Read(p []byte) (int, error) {
	if !b.begin() {
		return b.ReadCloser.Read(p)
	}
	began := time.Now()
	n, err := b.ReadCloser.Read(p)
	b.send.end()
	b.note(n, err, time.Since(began))
	return n, err
}

// begin starts the timer of a read, where the read has one.
func (b *patientBody) begin() bool {
	b.exchange.mu.Lock()
	defer b.exchange.mu.Unlock()
	if b.exchange.ownRead || b.exchange.Hijacked {
		return false
	}
	left, _ := b.rest()
	b.send.begin(left, b.cut)
	return true
}

func (b *patientBody) cut() bool {
	_ = http.NewResponseController(b.exchange.ResponseWriter).SetReadDeadline(time.Unix(1, 0))
	return true
}

// giveUp reports whether the body has not ended, and is taken for ended from now
// on.
func (b *patientBody) giveUp() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	ended := b.ended
	b.ended = true
	return !ended
}

// note takes what a read has cost off the time of the piece.
func (b *patientBody) note(n int, err error, took time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left -= took
	b.read += n
	b.ended = b.ended || err != nil
	if b.read >= Piece {
		b.left, b.read = b.exchange.patience.Send, 0
	}
}

// rest returns what is left of the time for the piece, and whether the body has
// ended.
func (b *patientBody) rest() (time.Duration, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(b.left, time.Millisecond), b.ended
}

// waiting is the time of one who waits. It calls cut when that is over, once more
// after the same time where cut reports that it was not the end, and never when
// end has returned.
type waiting struct {
	mu    sync.Mutex
	timer *time.Timer
	limit time.Duration
	until time.Time // zero while nobody waits
	cut   func() bool
	over  bool // cut has made an end
}

func (w *waiting) begin(limit time.Duration, cut func() bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limit, w.until, w.cut = limit, time.Now().Add(limit), cut
	if w.timer == nil {
		w.timer = time.AfterFunc(limit, w.ring)
		return
	}
	w.timer.Reset(limit)
}

// ring is called by the timer, perhaps late: then it means an earlier wait.
func (w *waiting) ring() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.until.IsZero() || time.Now().Before(w.until) {
		return
	}
	w.over = w.cut()
	if !w.over {
		w.until = time.Now().Add(w.limit)
		w.timer.Reset(w.limit)
	}
}

// end reports whether the time was over.
func (w *waiting) end() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	w.until = time.Time{}
	return w.over
}
