package adapter

import (
	"io"
	"iter"
)

// Body is the iterable that an App returns; nil is the empty one. Each chunk is
// sent before the next is asked for. A Body that is also an io.Closer is closed
// exactly once, whatever happened (PEP 3333's close()).
type Body interface {
	// Chunks yields the body. It is called at most once. After an error it
	// yields nothing more.
	Chunks() iter.Seq2[[]byte, error]
}

// list is a Body whose length is known before it is sent.
type list interface {
	Body
	size() int64
	// writeTo writes the chunks to w, and at most limit bytes of them.
	writeTo(w io.Writer, limit int64) (int64, error)
}

// Text is a list of chunks: Content-Length is their sum, where the App gave
// none, and they are sent as one.
func Text(chunks ...string) Body {
	if len(chunks) == 1 {
		return text(chunks[0])
	}
	// A copy, so that the caller's argument list can stay on its stack.
	return texts(append([]string(nil), chunks...))
}

// Bytes is Text for byte slices, which it does not copy: the App must leave
// them alone.
func Bytes(chunks ...[]byte) Body { return blobs(append([][]byte(nil), chunks...)) }

// Stream is a generator: each non-empty chunk is flushed before seq is asked
// for the next. It may call start before its first chunk. An error that it
// yields is the App's.
func Stream(seq iter.Seq2[[]byte, error]) Body { return stream(seq) }

type (
	text   string
	texts  []string
	blobs  [][]byte
	stream iter.Seq2[[]byte, error]
)

func (s stream) Chunks() iter.Seq2[[]byte, error] { return iter.Seq2[[]byte, error](s) }

func (t text) size() int64 { return int64(len(t)) }

func (t text) writeTo(w io.Writer, limit int64) (int64, error) {
	n, err := io.WriteString(w, string(t[:min(int64(len(t)), limit)]))
	return int64(n), err
}

func (t text) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) { yield([]byte(t), nil) }
}

func (t texts) size() int64 {
	var sum int64
	for _, chunk := range t {
		sum += int64(len(chunk))
	}
	return sum
}

func (t texts) writeTo(w io.Writer, limit int64) (int64, error) {
	var written int64
	for _, chunk := range t {
		n, err := io.WriteString(w, chunk[:min(int64(len(chunk)), limit-written)])
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func (t texts) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, chunk := range t {
			if !yield([]byte(chunk), nil) {
				return
			}
		}
	}
}

func (b blobs) size() int64 {
	var sum int64
	for _, chunk := range b {
		sum += int64(len(chunk))
	}
	return sum
}

func (b blobs) writeTo(w io.Writer, limit int64) (int64, error) {
	var written int64
	for _, chunk := range b {
		n, err := w.Write(chunk[:min(int64(len(chunk)), limit-written)])
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func (b blobs) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, chunk := range b {
			if !yield(chunk, nil) {
				return
			}
		}
	}
}
