package validate

import (
	"errors"
	"io"
	"iter"
	"runtime"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/body"
)

// take checks the Body that the App has returned, and returns it for the server.
// An error of the App's own comes first.
func (ex *exchange) take(inner adapter.Body, met error) (adapter.Body, error) {
	if met != nil {
		_, _ = ex.close()
		return inner, met
	}
	checked, err := ex.admit(inner)
	if err == nil {
		return checked, nil
	}
	if closer, ok := inner.(io.Closer); ok {
		err = errors.Join(err, closer.Close())
	}
	return nil, err
}

func (ex *exchange) admit(inner adapter.Body) (adapter.Body, error) {
	switch inner := inner.(type) {
	case nil:
		return nil, ex.end()
	case body.List: // a wrapper would hide its length
		return inner, ex.checkList(inner)
	case *body.File: // and sendfile
		return inner, ex.checkFile()
	}
	if err := ex.unheard(); err != nil {
		return nil, err
	}
	return newBody(inner, ex), nil
}

func (ex *exchange) checkList(list adapter.Body) error {
	for chunk := range list.Chunks() {
		if err := ex.chunk(len(chunk)); err != nil {
			return err
		}
	}
	return ex.end()
}

// checkFile checks all but the size: a file may be longer than its
// Content-Length, and only the server learns its length without reading it.
func (ex *exchange) checkFile() error {
	err := ex.chunk(0)
	_, _ = ex.close()
	return err
}

// checkedBody checks a Body, and how the server uses it.
type checkedBody struct {
	inner adapter.Body
	ex    *exchange
	asked bool // Chunks was called
}

func newBody(inner adapter.Body, ex *exchange) *checkedBody {
	b := &checkedBody{inner: inner, ex: ex}
	runtime.AddCleanup(b, (*exchange).reportUnclosed, ex)
	return b
}

func (ex *exchange) reportUnclosed() {
	if !ex.isClosed() {
		_, _ = ex.errors.WriteString(details.broken("the server has not closed the Body").Error() + "\n")
	}
}

func (b *checkedBody) Chunks() iter.Seq2[[]byte, error] {
	if b.asked {
		return yieldError(details.broken("the server called Chunks of a Body twice"))
	}
	b.asked = true
	return b.iterate
}

func yieldError(err error) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) { yield(nil, err) }
}

func (b *checkedBody) iterate(yield func([]byte, error) bool) {
	if err := b.ex.begin(); err != nil {
		yield(nil, err)
		return
	}
	chunks := b.inner.Chunks()
	if chunks == nil {
		yield(nil, details.broken("the Chunks of the Body are nil; an empty Body yields nothing"))
		return
	}
	stopped, err := b.pass(chunks, yield)
	switch {
	case stopped:
		return
	case err == nil:
		err = b.ex.end()
	}
	if err != nil {
		yield(nil, err)
	}
}

// pass yields chunks until they end, in an error or not, or the server has
// stopped asking. It keeps an error back until the Body has returned, to see
// that nothing follows it.
func (b *checkedBody) pass(chunks iter.Seq2[[]byte, error], yield func([]byte, error) bool) (stopped bool, err error) {
	for chunk, met := range chunks {
		switch {
		case err != nil:
			return false, details.broken("the Body yielded more after an error: %w", err)
		case met != nil && len(chunk) > 0:
			return false, details.broken("the Body yielded a chunk together with an error: %w", met)
		case met != nil:
			err = met
			continue
		}
		if err := b.ex.chunk(len(chunk)); err != nil {
			return false, err
		}
		if !yield(chunk, nil) {
			return true, nil
		}
		if b.ex.isClosed() {
			return false, details.broken("the server asked for a chunk of a Body that it had closed")
		}
	}
	return false, err
}

// Close closes the Body that the App gave, once.
func (b *checkedBody) Close() error {
	unheard, again := b.ex.close()
	if again {
		return details.broken("the server closed a Body twice")
	}
	if closer, ok := b.inner.(io.Closer); ok {
		return errors.Join(closer.Close(), unheard)
	}
	return unheard
}
