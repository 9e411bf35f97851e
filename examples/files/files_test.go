package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/examples/internal/live"
)

func TestFiles(t *testing.T) {
	outside := t.TempDir()
	dir := filepath.Join(outside, "served")
	big := make([]byte, 3<<20+1)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(big)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("hush"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sub", "big.bin"), big, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "page.html"), []byte("<p>Hello"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty"), nil, 0o644))
	files := live.Start(t, run, "-dir", dir)

	for _, test := range []struct {
		method, path string
		status       int
		length       int64
		contentType  string
		body         []byte
	}{
		{"GET", "/page.html", 200, 8, "text/html; charset=utf-8", []byte("<p>Hello")},
		{"GET", "/sub/big.bin", 200, int64(len(big)), "application/octet-stream", big},
		{"HEAD", "/sub/big.bin", 200, int64(len(big)), "application/octet-stream", nil},
		{"GET", "/empty", 200, 0, "application/octet-stream", nil},
		{"GET", "/sub", 404, 14, "text/plain", []byte("No such file.\n")},
		{"GET", "/", 404, 14, "text/plain", []byte("No such file.\n")},
		{"GET", "/%2e%2e/secret", 404, 14, "text/plain", []byte("No such file.\n")},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			r, err := http.NewRequest(test.method, files.URL+test.path, nil)
			require.NoError(t, err)
			response, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, test.status, response.StatusCode)
			require.Equal(t, test.length, response.ContentLength)
			require.Equal(t, test.contentType, response.Header.Get("Content-Type"))
			require.True(t, bytes.Equal(test.body, body))
		})
	}
}

func TestNothingOutsideIsServed(t *testing.T) {
	outside := t.TempDir()
	dir := filepath.Join(outside, "served")
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("hush"), 0o644))
	files := live.Start(t, run, "-dir", dir)
	for _, path := range []string{"/../secret", "/..%2fsecret", "//secret", "/%00", filepath.ToSlash(filepath.Join(outside, "secret"))} {
		conn, err := net.Dial("tcp", files.Addr())
		require.NoError(t, err)
		defer conn.Close()
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path)
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Contains(t, string(answer), "HTTP/1.1 404 Not Found\r\n", path)
		require.NotContains(t, string(answer), "hush", path)
	}
}
