package adapter_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// bothWays is how much goes each way over a connection that was taken over: much
// more than the sockets hold.
const bothWays = 32 << 20

// smallBuffers makes a server's sockets hold little.
func smallBuffers(srv *http.Server) {
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		tcp := c.(*net.TCPConn)
		_, _ = tcp.SetReadBuffer(64<<10), tcp.SetWriteBuffer(64<<10)
		return ctx
	}
}

// exchange reads the other side while send writes, and fails unless all of it came.
func exchange(r io.Reader, send func() error) error {
	read := make(chan error, 1)
	go func() {
		n, err := io.CopyN(io.Discard, r, bothWays)
		if err != nil {
			err = fmt.Errorf("after %d bytes: %w", n, err)
		}
		read <- err
	}()
	if err := send(); err != nil {
		return err
	}
	return <-read
}

// TestBothWays sends in both directions at once over a connection that was taken
// over. The client reads nothing before it has sent everything.
func TestBothWays(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, make([]byte, bothWays), 0o600))
	block := make([]byte, 1<<20)
	write := func(w io.Writer) error {
		for range bothWays / len(block) {
			if _, err := w.Write(block); err != nil {
				return err
			}
		}
		return nil
	}
	// app takes the connection over; send sends, or returns a Body that does.
	app := func(send func(w io.Writer) (adapter.Body, error)) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (body adapter.Body, err error) {
			w, err := start("101 Switching Protocols", upgrade)
			if err != nil {
				return nil, err
			}
			read := make(chan error, 1)
			go func() { read <- exchange(env.Input(), func() error { return nil }) }()
			body, err = send(w)
			if err != nil {
				return nil, err
			}
			return waiting{body, read}, nil
		}
	}
	apps := map[string]adapter.App{
		"write()": app(func(w io.Writer) (adapter.Body, error) { return nil, write(w) }),
		"a stream": app(func(io.Writer) (adapter.Body, error) {
			return adapter.Stream(func(yield func([]byte, error) bool) {
				_ = write(writerFunc(func(p []byte) (int, error) {
					if !yield(p, nil) {
						return 0, io.ErrClosedPipe
					}
					return len(p), nil
				}))
			}), nil
		}),
		"a list": func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("101 Switching Protocols", upgrade)
			go func() { _, _ = io.Copy(io.Discard, env.Input()) }()
			return adapter.Bytes(bytes.Repeat(block, bothWays/len(block))), err
		},
		"a file": func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("101 Switching Protocols", upgrade)
			if err != nil {
				return nil, err
			}
			go func() { _, _ = io.Copy(io.Discard, env.Input()) }()
			f, err := os.Open(name)
			return adapter.File(f, 0), err
		},
		"io.Copy of a file": app(func(w io.Writer) (adapter.Body, error) {
			f, err := os.Open(name)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			_, err = io.Copy(w, f)
			return nil, err
		}),
	}
	handlers := map[string]http.Handler{
		"hijacked": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, strings.ReplaceAll(switched, "\n", "\r\n"))
			_ = exchange(rw, func() error { return write(conn) })
		}),
	}
	for name, app := range apps {
		handlers[name] = &adapter.Handler{App: app}
	}
	handlers["write(), validated"] = &adapter.Handler{App: middleware.Validate(apps["write()"])}
	for name, h := range handlers {
		t.Run(name, func(t *testing.T) {
			srv := wiretest.Serve(t, h, smallBuffers)
			c := srv.Dial()
			_, _ = c.SetReadBuffer(64<<10), c.SetWriteBuffer(64<<10)
			c.Send(askUpgrade)
			require.Equal(t, switched, c.Until("\r\n\r\n"))
			require.NoError(t, write(c), "the server does not read")
			_, err := io.CopyN(io.Discard, c, bothWays)
			require.NoError(t, err)
			require.Empty(t, srv.Logs.String())
		})
	}
}

// waiting is a Body that ends once all was read, or reading failed.
type waiting struct {
	adapter.Body
	read <-chan error
}

func (b waiting) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if b.Body != nil {
			for chunk, err := range b.Body.Chunks() {
				if !yield(chunk, err) {
					return
				}
			}
		}
		if err := <-b.read; err != nil {
			yield(nil, err)
		}
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestEndOfATakenOverConnection ends the response while a write() of it hangs,
// since nobody reads.
func TestEndOfATakenOverConnection(t *testing.T) {
	for name, send := range map[string]func(w io.Writer, p []byte) error{
		"write()": func(w io.Writer, p []byte) error { _, err := w.Write(p); return err },
		"io.Copy": func(w io.Writer, p []byte) error { _, err := io.Copy(w, bytes.NewReader(p)); return err },
	} {
		t.Run(name, func(t *testing.T) {
			written, hanging, over := make(chan error, 1), make(chan struct{}), make(chan struct{})
			h := &adapter.Handler{App: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				w, err := start("101 Switching Protocols", upgrade)
				if err != nil {
					return nil, err
				}
				go func() { written <- send(w, make([]byte, bothWays)) }()
				<-hanging
				return nil, nil
			}}
			var access wiretest.Buffer
			h.Log = &access
			srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(over)
				h.ServeHTTP(w, r)
			}), smallBuffers)
			c := srv.Dial()
			c.Send(askUpgrade)
			require.Equal(t, switched, c.Until("\r\n\r\n"))
			_, err := io.ReadFull(c, make([]byte, 1))
			require.NoError(t, err)
			close(hanging)
			select {
			case <-over:
			case <-time.After(wiretest.Patience):
				t.Fatal("the end of the response waits for the client")
			}
			require.Error(t, <-written)
			require.Regexp(t, `" 101 [1-9][0-9]* `, access.String())
		})
	}
}

// TestHeadOfATakenOverConnection sends a head that the client does not read, and
// ends the response meanwhile.
func TestHeadOfATakenOverConnection(t *testing.T) {
	hanging, over := make(chan struct{}), make(chan struct{})
	headers := append(adapter.Headers{{"X-Long", strings.Repeat("x", bothWays)}}, upgrade...)
	h := &adapter.Handler{App: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		w, err := start("101 Switching Protocols", headers)
		if err != nil {
			return nil, err
		}
		go func() { _, _ = w.Write(nil) }()
		<-hanging
		return nil, nil
	}}
	srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(over)
		h.ServeHTTP(w, r)
	}), smallBuffers)
	c := srv.Dial()
	c.Send(askUpgrade)
	c.Until("X-Long: x")
	close(hanging)
	select {
	case <-over:
	case <-time.After(wiretest.Patience):
		t.Fatal("the end of the response waits for the client")
	}
}
