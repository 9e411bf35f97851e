package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/examples/internal/live"
)

func TestHandlersFindTheEnviron(t *testing.T) {
	wrap := live.Start(t, run)
	require.Equal(t, "A handler that knows nothing of WSGI.\n", get(t, wrap.URL+"/"))
	require.Regexp(t, `^tea costs 3 EUR at shop.example.
Printed, the environ is {'HTTP_HOST': '[0-9.:]+', 'REMOTE_ADDR': '127.0.0.1', 'REMOTE_PORT': '\d+', \(hidden keys: \d+\)}.
$`, get(t, wrap.URL+"/price/tea?secret=hush"))
	wrap.AwaitOutput(t, `"GET /price/tea?secret=hush HTTP/1.1" 200 `)
}

func TestSpawnLimitsConnections(t *testing.T) {
	wrap := live.Start(t, run, "-spawn", "1")
	first, err := net.Dial("tcp", wrap.Addr())
	require.NoError(t, err)
	defer first.Close()
	_, err = fmt.Fprint(first, "GET / HTTP/1.1\r\nHost: localhost\r\n") // its end is still to come
	require.NoError(t, err)

	second, err := net.Dial("tcp", wrap.Addr())
	require.NoError(t, err)
	defer second.Close()
	ask(t, second)
	answer := make([]byte, 1)
	require.NoError(t, second.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
	_, err = second.Read(answer)
	require.ErrorContains(t, err, "timeout", "one connection at a time")

	first.Close()
	require.NoError(t, second.SetReadDeadline(time.Time{}))
	_, err = second.Read(answer)
	require.NoError(t, err)
}

// An idle client keeps its connection, and lets others in all the same.
func TestIdleClientsLockNobodyOut(t *testing.T) {
	wrap := live.Start(t, run, "-spawn", "1")
	first, err := net.Dial("tcp", wrap.Addr())
	require.NoError(t, err)
	defer first.Close()
	ask(t, first)
	answer := make([]byte, 1)
	_, err = first.Read(answer)
	require.NoError(t, err)
	require.Equal(t, "A handler that knows nothing of WSGI.\n", get(t, wrap.URL+"/"))
}

func ask(t *testing.T, conn net.Conn) {
	t.Helper()
	_, err := fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	require.NoError(t, err)
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, 200, response.StatusCode)
	return string(body)
}
