package body

import (
	"io"
	"iter"
	"os"
	"reflect"
)

// File is a body that is read from Reader to its end, in blocks of BlockSize
// bytes.
type File struct {
	Reader    io.Reader
	BlockSize int
	OnClose   func() error // closes in the reader's place; nil: Close does
}

// Chunks yields blocks that are the receiver's to keep.
func (f *File) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			block := make([]byte, f.BlockSize)
			n, err := f.Reader.Read(block)
			if n > 0 && !yield(block[:n], nil) || err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// Close closes the reader, if it can be closed.
func (f *File) Close() error {
	if f.OnClose != nil {
		return f.OnClose()
	}
	if c, ok := f.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Remaining returns how many bytes of a regular file are left; ok is false for
// any other reader.
func (f *File) Remaining() (n int64, ok bool) {
	disk, info := regular(f.Reader)
	if disk == nil {
		return 0, false
	}
	at, err := disk.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, false
	}
	return max(info.Size()-at, 0), true
}

// IsRegular reports whether r is a regular file, or the head of one.
func IsRegular(r io.Reader) bool {
	if limited, ok := r.(*io.LimitedReader); ok {
		r = limited.R
	}
	if disk, _ := regular(r); disk != nil {
		return true
	}
	// io.Copy hands a file over in an unexported type of package os.
	file, ok := r.(interface{ Stat() (os.FileInfo, error) })
	if !ok || reflect.TypeOf(r).PkgPath() != "os" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular()
}

// Head returns a reader of the first n bytes of r: of a file, one io.LimitedReader
// around it, since package net looks for a file within one and no deeper.
func Head(r io.Reader, n int64) io.Reader {
	limited, ok := r.(*io.LimitedReader)
	switch {
	case !ok:
		return io.LimitReader(r, n)
	case limited.N <= n:
		return limited
	default:
		return io.LimitReader(limited.R, n)
	}
}

// regular returns r as a regular file on disk, nil where it is none.
func regular(r io.Reader) (*os.File, os.FileInfo) {
	disk, ok := r.(*os.File)
	if !ok {
		return nil, nil
	}
	info, err := disk.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	return disk, info
}
