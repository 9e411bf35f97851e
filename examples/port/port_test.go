package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/examples/internal/live"
	"github.com/gowsgi/gowsgi/middleware"
)

// conversation is the requests that both applications get, in this order.
var conversation = []struct{ method, path, body string }{
	{"GET", "/", ""},
	{"GET", "/guests", ""},
	{"POST", "/sign", "name=Ann"},
	{"POST", "/sign", "name=B%C3%A9la+B&name=C"},
	{"POST", "/sign", ""},
	{"POST", "/sign", "nobody=here"},
	{"GET", "/guests", ""},
	{"GET", "/guests?page=2", ""},
	{"GET", "/%67uests", ""},
	{"GET", "/", ""},
	{"GET", "/sign", ""},
	{"GET", "/nothing", ""},
	{"DELETE", "/guests", ""},
}

// reply is the part of a response that has to be the same.
type reply struct {
	Asked, Status, Type, Location, Body string
	Chunked                             bool
}

func TestPort(t *testing.T) {
	guests = nil
	replies := talk(t, live.Start(t, run).URL)
	require.Equal(t, reply{"GET /", "200 OK", "text/plain", "", "Guests so far: 0\n", false}, replies[0])
	require.Equal(t, reply{"POST /sign", "303 See Other", "text/plain", "/guests", "", false}, replies[2])
	require.Equal(t, "Ann\nBéla B\n", replies[6].Body)
	require.Equal(t, "Guests so far: 2\n", replies[9].Body)
	require.Equal(t, "404 Not Found", replies[11].Status)
}

func TestPortAnswersAsPywsgiDoes(t *testing.T) {
	python := startPython(t)
	guests = nil
	want, got := talk(t, python), talk(t, live.Start(t, run).URL)
	// For a generator that yields nothing, pywsgi sends an empty chunked body.
	// net/http sees that the response has ended, and sends a Content-Length of 0.
	require.True(t, want[1].Chunked)
	want[1].Chunked = false
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pywsgi (-) and the port (+) differ:\n%s", diff)
	}
}

func TestPortKeepsToPEP3333(t *testing.T) {
	guests = nil
	validated := httptest.NewServer(&adapter.Handler{App: middleware.Validate(application)})
	defer validated.Close()
	for _, reply := range talk(t, validated.URL) {
		require.NotEqual(t, "500 Internal Server Error", reply.Status, reply.Asked)
	}
}

// startPython runs app.py and returns its URL.
func startPython(t *testing.T) string {
	t.Helper()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import gevent.pywsgi").Run(); err != nil {
		t.Skipf("NOT TESTED: %s has no gevent (Debian: python3-gevent), so the port is not compared to pywsgi: %v", python, err)
	}
	program := exec.Command(python, "app.py", "0")
	var stderr strings.Builder
	program.Stderr = &stderr
	stdout, err := program.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	t.Cleanup(func() {
		_ = program.Process.Kill()
		_ = program.Wait()
		if t.Failed() {
			t.Log(stderr.String())
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(strings.TrimPrefix(line, "Listening on "))
}

func talk(t *testing.T, url string) []reply {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var replies []reply
	for _, ask := range conversation {
		r, err := http.NewRequest(ask.method, url+ask.path, strings.NewReader(ask.body))
		require.NoError(t, err)
		response, err := client.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		require.NoError(t, err)
		replies = append(replies, reply{
			Asked:    ask.method + " " + ask.path,
			Status:   response.Status,
			Type:     response.Header.Get("Content-Type"),
			Location: response.Header.Get("Location"),
			Body:     string(body),
			Chunked:  len(response.TransferEncoding) > 0,
		})
	}
	return replies
}
