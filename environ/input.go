package environ

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"sync/atomic"

	"github.com/gowsgi/gowsgi/internal/seam"
)

const (
	firstChunk = 4 << 10  // the first buffer of a reader of lines
	largeChunk = 64 << 10 // and the size it grows to
)

// Input is wsgi.input: the body of the request (PEP 3333, "Input and Error
// Streams"; pywsgi's Input). A body that is cut short or malformed ends in an
// error, never in a quiet io.EOF. One goroutine at a time may read it.
//
// The zero Input is an empty body.
type Input struct {
	// The bytes that were read ahead may be a password: they lie behind a func, as the
	// values of an Environ do.
	open func() *stream
}

// stream is what an Input reads.
type stream struct {
	pub  Input
	r    io.Reader
	body io.Reader // the reader that it was made for: the request's body, or the reader that was Set
	set  any       // the value that was Set, of which it was made
	role atomic.Uint32
	// The bytes that ReadLine has read ahead and not yet handed out are
	// chunk[at:have]. Those before them are never written again, so a line
	// that was handed out stays as it is. (Two numbers, not a slice: moving
	// a pointer line by line costs the garbage collector's write barrier.)
	chunk    []byte
	at, have int
	got      int64 // how many bytes were read from r
	end      error // what r ended with, once chunk is used up
	// The first end that a read met, for other goroutines: a proper one is
	// &properEnd.
	met atomic.Pointer[error]
}

var properEnd = io.EOF

// The roles of a stream. One that was made of a value that was Set as wsgi.input is
// that value to whoever asks for it, until somebody asks for the Input: from then
// on it may have read ahead.
const (
	roleOwn = iota
	roleReader
	roleInput
)

// NewInput returns an Input over r; a nil r is an empty body.
func NewInput(r io.Reader) *Input { return &newStream(r).pub }

func newStream(r io.Reader) *stream {
	if r == nil {
		r = http.NoBody
	}
	s := &stream{r: r}
	s.pub.open = s.self
	return s
}

func (s *stream) self() *stream { return s }

func (in *Input) stream() *stream {
	if in.open == nil {
		in.open = newStream(nil).self
	}
	return in.open()
}

// reset makes s read from r from now on and forgets what it had read ahead.
func (s *stream) reset(r io.Reader) {
	s.r, s.chunk, s.at, s.have, s.got, s.end = r, nil, 0, 0, 0, nil
	s.met.Store(nil)
}

// failure returns the first error that a read met, nil where there was none.
func (s *stream) failure() error {
	if met := s.met.Load(); met != nil && met != &properEnd {
		return *met
	}
	return nil
}

// ended reports whether a read met the end of the body.
func (s *stream) ended() bool { return s.met.Load() == &properEnd }

// Read reads up to len(p) bytes, as io.Reader says. At the end it returns
// io.EOF; a body over an http.MaxBytesReader's limit ends in an error that
// wraps *http.MaxBytesError, one that was cut short in one that wraps
// io.ErrUnexpectedEOF.
func (in *Input) Read(p []byte) (int, error) { return in.stream().read(p) }

func (s *stream) read(p []byte) (int, error) {
	if s.at < s.have {
		n := copy(p, s.ahead())
		s.at += n
		return n, nil
	}
	if s.end != nil {
		return 0, s.end
	}
	n, err := s.r.Read(p)
	s.got += int64(n)
	if err != nil {
		err = s.finish(err)
	}
	return n, err
}

// finish keeps what the body ended with and gives an error its context.
func (s *stream) finish(err error) error {
	if err == io.EOF {
		s.met.CompareAndSwap(nil, &properEnd)
	} else {
		err = fmt.Errorf("environ: reading wsgi.input: %w", err)
		if errors.Is(err, io.EOF) { // net/http never wraps a proper end
			err = fmt.Errorf("environ: reading wsgi.input: %w", io.ErrUnexpectedEOF)
		}
		met := err // err itself would be an allocation at every end
		s.met.CompareAndSwap(nil, &met)
	}
	s.end = err
	return err
}

// ReadN reads n bytes, or all there are for n < 0 (WSGI's read(n)). It returns
// fewer only at the end, where it returns none, and no error. A read that fails
// before that returns the bytes that came, and the error. The bytes are the
// caller's.
//
// Memory grows with what has arrived, not with what n or a Content-Length
// claims.
func (in *Input) ReadN(n int) ([]byte, error) {
	if n == 0 {
		return []byte{}, nil
	}
	s, size := in.stream(), firstChunk
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
		m, err := s.read(free)
		p = p[:len(p)+m]
		if err == nil || len(p) == n {
			continue // an error behind the last byte is the next read's
		}
		if err == io.EOF {
			err = nil
		}
		return p, err
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
	s := in.stream()
	for searched := 0; ; {
		ahead := s.ahead()
		if limit > 0 {
			ahead = ahead[:min(limit, len(ahead))]
		}
		if i := bytes.IndexByte(ahead[searched:], '\n'); i >= 0 {
			return s.take(searched + i + 1), nil
		}
		if len(ahead) == limit {
			return s.take(limit), nil
		}
		searched = len(ahead)
		if s.end != nil {
			return s.last()
		}
		s.fill()
	}
}

// ahead is what was read ahead.
func (s *stream) ahead() []byte { return s.chunk[s.at:s.have] }

// take hands out the next n bytes. A line that needed a chunk of its own takes
// it along.
func (s *stream) take(n int) []byte {
	line := s.chunk[s.at : s.at+n : s.at+n]
	s.at += n
	if n > largeChunk/2 {
		rest := bytes.Clone(s.ahead())
		s.chunk, s.at, s.have = rest, 0, len(rest)
	}
	return line
}

func (s *stream) last() ([]byte, error) {
	if s.end == io.EOF && s.at < s.have {
		return s.take(s.have - s.at), nil
	}
	return s.take(s.have - s.at), s.end
}

// fill reads ahead once, into memory that no line handed out before lies in.
func (s *stream) fill() {
	if s.have == len(s.chunk) {
		s.grow()
	}
	n, err := s.r.Read(s.chunk[s.have:min(len(s.chunk), s.have+largeChunk)])
	s.have += n
	s.got += int64(n)
	if err != nil {
		_ = s.finish(err)
	}
}

// grow moves what is unread to a new chunk. Doubling it keeps the cost of a
// line in proportion to its length.
func (s *stream) grow() {
	size := firstChunk
	if s.chunk != nil {
		size = largeChunk
	}
	ahead := s.ahead()
	next := make([]byte, max(size, 2*len(ahead)))
	s.chunk, s.at, s.have = next, 0, copy(next, ahead)
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
	s := in.stream()
	var written int64
	if s.at < s.have {
		n, err := w.Write(s.ahead())
		s.at += n
		written = int64(n)
		if err != nil {
			return written, err
		}
	}
	n, err := io.Copy(w, unbuffered{s})
	return written + n, err
}

// unbuffered is a stream as a reader alone, which io.Copy reads.
type unbuffered struct{ *stream }

func (u unbuffered) Read(p []byte) (int, error) { return u.read(p) }

// Input returns wsgi.input. Where an io.Reader, a []byte or a string was Set
// under that key, it is an Input over that; reading it fails where a value of
// another type was. Without a request it is empty.
func (e *Environ) Input() *Input {
	if st := e.state(); st != nil && st.req != nil && !st.overridden("wsgi.input") {
		return st.inputOf()
	}
	if st := e.state(); st != nil {
		if in, _ := st.set["wsgi.input"].(*Input); in != nil {
			if in.open != nil {
				in.stream().role.CompareAndSwap(roleReader, roleInput)
			}
			return in
		}
	}
	return NewInput(nil)
}

// asInput makes the value of key an Input, where key is wsgi.input and value is
// something else that may be read.
func asInput(key string, value any) any {
	if key != "wsgi.input" || value == nil || isDeleted(value) {
		return value
	}
	if in, ok := value.(*Input); ok {
		return in
	}
	s := newStream(inputReader(value))
	s.body, s.set = s.r, value
	s.role.Store(roleReader)
	return &s.pub
}

// asSet is the value that a key was Set to, of what asInput made of it.
func asSet(v any) any {
	if in, ok := v.(*Input); ok && in != nil && in.open != nil {
		if s := in.stream(); s.role.Load() == roleReader {
			return s.set
		}
	}
	return v
}

// inputOf makes the request's Input when it is first asked for.
func (st *state) inputOf() *Input {
	if in := st.input.Load(); in != nil {
		return in
	}
	in := st.outerInput()
	if in == nil {
		var body io.Reader
		if st.req.Body != nil {
			body = st.req.Body
		}
		in = NewInput(body)
		in.stream().body = body
	}
	st.input.CompareAndSwap(nil, in)
	return st.input.Load()
}

// outerInput returns the Input of the environ outside, where that reads the
// same body: what it has read ahead must not be lost.
func (st *state) outerInput() *Input {
	if st.parent == nil || st.parent.req == nil {
		return nil
	}
	in := st.parent.input.Load()
	switch {
	case in == nil && seam.Same(st.parent.req.Body, st.req.Body):
		return st.parent.inputOf()
	case in != nil && seam.Same(in.stream().body, st.req.Body):
		return in
	default:
		return nil
	}
}
