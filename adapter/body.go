package adapter

import (
	"io"
	"iter"

	"github.com/gowsgi/gowsgi/internal/body"
)

// Body is the iterable that an App returns; nil is the empty one. Each chunk is
// sent before the next is asked for. A Body that is also an io.Closer is closed
// exactly once, whatever happened (PEP 3333's close()).
//
// Middleware that wraps a Body reads it by the function Chunks and closes it by
// CloseBody, which take a nil Body, too.
type Body interface {
	// Chunks yields the body. It is called at most once. After an error it
	// yields nothing more. A chunk is the body's memory: whoever asks for it
	// leaves it unchanged, and copies it to keep it longer than until the
	// next is asked for.
	Chunks() iter.Seq2[[]byte, error]
}

// Chunks returns the chunks of b, none of a nil one.
func Chunks(b Body) iter.Seq2[[]byte, error] {
	if b != nil {
		if chunks := b.Chunks(); chunks != nil {
			return chunks
		}
	}
	return func(func([]byte, error) bool) {}
}

// CloseBody closes b, if it is an io.Closer. Middleware calls it once for the
// Body of an application whose place another Body takes, also where that fails.
func CloseBody(b Body) error {
	if closer, ok := b.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// Text is a list of chunks: Content-Length is their sum, where the App gave
// none, and they are sent as one.
func Text(chunks ...string) Body {
	if len(chunks) == 1 {
		return body.Text(chunks[0])
	}
	// A copy, so that the caller's argument list can stay on its stack.
	return body.Texts(append([]string(nil), chunks...))
}

// Bytes is Text for byte slices, which it does not copy: the App must leave
// them alone.
func Bytes(chunks ...[]byte) Body { return body.Blobs(append([][]byte(nil), chunks...)) }

// Stream is a generator: each non-empty chunk is flushed before seq is asked
// for the next. It may call start before its first chunk. An error that it
// yields is the App's.
func Stream(seq iter.Seq2[[]byte, error]) Body { return stream(seq) }

type stream iter.Seq2[[]byte, error]

func (s stream) Chunks() iter.Seq2[[]byte, error] { return iter.Seq2[[]byte, error](s) }
