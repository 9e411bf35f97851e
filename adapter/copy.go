package adapter

import (
	"errors"
	"io"
	"io/fs"
	"strconv"

	"github.com/gowsgi/gowsgi/internal/body"
)

// copy sends the body.
func (res *response) copy(b Body) error {
	if res.hijacked {
		return nil
	}
	if b == nil {
		b = body.Text("")
	}
	switch b := b.(type) {
	case body.List:
		if res.switched() {
			return res.copyStream(b)
		}
		return res.copyList(b)
	case *body.File:
		return res.copyFile(b)
	default:
		return res.copyStream(b)
	}
}

func (res *response) copyStream(b Body) error {
	if !res.enough() {
		if err := res.copyChunks(b); err != nil {
			return err
		}
	}
	if res.switched() {
		if _, err := res.takeOver(); err != nil {
			return err
		}
	}
	res.mu.Lock()
	defer res.mu.Unlock()
	return res.end()
}

func (res *response) copyChunks(b Body) error {
	for chunk, err := range b.Chunks() {
		if err != nil {
			return err
		}
		if len(chunk) > 0 {
			if _, err := res.Write(chunk); err != nil {
				return err
			}
		}
		if res.enough() {
			break
		}
	}
	return nil
}

// copyList sends a body whose length is known, so a wrong Content-Length is
// seen before anything is out.
func (res *response) copyList(list body.List) error {
	res.mu.Lock()
	defer res.mu.Unlock()
	size := list.Size()
	if err := res.open(size > 0); err != nil {
		return err
	}
	if err := res.sendSized(size); err != nil {
		return err
	}
	if allowed := res.allow(size); allowed > 0 {
		n, err := list.Send(res.w, allowed)
		res.written += n
		if err != nil {
			return res.lose(err)
		}
	}
	return res.end()
}

// sendSized sends the head before a body of size bytes, if they are enough.
func (res *response) sendSized(size int64) error {
	if res.sent {
		return nil
	}
	if err := res.refusedBody(); err != nil {
		return err
	}
	if res.head.length > size && !res.isHead() && !res.head.bodiless() {
		return res.short(size)
	}
	res.declare(size)
	res.sendHead(false)
	return nil
}

// declare adds the Content-Length that the App left out. Of an empty list in
// answer to a HEAD nothing follows: the App need not have made the body.
func (res *response) declare(size int64) {
	if res.head.length >= 0 || res.head.bodiless() || size == 0 && res.isHead() {
		return
	}
	res.head.length = size
	res.head.fields = append(res.head.fields, [2]string{"Content-Length", strconv.FormatInt(size, 10)})
}

// copyFile sends a file whole where its length is known, by sendfile where
// net/http can, and block by block elsewhere.
func (res *response) copyFile(f *body.File) error {
	res.clipped = true
	size, ok := f.Remaining()
	if !ok || !res.wholeFile() {
		return res.copyStream(f)
	}
	res.mu.Lock()
	defer res.mu.Unlock()
	if err := res.open(size > 0); err != nil {
		return err
	}
	if err := res.sendSized(size); err != nil {
		return err
	}
	if _, err := res.sendFile(f.Reader); err != nil {
		return err
	}
	return res.end()
}

// sendFile lets net/http read what of r the Content-Length asks for.
func (res *response) sendFile(r io.Reader) (int64, error) {
	if res.isHead() {
		return 0, nil
	}
	if res.head.length >= 0 {
		r = body.Head(r, res.allow(res.head.length-res.written))
	}
	n, err := io.Copy(res.w, r)
	res.written += n
	var reading *fs.PathError
	if err != nil && !errors.As(err, &reading) {
		err = res.lose(err)
	}
	return n, err
}

// wholeFile reports whether the body may go out in one piece: not where write()
// has already sent a part of it unchunked, or the connection is taken over.
func (res *response) wholeFile() bool {
	res.mu.Lock()
	defer res.mu.Unlock()
	return res.started && !res.sent && res.raw == nil
}
