//go:build unix

package python_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/python"
)

// Streams of one HTTP/2 connection are requests of their own: they wait, answer
// and are reset without the others noticing.
func TestHTTP2(t *testing.T) {
	s := run(t, python.Config{Threads: 3}, wiretest.H2C)
	signal := filepath.Join(t.TempDir(), "signal")
	c := s.DialH2()
	c.Open(1, true, "GET", "/waits?"+signal)
	c.Open(3, false, "POST", "/echo")
	c.Body(3, false, "a body ")
	c.Open(5, true, "GET", "/two")
	require.Equal(t, "200 one two END", c.Answer(5))
	c.Body(3, true, "in parts")
	require.Equal(t, "200 a body in parts END", c.Answer(3))

	c.Open(9, false, "POST", "/says_reading")
	c.Body(9, false, "abc")
	s.log.Wait(t, "reading")
	c.Reset(9, wiretest.H2Cancel)
	eventually(t, func() bool { return s.Stats().Requests == 3 }, "the stream that was reset is over")

	c.Open(11, true, "HEAD", "/two")
	require.Equal(t, "200 END", c.Answer(11))
	require.NoError(t, os.WriteFile(signal, nil, 0o600))
	c.Open(13, true, "GET", "/fails")
	require.Equal(t, "500 Internal Server Error END", c.Answer(13))
	require.Zero(t, s.Stats().Restarts)
	require.Equal(t, 1, strings.Count(s.errors.String(), "Traceback"), "the resets are silent: "+s.errors.String())
}

func TestHTTP2LargeBodies(t *testing.T) {
	s := run(t, python.Config{}, wiretest.H2C)
	client := wiretest.H2Client()
	defer client.CloseIdleConnections()
	text := strings.Repeat("0123456789abcdef", 200_000)
	res, err := client.Post(s.URL("/echo"), "text/plain", struct{ io.Reader }{strings.NewReader(text)})
	require.NoError(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, 2, res.ProtoMajor)
	require.True(t, text == string(got))

	endless, err := client.Get(s.URL("/endless"))
	require.NoError(t, err)
	_, err = io.ReadFull(endless.Body, make([]byte, 100_000))
	require.NoError(t, err)
	require.NoError(t, endless.Body.Close()) // resets the stream
	require.Equal(t, "['endless']", s.body("/closed"))
	require.Empty(t, s.errors.String())
}
