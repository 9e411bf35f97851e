package adapter

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gowsgi/gowsgi/internal/recorder"
)

// rawStream is the connection of a request that switched protocols.
type rawStream struct {
	conn net.Conn // nil until it is taken over
	rw   *bufio.ReadWriter

	// out is held while something is written, first of all the head. Nothing
	// is written under the lock of the response, so that reading and the end of
	// the response go on when the client does not read.
	out sync.Mutex
}

var (
	errNoUpgrade    = errors.New("adapter: status 101 switches protocols on an HTTP/1.1 connection of its own only")
	errSwitchedBack = errors.New("adapter: the connection is not taken over: start was called again, with a status other than 101")
)

// switchProtocols makes ready for a response with code. A 101 makes wsgi.input
// the raw connection; another code that replaces it makes it the body again.
func (res *response) switchProtocols(code int) error {
	if code != http.StatusSwitchingProtocols {
		if res.raw != nil {
			res.inside.ResetInput(res.r.Body)
			res.raw = nil
		}
		return nil
	}
	if res.r.ProtoMajor != 1 || res.r.ProtoMinor != 1 || !canHijack(res.w) {
		return errNoUpgrade
	}
	res.raw = new(rawStream)
	res.inside.ResetInput(rawReader{res})
	return nil
}

// takeOver takes the connection from net/http and sends the head, once. The caller
// does not hold the lock of the response.
func (res *response) takeOver() (*rawStream, error) {
	res.mu.Lock()
	raw := res.raw
	header, err := res.detach(raw)
	if header == nil {
		res.mu.Unlock()
		return raw, err
	}
	raw.out.Lock() // nobody else knows the connection yet
	defer raw.out.Unlock()
	res.mu.Unlock()
	return raw, res.wroteRaw(0, raw.sendHead(header))
}

// detach takes the connection from net/http and returns the header to be sent, nil
// where that has been done. The caller holds the lock.
func (res *response) detach(raw *rawStream) (http.Header, error) {
	switch {
	case res.finished:
		return nil, errFinished
	case raw == nil:
		return nil, errSwitchedBack
	case raw.conn != nil:
		return nil, nil
	}
	header := res.w.Header()
	res.head.copyTo(header)
	if header.Get("Date") == "" {
		header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	conn, rw, err := http.NewResponseController(res.w).Hijack()
	if err != nil {
		return nil, fmt.Errorf("adapter: taking over the connection: %w", err)
	}
	// The server's time limits were for HTTP.
	_ = conn.SetDeadline(time.Time{})
	raw.conn, raw.rw, res.sent = conn, rw, true
	return header, nil
}

func (s *rawStream) sendHead(header http.Header) error {
	fmt.Fprintf(s.rw, "HTTP/1.1 101 %s\r\n", http.StatusText(http.StatusSwitchingProtocols))
	_ = header.Write(s.rw)
	_, _ = s.rw.WriteString("\r\n")
	return s.rw.Flush()
}

// writeRaw writes to the connection, which it takes over first where that is still
// to be done. The caller does not hold the lock of the response.
func (res *response) writeRaw(p []byte) (int, error) {
	raw, err := res.takeOver()
	if err != nil {
		return 0, err
	}
	raw.out.Lock()
	defer raw.out.Unlock()
	if res.isOver() { // while this write waited for another
		return 0, errFinished
	}
	n, err := raw.conn.Write(p)
	return n, res.wroteRaw(n, err)
}

func (res *response) isOver() bool {
	res.mu.Lock()
	defer res.mu.Unlock()
	return res.finished
}

// wroteRaw notes that n bytes went out, and whether that failed.
func (res *response) wroteRaw(n int, err error) error {
	res.mu.Lock()
	defer res.mu.Unlock()
	res.written += int64(n)
	if err != nil {
		return res.lose(err)
	}
	return nil
}

// endWrites ends the writes under way and waits for them to return. The connection
// stays open, so that a failure is logged before the client sees its end.
func (s *rawStream) endWrites() {
	if s.conn == nil {
		return
	}
	if s.conn.SetWriteDeadline(time.Unix(1, 0)) != nil {
		s.close()
	}
	s.out.Lock()
	defer s.out.Unlock()
}

func (s *rawStream) close() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
}

// switched reports whether the response takes the connection over.
func (res *response) switched() bool {
	res.mu.Lock()
	defer res.mu.Unlock()
	return res.raw != nil
}

// rawReader reads the connection, bytes that came early with the head included.
type rawReader struct{ res *response }

func (r rawReader) Read(p []byte) (int, error) {
	raw, err := r.res.takeOver()
	if err != nil {
		return 0, err
	}
	return raw.rw.Read(p)
}

// rawWriter is writeRaw as an io.Writer.
type rawWriter struct{ res *response }

func (w rawWriter) Write(p []byte) (int, error) { return w.res.writeRaw(p) }

// canHijack reports whether a connection can be taken over through w.
func canHijack(w http.ResponseWriter) bool {
	for w := range recorder.Chain(w) {
		if _, ok := w.(http.Hijacker); ok {
			return true
		}
	}
	return false
}

// Hijacked reports whether an http.Handler inside took the connection over.
func (res *response) Hijacked() bool {
	res.mu.Lock()
	defer res.mu.Unlock()
	return res.hijacked
}

// hijack gives the connection away: what goes out on it from now on is no
// business of the response.
func (res *response) hijack() (net.Conn, *bufio.ReadWriter, error) {
	res.mu.Lock()
	defer res.mu.Unlock()
	if res.raw != nil {
		return nil, nil, errors.New("adapter: the connection has switched protocols already")
	}
	conn, rw, err := http.NewResponseController(res.w).Hijack()
	res.hijacked = err == nil
	return conn, rw, err
}
