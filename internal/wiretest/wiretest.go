// Package wiretest lets a test send raw bytes to a real server and look at the
// raw bytes that come back.
package wiretest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Patience bounds how long a test waits for what must come.
const Patience = 10 * time.Second

// Server is a real http.Server on loopback.
type Server struct {
	Addr string
	HTTP *http.Server
	Logs *Buffer // what http.Server itself logs
	t    testing.TB
}

// Serve starts a server for h, which stops with the test. Each of configure may
// change the http.Server first.
func Serve(t testing.TB, h http.Handler, configure ...func(*http.Server)) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	logs := new(Buffer)
	srv := &http.Server{Handler: h, ErrorLog: logs.Logger()}
	for _, f := range configure {
		f(srv)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return &Server{Addr: l.Addr().String(), HTTP: srv, Logs: logs, t: t}
}

// Client returns the client's side alone, for a server on addr that the test has
// started itself.
func Client(t testing.TB, addr string) *Server { return &Server{Addr: addr, Logs: new(Buffer), t: t} }

// H2C makes a server speak HTTP/2 without TLS beside HTTP/1.
func H2C(srv *http.Server) {
	srv.Protocols = new(http.Protocols)
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
}

// H2Client returns a client that speaks HTTP/2 without TLS.
func H2Client() *http.Client {
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: tr}
}

// URL is the server's address with path.
func (s *Server) URL(path string) string { return "http://" + s.Addr + path }

// Dial opens a connection that closes with the test.
func (s *Server) Dial() *Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.Addr)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(Patience))
	s.t.Cleanup(func() { _ = c.Close() })
	return &Conn{TCPConn: c.(*net.TCPConn), t: s.t}
}

// Do sends raw, half-closes, and returns all that comes back, with the Date
// masked. A bare newline in raw stands for CRLF.
func (s *Server) Do(raw string) string {
	s.t.Helper()
	c := s.Dial()
	c.Send(raw)
	_ = c.CloseWrite()
	return c.All()
}

// Ask sends raw, leaves the connection open, and returns all that comes back
// until the server closes it.
func (s *Server) Ask(raw string) string {
	s.t.Helper()
	c := s.Dial()
	c.Send(raw)
	return c.All()
}

// Conn is a client's connection.
type Conn struct {
	*net.TCPConn
	t testing.TB
}

// Send sends raw, in which a bare newline stands for CRLF.
func (c *Conn) Send(raw string) {
	c.t.Helper()
	raw = strings.ReplaceAll(strings.ReplaceAll(raw, "\r\n", "\n"), "\n", "\r\n")
	if _, err := io.WriteString(c, raw); err != nil {
		c.t.Fatalf("sending: %v", err)
	}
}

// All returns what comes until the connection ends, as Clean leaves it.
func (c *Conn) All() string {
	c.t.Helper()
	var b bytes.Buffer
	if _, err := io.Copy(&b, c); err != nil && !strings.Contains(err.Error(), "reset") {
		c.t.Fatalf("reading: %v (so far %q)", err, b.String())
	}
	return Clean(b.String())
}

// Until returns what comes up to and including end.
func (c *Conn) Until(end string) string {
	c.t.Helper()
	var b []byte
	one := make([]byte, 1)
	for !bytes.HasSuffix(b, []byte(end)) {
		if _, err := io.ReadFull(c, one); err != nil {
			c.t.Fatalf("waiting for %q: %v (so far %q)", end, err, b)
		}
		b = append(b, one[0])
	}
	return Clean(string(b))
}

var date = regexp.MustCompile(`(?m)^Date: [^\r]*\r\n`)

// Clean takes the Date out of raw and makes its CRLFs newlines.
func Clean(raw string) string {
	return strings.ReplaceAll(date.ReplaceAllString(raw, ""), "\r\n", "\n")
}

// Buffer is a bytes.Buffer for many goroutines.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
	c  *sync.Cond
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c != nil {
		b.c.Broadcast()
	}
	return b.b.Write(p)
}

// String returns what was written so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Wait returns what was written once it contains part.
func (b *Buffer) Wait(t testing.TB, part string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c == nil {
		b.c = sync.NewCond(&b.mu)
	}
	stop := context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.c.Broadcast()
	})
	defer stop()
	for !strings.Contains(b.b.String(), part) {
		if ctx.Err() != nil {
			t.Fatalf("the log never had %q: %q", part, b.b.String())
		}
		b.c.Wait()
	}
	return b.b.String()
}

// Chunked is s in HTTP's chunked coding, a chunk for each part.
func Chunked(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%x\n%s\n", len(p), p)
	}
	return b.String() + "0\n\n"
}

// Logger returns a logger that writes to b.
func (b *Buffer) Logger() *log.Logger { return log.New(b, "", 0) }
