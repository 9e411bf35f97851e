package middleware_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// TestSendfile: behind every middleware net/http can leave as much of a file to
// the kernel as it can without one.
func TestSendfile(t *testing.T) {
	const size = 1 << 18
	content := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	path := filepath.Join(t.TempDir(), "file.bin")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	file := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) })
	for name, mw := range map[string]func(http.Handler) http.Handler{
		"none":             func(next http.Handler) http.Handler { return next },
		"AccessLog":        middleware.AccessLog(io.Discard),
		"GuardHeaders":     middleware.GuardHeaders,
		"QuietDisconnects": middleware.QuietDisconnects,
		"Environ":          middleware.Environ(nil),
		"WSGI":             middleware.WSGI(func(app adapter.App) adapter.App { return app }),
		"all": func(next http.Handler) http.Handler {
			return middleware.AccessLog(io.Discard)(middleware.GuardHeaders(middleware.QuietDisconnects(
				middleware.WSGI(func(app adapter.App) adapter.App { return app })(next))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			counting := &wiretest.FileListener{Listener: l}
			srv := &http.Server{Handler: mw(file)}
			done := make(chan error, 1)
			go func() { done <- srv.Serve(counting) }()
			res, err := http.Get("http://" + l.Addr().String())
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.NoError(t, srv.Shutdown(t.Context())) // the handler is done
			<-done
			require.True(t, bytes.Equal(content, body))
			require.Equal(t, int64(size-512), counting.Sent())
		})
	}
}
