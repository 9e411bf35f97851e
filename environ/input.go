package environ

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"sync/atomic"
)

const (
	firstChunk = 4 << 10  // the first buffer of a reader of lines
	largeChunk = 64 << 10 // and the size it grows to
)

// Input is wsgi.input: the body of the request (PEP 3333, "Input and Error
// Streams"; pywsgi's Input). A body that is cut short or malformed ends in an
// error, never in a quiet io.EOF. One goroutine at a time may read it.
type Input struct {
	r   io.Reader
	buf []byte // read ahead by ReadLine, not yet handed out
	// room is what is left of the buffer that buf lies in. It is filled
	// once and never again, so a line that was handed out stays as it is.
	room []byte
	end  error // what r ended with, once buf is used up
	err  atomic.Pointer[error]
}

// NewInput returns an Input over r; a nil r is an empty body.
func NewInput(r io.Reader) *Input {
	if r == nil {
		r = http.NoBody
	}
	return &Input{r: r}
}

// Reset makes in read from r from now on and forgets what it had read ahead.
func (in *Input) Reset(r io.Reader) {
	in.r, in.buf, in.room, in.end = r, nil, nil, nil
	in.err.Store(nil)
}

// Err returns the first error that a read met, nil where there was none; the
// end of the body is no error. It may be called from any goroutine.
func (in *Input) Err() error {
	if err := in.err.Load(); err != nil {
		return *err
	}
	return nil
}

// Read reads up to len(p) bytes, as io.Reader says. At the end it returns
// io.EOF; a body over an http.MaxBytesReader's limit ends in an error that
// wraps *http.MaxBytesError, one that was cut short in one that wraps
// io.ErrUnexpectedEOF.
func (in *Input) Read(p []byte) (int, error) {
	if len(in.buf) > 0 {
		n := copy(p, in.buf)
		in.buf = in.buf[n:]
		return n, nil
	}
	if in.end != nil {
		return 0, in.end
	}
	n, err := in.r.Read(p)
	if err != nil {
		err = in.ended(err)
	}
	return n, err
}

// ended keeps what the body ended with and gives an error its context.
func (in *Input) ended(err error) error {
	if err != io.EOF {
		err = fmt.Errorf("environ: reading wsgi.input: %w", err)
		if errors.Is(err, io.EOF) { // net/http never wraps a proper end
			err = fmt.Errorf("environ: reading wsgi.input: %w", io.ErrUnexpectedEOF)
		}
		in.err.CompareAndSwap(nil, &err)
	}
	in.end = err
	return err
}

// ReadN reads n bytes, or all there are for n < 0 (WSGI's read(n)). It returns
// fewer only at the end, where it returns none, and no error. A read that fails
// returns what came before the error with it. The bytes are the caller's.
//
// Memory grows with what has arrived, not with what n or a Content-Length
// claims.
func (in *Input) ReadN(n int) ([]byte, error) {
	if n == 0 {
		return []byte{}, nil
	}
	size := firstChunk
	if n > 0 && n < largeChunk {
		size = n
	}
	p := make([]byte, 0, size)
	for n < 0 || len(p) < n {
		if len(p) == cap(p) {
			p = append(p, 0)[:len(p)]
		}
		free := p[len(p):cap(p)]
		if n >= 0 {
			free = free[:min(len(free), n-len(p))]
		}
		m, err := in.Read(free)
		p = p[:len(p)+m]
		if err == io.EOF {
			return p, nil
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

// ReadLine reads up to and including the next newline, and at most limit bytes
// if limit is not negative (WSGI's readline(limit)). The last line may lack its
// newline; after it ReadLine returns io.EOF. A read that fails returns what
// came before the error with it. The bytes are the caller's; a line may share
// its memory with its neighbours, up to 64 KiB.
func (in *Input) ReadLine(limit int) ([]byte, error) {
	if limit == 0 {
		return []byte{}, nil
	}
	for searched := 0; ; {
		if i := bytes.IndexByte(in.buf[searched:], '\n'); i >= 0 {
			return in.take(searched+i+1, limit), nil
		}
		if limit > 0 && len(in.buf) >= limit {
			return in.take(limit, limit), nil
		}
		searched = len(in.buf)
		if in.end != nil {
			return in.last(limit)
		}
		in.fill()
	}
}

// take hands out the first n bytes of buf, or limit if that is less.
func (in *Input) take(n, limit int) []byte {
	if limit > 0 {
		n = min(n, limit)
	}
	line := in.buf[:n:n]
	in.buf = in.buf[n:]
	return line
}

func (in *Input) last(limit int) ([]byte, error) {
	if in.end == io.EOF && len(in.buf) > 0 {
		return in.take(len(in.buf), limit), nil
	}
	return in.take(len(in.buf), limit), in.end
}

// fill reads ahead once, into memory that no line handed out before lies in.
func (in *Input) fill() {
	if len(in.room) == 0 {
		in.grow()
	}
	n, err := in.r.Read(in.room)
	in.buf = in.buf[:len(in.buf)+n]
	in.room = in.room[n:]
	if err != nil {
		_ = in.ended(err)
	}
}

// grow moves what is unread to a new buffer. Doubling it keeps the cost of a
// line in proportion to its length.
func (in *Input) grow() {
	size := firstChunk
	if in.room != nil {
		size = largeChunk
	}
	size = max(size, 2*len(in.buf))
	next := make([]byte, size)
	n := copy(next, in.buf)
	in.buf, in.room = next[:n], next[n:]
}

// Lines yields the lines that are left, each with its newline. It ends at the
// end of the body, or after it has yielded an error.
func (in *Input) Lines() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			line, err := in.ReadLine(-1)
			if err == io.EOF {
				return
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// WriteTo writes what is left of the body to w (io.WriterTo, for io.Copy).
func (in *Input) WriteTo(w io.Writer) (int64, error) {
	var written int64
	if len(in.buf) > 0 {
		n, err := w.Write(in.buf)
		in.buf = in.buf[n:]
		written = int64(n)
		if err != nil {
			return written, err
		}
	}
	n, err := io.Copy(w, unbuffered{in})
	return written + n, err
}

// unbuffered is an Input without its WriteTo, which would call itself.
type unbuffered struct{ in *Input }

func (u unbuffered) Read(p []byte) (int, error) { return u.in.Read(p) }

// Input returns wsgi.input. Where an io.Reader was Set under that key, it is an
// Input over that; without a request it is empty.
func (e *Environ) Input() *Input {
	v, ok := e.Lookup("wsgi.input")
	if in, isInput := v.(*Input); isInput {
		return in
	}
	r, _ := v.(io.Reader)
	in := NewInput(r)
	if ok {
		e.Set("wsgi.input", in)
	}
	return in
}

// inputOf makes the request's Input when it is first asked for.
func (st *state) inputOf() *Input {
	if in := st.input.Load(); in != nil {
		return in
	}
	var body io.Reader
	if st.req.Body != nil {
		body = st.req.Body
	}
	st.input.CompareAndSwap(nil, NewInput(body))
	return st.input.Load()
}
