package adapter

import (
	"errors"
	"sync/atomic"

	"github.com/gowsgi/gowsgi/internal/body"
)

// OnClose returns b with fn added to its Close: fn runs once, after b's own Close
// and whatever happened there, and its error is joined to that one's. So
// middleware learns of the end of a response, whether it was sent whole, failed
// or lost its client (werkzeug's ClosingIterator).
//
// A list stays a list, whose length the server knows, and a File stays a File,
// which goes out by sendfile. A nil b is the empty list; with a nil fn, OnClose
// returns b as it is. The Body that is returned takes the place of b: only that
// one may be closed.
func OnClose(b Body, fn func() error) Body {
	if fn == nil {
		return b
	}
	switch inner := b.(type) {
	case nil:
		return &closingList{body.Blobs(nil), closer{fn: fn}}
	case body.List:
		return &closingList{inner, closer{body: b, fn: fn}}
	case *body.File:
		file := *inner
		file.OnClose = (&closer{body: b, fn: fn}).Close
		return &file
	default:
		return &closingBody{b, closer{body: b, fn: fn}}
	}
}

type closingList struct {
	body.List
	closer
}

type closingBody struct {
	Body
	closer
}

// closer closes a body and then calls fn, once.
type closer struct {
	body Body
	fn   func() error
	done atomic.Bool
}

func (c *closer) Close() (err error) {
	if c.done.Swap(true) {
		return nil
	}
	defer func() { err = errors.Join(err, c.fn()) }()
	return CloseBody(c.body)
}
