// Package gowsgi_test is the user's view: a chi router on a real server, talked
// to over real sockets.
package gowsgi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// legacy is an old application: it shows where it is, reads a form, and fails.
func legacy(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	switch env.Get("PATH_INFO") {
	case "/upload":
		return upload(env, start)
	case "/fail":
		return nil, fmt.Errorf("no such table")
	}
	_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}})
	return adapter.Text(env.Get("SCRIPT_NAME"), " ", env.Get("PATH_INFO"), " ", env.String()), err
}

// upload counts the bytes of the files in a form as they arrive.
func upload(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	_, boundary, _ := strings.Cut(env.Get("CONTENT_TYPE"), "boundary=")
	form := multipart.NewReader(env.Input(), boundary)
	var sizes []string
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		n, err := io.Copy(io.Discard, part)
		if err != nil {
			return nil, err
		}
		sizes = append(sizes, fmt.Sprintf("%s=%d", part.FileName(), n))
	}
	_, err := start("200 OK", nil)
	return adapter.Text(strings.Join(sizes, " ")), err
}

// program is a migration under way: new routes, the old application under
// /legacy and another one behind everything else.
func program(t *testing.T) (addr string, logs *wiretest.Buffer) {
	logs = new(wiretest.Buffer)
	r := chi.NewRouter()
	r.Use(middleware.Environ(map[string]any{"deploy.name": "blue"}))
	r.Get("/new/{id}", func(w http.ResponseWriter, r *http.Request) {
		env, _ := environ.FromContext(r.Context())
		_ = json.NewEncoder(w).Encode(map[string]string{"id": chi.URLParam(r, "id"), "deploy": env.Get("deploy.name")})
	})
	r.Mount("/legacy", &adapter.Handler{App: legacy})
	r.Route("/api", func(r chi.Router) {
		r.Get("/new", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "new") })
	})
	r.NotFound((&adapter.Handler{App: legacy, Environ: map[string]any{"SCRIPT_NAME": ""}}).ServeHTTP)

	srv := adapter.Wrap(&http.Server{Handler: r})
	wiretest.H2C(srv.HTTP)
	srv.Log, srv.ErrorLog = logs, logs
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, srv.Shutdown(context.WithoutCancel(ctx)))
		require.ErrorIs(t, <-done, http.ErrServerClosed)
	})
	return l.Addr().String(), logs
}

func TestProgram(t *testing.T) {
	addr, logs := program(t)
	clients := map[string]*http.Client{"HTTP/1.1": {Transport: new(http.Transport)}, "HTTP/2.0": wiretest.H2Client()}
	tests := []struct{ path, status, want string }{
		{"/new/7", "200 OK", `{"deploy":"blue","id":"7"}` + "\n"},
		{"/legacy", "200 OK", "/legacy  {'HTTP_HOST': '" + addr + "', 'REMOTE_ADDR': '127.0.0.1', 'REMOTE_PORT': '"},
		{"/legacy/a%20b?secret=1", "200 OK", "/legacy /a b {'HTTP_HOST': '"},
		{"/api/new", "200 OK", "new"},
		{"/api/old", "200 OK", " /api/old {'HTTP_HOST': '"},
		{"/old", "200 OK", " /old {'HTTP_HOST': '"},
		{"/legacy/fail", "500 Internal Server Error", "Internal Server Error"},
	}
	for proto, client := range clients {
		t.Cleanup(client.CloseIdleConnections)
		for _, test := range tests {
			t.Run(proto+" "+test.path, func(t *testing.T) {
				res, err := client.Get("http://" + addr + test.path)
				require.NoError(t, err)
				defer res.Body.Close()
				body, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				require.Equal(t, proto, res.Proto)
				require.Equal(t, test.status, res.Status)
				if diff := cmp.Diff(test.want, string(body[:min(len(body), len(test.want))])); diff != "" {
					t.Errorf("body (-want +got):\n%s", diff)
				}
			})
		}
	}
	require.Contains(t, logs.Wait(t, `"GET /legacy/fail HTTP/2.0" 500 21`), "GET /legacy/fail HTTP/2.0: no such table\n")
}

func TestProgramOverHTTP10(t *testing.T) {
	addr, _ := program(t)
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET /legacy/ HTTP/1.0\r\n\r\n")
	require.NoError(t, err)
	raw, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Regexp(t, `^HTTP/1\.0 200 OK\n(?:.*\n)*\n/legacy / \{'REMOTE_ADDR': '127\.0\.0\.1', 'REMOTE_PORT': '\d+', \(hidden keys: \d+\)\}$`, wiretest.Clean(string(raw)))
}

// TestProgramUpload sends a form with a file of 20 MB, in bounded memory.
func TestProgramUpload(t *testing.T) {
	addr, _ := program(t)
	pr, pw := io.Pipe()
	form := multipart.NewWriter(pw)
	go func() {
		part, err := form.CreateFormFile("f", "big.bin")
		block := bytes.Repeat([]byte("x"), 1<<20)
		for i := 0; i < 20 && err == nil; i++ {
			_, err = part.Write(block)
		}
		_ = form.Close()
		_ = pw.CloseWithError(err)
	}()
	res, err := http.Post("http://"+addr+"/legacy/upload", form.FormDataContentType(), pr)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "big.bin=20971520", string(body))
}

// TestProgramKeepsSecrets looks for what a request is full of in all the logs.
func TestProgramKeepsSecrets(t *testing.T) {
	addr, logs := program(t)
	r, err := http.NewRequest("POST", "http://"+addr+"/legacy/fail", strings.NewReader("s3cret"))
	require.NoError(t, err)
	for _, name := range []string{"Cookie", "Authorization", "X-Api-Key", "Content-Type", "User-Agent", "Referer"} {
		r.Header.Set(name, "s3cret")
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.NotContains(t, logs.Wait(t, `" 500 21`), "s3cret")
}
