package adapter_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// TestErrorAnswerIsPlain: a middleware outside has promised another coding of the
// body, and an error answer is plain text. Other fields of its stay.
func TestErrorAnswerIsPlain(t *testing.T) {
	fails := func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return nil, errors.New("boom") }
	reads := func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
		_, err := env.Input().ReadN(-1)
		return nil, err
	}
	tests := []struct {
		name string
		h    *adapter.Handler
		send string
		want string
		body string
	}{
		{"500", &adapter.Handler{App: fails}, get, "500 Internal Server Error", "Internal Server Error"},
		{"404", &adapter.Handler{App: fails, Environ: map[string]any{"SCRIPT_NAME": "/elsewhere"}}, get, "404 Not Found", "404 page not found\n"},
		{"414", &adapter.Handler{App: fails, MaxRequestLine: 5}, get, "414 Request URI Too Long", ""},
		{"400", &adapter.Handler{App: reads}, "POST / HTTP/1.1\nHost: x\nContent-Length: 5\n\nabc", "400 Bad Request", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.h.ErrorLog = io.Discard
			srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("X-Outer", "kept")
				test.h.ServeHTTP(w, r)
			}))
			head, body, _ := strings.Cut(srv.Do(test.send), "\n\n")
			require.True(t, strings.HasPrefix(head, "HTTP/1.1 "+test.want+"\n"), head)
			require.NotContains(t, head, "Content-Encoding")
			require.Contains(t, head, "X-Outer: kept")
			require.Equal(t, test.body, body)
		})
	}
}

// TestRefusedBodyIsNotForgotten: an App that looks away from the error of a
// write() that its status allows no body for has failed all the same.
func TestRefusedBodyIsNotForgotten(t *testing.T) {
	looksAway := func(status string, body adapter.Body) adapter.App {
		return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			write, err := start(status, nil)
			if err != nil {
				return nil, err
			}
			_, _ = io.WriteString(write, "body")
			return body, nil
		}
	}
	path := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	empty, err := os.Open(path) // which the Handler closes
	require.NoError(t, err)
	const wrong = "GET / HTTP/1.1: adapter: the App sent a body with a "
	tests := []struct {
		name string
		app  adapter.App
		want string
		log  string
	}{
		{"204", looksAway("204 No Content", nil), internalError, wrong + "204 response\n"},
		{"304", looksAway("304 Not Modified", adapter.Text()), internalError, wrong + "304 response\n"},
		{"an empty file", looksAway("204 No Content", adapter.File(empty, 0)), internalError, wrong + "204 response\n"},
		{"a stream", looksAway("204 No Content", adapter.Stream(seq(nil))), internalError, wrong + "204 response\n"},
		{"an answer of its own", func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			write, _ := start("204 No Content", nil)
			_, met := io.WriteString(write, "body")
			_, err := start("503 Busy", nil, met)
			return adapter.Text("busy"), err
		}, "HTTP/1.1 503 Service Unavailable\nContent-Length: 4\n\nbusy", wrong + "204 response\n"},
		{"an answer of its own, and an empty one", func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			write, _ := start("204 No Content", nil)
			_, met := io.WriteString(write, "body")
			_, err := start("503 Busy", nil, met)
			return adapter.Stream(seq(nil)), err
		}, "HTTP/1.1 503 Service Unavailable\nContent-Length: 0\n\n", wrong + "204 response\n"},
		{"too late", func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			write, _ := start("204 No Content", nil)
			_, _ = write.Write(nil) // sends the head
			_, _ = io.WriteString(write, "body")
			return nil, nil
		}, "HTTP/1.1 204 No Content\n\n", wrong + "204 response\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			srv := wiretest.Serve(t, &adapter.Handler{App: test.app, ErrorLog: errs})
			require.Equal(t, test.want, srv.Do(get))
			require.Equal(t, 1, strings.Count(errs.Wait(t, "hidden keys"), wrong), "one record")
			require.Contains(t, errs.String(), test.log)
		})
	}
}
