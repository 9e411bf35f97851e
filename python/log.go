package python

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// log writes lines to Config.ErrorLog, one a Write, from all workers.
type log struct {
	mu sync.Mutex
	w  io.Writer
}

// printf writes a line about the pool.
func (l *log) printf(format string, args ...any) {
	l.line(fmt.Appendf(nil, "python: "+format+"\n", args...))
}

// problem writes a line about an error of this package's.
func (l *log) problem(err error) { l.line(append([]byte(err.Error()), '\n')) }

func (l *log) line(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.w.Write(p)
}

// output is what one worker prints. It passes on whole lines.
type output struct {
	log *log

	mu   sync.Mutex
	part []byte // of a line that is not complete
	tail []byte // the last that was printed, for the error of a failed start
}

const (
	longestLine = 64 << 10 // a longer one is cut into pieces
	tailSize    = 4 << 10
)

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tail = append(o.tail, p...)
	if len(o.tail) > tailSize {
		o.tail = append(o.tail[:0], o.tail[len(o.tail)-tailSize:]...)
	}
	o.part = append(o.part, p...)
	rest := o.part
	for {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 && len(rest) < longestLine {
			break
		}
		if end == 0 {
			end = len(rest)
		}
		o.log.line(rest[:end])
		rest = rest[end:]
	}
	o.part = append(o.part[:0], rest...)
	return len(p), nil
}

// close passes on a last line without a newline, and returns the tail.
func (o *output) close() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.part) > 0 {
		o.log.line(append(o.part, '\n'))
		o.part = nil
	}
	return string(o.tail)
}
