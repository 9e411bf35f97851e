package adapter

import (
	"io"
	"iter"
	"os"
)

// defaultBlock is the size of File's blocks where none is given.
const defaultBlock = 32 << 10

// File is PEP 3333's wsgi.file_wrapper: a Body that reads r to its end in
// blocks of blockSize bytes (0 or less: 32 KiB), and closes it if it is an
// io.Closer. Where the App declared a Content-Length, no more than that is sent.
//
// A regular *os.File goes out by sendfile where the connection allows it, from
// its current position on, and gives the response its Content-Length if the App
// did not.
func File(r io.Reader, blockSize int) Body {
	if blockSize <= 0 {
		blockSize = defaultBlock
	}
	return &file{r: r, blockSize: blockSize}
}

type file struct {
	r         io.Reader
	blockSize int
}

// Chunks yields blocks that are the receiver's to keep.
func (f *file) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			block := make([]byte, f.blockSize)
			n, err := f.r.Read(block)
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
func (f *file) Close() error {
	if c, ok := f.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// remaining is how many bytes of a regular file are left; ok is false for any
// other reader.
func (f *file) remaining() (n int64, ok bool) {
	disk, ok := f.r.(*os.File)
	if !ok {
		return 0, false
	}
	info, err := disk.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	at, err := disk.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, false
	}
	return max(info.Size()-at, 0), true
}

// isRegular reports whether r is a regular file, or the head of one.
func isRegular(r io.Reader) bool {
	if limited, ok := r.(*io.LimitedReader); ok {
		r = limited.R
	}
	disk, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := disk.Stat()
	return err == nil && info.Mode().IsRegular()
}
