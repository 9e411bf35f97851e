package adapter

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gowsgi/gowsgi/internal/recorder"
)

// rawStream is the connection of a request that switched protocols.
type rawStream struct {
	conn net.Conn // nil until it is taken over
	rw   *bufio.ReadWriter
}

var errNoUpgrade = errors.New("adapter: status 101 switches protocols on an HTTP/1.1 connection of its own only")

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

// takeOver takes the connection from net/http and sends the head, once.
func (res *response) takeOver() error {
	if res.raw.conn != nil {
		return nil
	}
	header := res.w.Header()
	res.head.copyTo(header)
	if header.Get("Date") == "" {
		header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	conn, rw, err := http.NewResponseController(res.w).Hijack()
	if err != nil {
		return fmt.Errorf("adapter: taking over the connection: %w", err)
	}
	res.raw.conn, res.raw.rw, res.sent = conn, rw, true
	// The server's time limits were for HTTP.
	_ = conn.SetDeadline(time.Time{})
	fmt.Fprintf(rw, "HTTP/1.1 101 %s\r\n", http.StatusText(http.StatusSwitchingProtocols))
	_ = header.Write(rw)
	_, _ = rw.WriteString("\r\n")
	if err := rw.Flush(); err != nil {
		return res.lose(err)
	}
	return nil
}

func (res *response) writeRaw(p []byte) (int, error) {
	if err := res.takeOver(); err != nil {
		return 0, err
	}
	n, err := res.raw.conn.Write(p)
	res.written += int64(n)
	if err != nil {
		return n, res.lose(err)
	}
	return n, nil
}

func (s *rawStream) close() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
}

// rawReader reads the connection, bytes that came early with the head included.
type rawReader struct{ res *response }

func (r rawReader) Read(p []byte) (int, error) {
	rw, err := r.reader()
	if err != nil {
		return 0, err
	}
	return rw.Read(p)
}

func (r rawReader) reader() (*bufio.ReadWriter, error) {
	r.res.mu.Lock()
	defer r.res.mu.Unlock()
	if r.res.finished {
		return nil, errFinished
	}
	if err := r.res.takeOver(); err != nil {
		return nil, err
	}
	return r.res.raw.rw, nil
}

// rawWriter is writeRaw as an io.Writer, for a caller that holds the lock.
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
