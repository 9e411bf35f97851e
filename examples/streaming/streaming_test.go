package main

import (
	"bufio"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/examples/internal/live"
)

func TestCount(t *testing.T) {
	streaming := live.Start(t, run)
	response, err := http.Get(streaming.URL + "/count")
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", string(body))
	require.Equal(t, []string{"chunked"}, response.TransferEncoding)
	require.Equal(t, "text/plain", response.Header.Get("Content-Type"))
}

func TestEventsComeOneByOneAndEndWithTheirClient(t *testing.T) {
	streaming := live.Start(t, run, "-every", "10ms")
	response, err := http.Get(streaming.URL + "/events")
	require.NoError(t, err)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	lines := bufio.NewReader(response.Body)
	for _, id := range []string{"id: 1\n", "id: 2\n", "id: 3\n"} {
		require.Equal(t, id, next(t, lines))
		require.Regexp(t, `^data: \d{4}-\d\d-\d\dT`, next(t, lines))
		require.Equal(t, "\n", next(t, lines))
	}
	require.NotContains(t, streaming.Output(), "done")
	response.Body.Close()
	streaming.AwaitOutput(t, "events: done with 127.0.0.1\n")
}

// The next event would come in an hour; the server stops at once all the same.
func TestEventsEndWithTheServer(t *testing.T) {
	streaming := live.Start(t, run, "-every", "1h")
	response, err := http.Get(streaming.URL + "/events")
	require.NoError(t, err)
	defer response.Body.Close()
	lines := bufio.NewReader(response.Body)
	require.Equal(t, "id: 1\n", next(t, lines))

	began := time.Now()
	require.NoError(t, streaming.Stop())
	require.Less(t, time.Since(began), adapter.DefaultStopTimeout)
	_, err = io.ReadAll(lines)
	require.NoError(t, err, "the end is a proper one, not a cut")
	require.Contains(t, streaming.Output(), "events: done with 127.0.0.1\n")
}

func next(t *testing.T, lines *bufio.Reader) string {
	t.Helper()
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	return line
}
