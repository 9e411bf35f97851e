// Package body holds the bodies of a response that a server sends in a way of
// its own: lists, whose length is known, and files.
package body

import (
	"io"
	"iter"
	"sync"
)

// List is a body whose length is known before it is sent.
type List interface {
	Chunks() iter.Seq2[[]byte, error]
	Size() int64
	// Send writes the chunks to w, and at most limit bytes of them.
	Send(w io.Writer, limit int64) (int64, error)
}

// The lists. A single text is a type of its own, which saves an allocation.
type (
	Text  string
	Texts []string
	Blobs [][]byte
)

func (t Text) Size() int64 { return int64(len(t)) }

func (t Text) Send(w io.Writer, limit int64) (int64, error) {
	n, err := sendText(w, string(t[:min(int64(len(t)), limit)]))
	return int64(n), err
}

func (t Text) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) { yield([]byte(t), nil) }
}

func (t Texts) Size() int64 { return size(t) }

func (t Texts) Send(w io.Writer, limit int64) (int64, error) {
	return send(t, limit, func(s string) (int, error) { return sendText(w, s) })
}

func (t Texts) Chunks() iter.Seq2[[]byte, error] { return chunks(t) }

func (b Blobs) Size() int64 { return size(b) }

func (b Blobs) Send(w io.Writer, limit int64) (int64, error) { return send(b, limit, w.Write) }

func (b Blobs) Chunks() iter.Seq2[[]byte, error] { return chunks(b) }

// longText is what a net/http response takes of a string in one call to the
// network: a longer one goes out in pieces of that size, while bytes go out as they
// are.
const longText = 4 << 10

var blocks = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// sendText is io.WriteString, with a long text copied to blocks of bytes.
func sendText(w io.Writer, s string) (int, error) {
	if len(s) <= longText {
		return io.WriteString(w, s)
	}
	block := blocks.Get().(*[32 << 10]byte)
	defer blocks.Put(block)
	var written int
	for written < len(s) {
		n, err := w.Write(block[:copy(block[:], s[written:])])
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func size[T string | []byte](list []T) int64 {
	var sum int64
	for _, chunk := range list {
		sum += int64(len(chunk))
	}
	return sum
}

func send[T string | []byte](list []T, limit int64, write func(T) (int, error)) (int64, error) {
	var written int64
	for _, chunk := range list {
		if left := limit - written; int64(len(chunk)) > left {
			chunk = T(chunk[:left])
		}
		n, err := write(chunk)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func chunks[T string | []byte](list []T) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, chunk := range list {
			if !yield([]byte(chunk), nil) {
				return
			}
		}
	}
}
