package adapter

import (
	"io"

	"github.com/gowsgi/gowsgi/internal/body"
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
	return &body.File{Reader: r, BlockSize: blockSize}
}
