package adapter_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// sniffed is how many bytes net/http reads of a file by itself.
const sniffed = 512

// TestSendfile checks how much of a file net/http can leave to the kernel:
// behind FromHandler as much as in a bare handler, with a limit on connections
// as without one.
func TestSendfile(t *testing.T) {
	const size = 1 << 20
	content := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	path := filepath.Join(t.TempDir(), "file.bin")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	open := func(h func(w http.ResponseWriter, r *http.Request, f *os.File)) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f, err := os.Open(path)
			if err != nil {
				panic(err)
			}
			defer f.Close()
			h(w, r, f)
		})
	}
	length := strconv.Itoa(size)
	handlers := []struct {
		name string
		h    http.Handler
		rang string
		want []byte
		sent int64
	}{
		{"ServeFile", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }), "", content, size - sniffed},
		{"a range", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }), "bytes=16-65551", content[16:65552], 65536 - sniffed},
		{"FileServer", http.FileServer(http.Dir(filepath.Dir(path))), "", content, size - sniffed},
		{"io.Copy with a length", open(func(w http.ResponseWriter, _ *http.Request, f *os.File) {
			w.Header().Set("Content-Length", length)
			_, _ = io.Copy(w, f)
		}), "", content, size - sniffed},
		{"io.Copy of a length and a type", open(func(w http.ResponseWriter, _ *http.Request, f *os.File) {
			w.Header().Set("Content-Length", length)
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.Copy(w, f)
		}), "", content, size - sniffed},
		{"after bytes of the handler's own", open(func(w http.ResponseWriter, _ *http.Request, f *os.File) {
			w.Header().Set("Content-Length", strconv.Itoa(size+4))
			_, _ = io.WriteString(w, "own:")
			_, _ = io.Copy(w, f)
		}), "", append([]byte("own:"), content...), size - sniffed},
		{"chunked", open(func(w http.ResponseWriter, _ *http.Request, f *os.File) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.Copy(w, f)
		}), "", content, 0},
	}
	for _, test := range handlers {
		t.Run(test.name, func(t *testing.T) {
			get := func(srv *adapter.Server) int64 {
				body, sent := fetchFile(t, srv, test.rang)
				require.True(t, bytes.Equal(test.want, body), "the body is another one: %d bytes", len(body))
				return sent
			}
			bare := &http.Server{Handler: test.h}
			body, sent := fetchFile(t, bare, test.rang)
			require.True(t, bytes.Equal(test.want, body))
			require.Equal(t, test.sent, sent, "in a bare server")

			require.Equal(t, test.sent, get(quiet(test.h)), "in a wrapped server")
			limited := quiet(test.h)
			limited.Spawn = 10
			require.Equal(t, test.sent, get(limited), "with a limit on connections")
			app := &adapter.Handler{App: adapter.FromHandler(test.h)}
			require.Equal(t, test.sent, get(quiet(app)), "behind FromHandler")
		})
	}
}

// TestSendfileOfApps: a File, and write() given to io.Copy.
func TestSendfileOfApps(t *testing.T) {
	const size = 1 << 18
	content := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	path := filepath.Join(t.TempDir(), "file.bin")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	length := adapter.Headers{{"Content-Length", strconv.Itoa(size)}}
	copied := func(from func(f *os.File) io.Reader) adapter.App {
		return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			write, err := start("200 OK", length)
			if err != nil {
				return nil, err
			}
			_, err = io.Copy(write, from(f))
			return nil, err
		}
	}
	tests := []struct {
		name string
		app  adapter.App
		most int64 // bytes that net/http may read by itself
	}{
		{"a File", func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			_, err = start("200 OK", nil)
			return adapter.File(f, 0), err
		}, sniffed},
		{"write() and a file", copied(func(f *os.File) io.Reader { return f }), sniffed},
		{"write() and a limited file", copied(func(f *os.File) io.Reader { return io.LimitReader(f, size) }), sniffed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := quiet(&adapter.Handler{App: test.app})
			srv.Log, srv.Spawn = new(wiretest.Buffer), 3
			body, sent := fetchFile(t, srv, "")
			require.True(t, bytes.Equal(content, body))
			require.GreaterOrEqual(t, sent, size-test.most)
		})
	}
}

// TestSmallFileKeepsItsLength: as in a bare handler, a file that is short goes
// out with a Content-Length and not in chunks.
func TestSmallFileKeepsItsLength(t *testing.T) {
	path := filepath.Join(t.TempDir(), "small")
	require.NoError(t, os.WriteFile(path, []byte("<p>small</p>"), 0o600))
	for _, kind := range []string{"", "text/plain"} {
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			f, err := os.Open(path)
			if err != nil {
				panic(err)
			}
			defer f.Close()
			if kind != "" {
				w.Header().Set("Content-Type", kind)
			}
			_, _ = io.Copy(w, f)
		})
		want := wiretest.Serve(t, h).Do("GET / HTTP/1.1\nHost: x\n\n")
		require.Contains(t, want, "Content-Length: 12\n")
		got := wiretest.Serve(t, &adapter.Handler{App: adapter.FromHandler(h)}).Do("GET / HTTP/1.1\nHost: x\n\n")
		require.ElementsMatch(t, strings.Split(want, "\n"), strings.Split(got, "\n")) // net/http sorts its own headers last
	}
}

// quiet is a Server around h that logs nothing.
func quiet(h http.Handler) *adapter.Server {
	srv := adapter.Wrap(&http.Server{Handler: h})
	srv.Log, srv.ErrorLog = io.Discard, io.Discard
	return srv
}

// fetchFile serves one request and returns its body, and how many bytes of it
// were left to the kernel.
func fetchFile(t *testing.T, srv interface {
	Serve(l net.Listener) error
	Shutdown(ctx context.Context) error
}, rang string) ([]byte, int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	counting := &wiretest.FileListener{Listener: l}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(counting) }()
	req, err := http.NewRequest("GET", "http://"+l.Addr().String()+"/file.bin", nil)
	require.NoError(t, err)
	if rang != "" {
		req.Header.Set("Range", rang)
	}
	client := &http.Client{Transport: new(http.Transport)}
	res, err := client.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	client.CloseIdleConnections()
	require.NoError(t, srv.Shutdown(t.Context())) // the handler is done
	require.ErrorIs(t, <-done, http.ErrServerClosed)
	return body, counting.Sent()
}
