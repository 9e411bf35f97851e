//go:build unix

package python_test

import (
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/python"
)

const slowBody = " HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n3\nabc\n"

// A worker that dies while its client is silent in the middle of a body ends the
// request at once.
func TestWorkerDiesWhileClientStalls(t *testing.T) {
	s := run(t, python.Config{})
	pid := s.pid()
	c := s.Dial()
	c.Send("POST /says_reading" + slowBody)
	s.log.Wait(t, "reading")
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	require.Contains(t, c.Until("Bad Gateway\n"), "HTTP/1.1 502 Bad Gateway\nConnection: close\n")
	require.Equal(t, "one two", s.body("/two"))
	require.Empty(t, s.errors.String())
}

// One that dies before it asks for more of the body does so too: net/http does not
// wait for the rest before it answers.
func TestWorkerDiesWithBodyUnread(t *testing.T) {
	s := run(t, python.Config{})
	c := s.Dial()
	c.Send("POST /dies" + slowBody)
	require.Contains(t, c.Until("Bad Gateway\n"), "HTTP/1.1 502 Bad Gateway\nConnection: close\n")
}

// Over HTTP/2 likewise; the other streams of the connection go on.
func TestWorkerDiesWhileStreamStalls(t *testing.T) {
	s := run(t, python.Config{}, wiretest.H2C)
	pid := s.pid()
	c := s.DialH2()
	c.Open(1, false, "POST", "/says_reading")
	c.Body(1, false, "abc")
	s.log.Wait(t, "reading")
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	require.Contains(t, c.Answer(1), "502 Bad Gateway\n")
	c.Open(3, true, "GET", "/two")
	require.Equal(t, "200 one two END", c.Answer(3))
}

// An answer that a thread of the application gives while another still waits for
// the client goes out at once.
func TestAnswerWhileClientStalls(t *testing.T) {
	s := run(t, python.Config{})
	c := s.Dial()
	c.Send("POST /writes_while_reading" + slowBody)
	require.Contains(t, c.Until("written\r\n"), "HTTP/1.1 200 OK\nConnection: close\n")
	c.Send("3\ndef\n0\n\n")
	require.Equal(t, "6\nabcdef\n0\n\n", c.All())
	require.Equal(t, "one two", s.body("/two"))
	require.Empty(t, s.errors.String())
}

const upgradeRequest = " HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: echo\n\n"

func TestUpgrade(t *testing.T) {
	s := run(t, python.Config{})
	for range 3 {
		c := s.Dial()
		c.Send("GET /switches" + upgradeRequest)
		require.Equal(t, "HTTP/1.1 101 Switching Protocols\nConnection: Upgrade\nUpgrade: echo\n\n", c.Until("\r\n\r\n"))
		c.Until("unasked\n")
		c.Send("hello\n")
		c.Until("echo hello\r\n")
		c.Send("bye\n")
		require.Equal(t, "goodbye\n", c.All())
	}
	gone := s.Dial()
	gone.Send("GET /switches" + upgradeRequest)
	gone.Until("unasked\n")
	require.NoError(t, gone.Close())
	require.Equal(t, "one two", s.body("/two"))
}

func TestUpgradeBothWays(t *testing.T) {
	s := run(t, python.Config{})
	c := s.Dial()
	const size = 3_000_000
	c.Send("GET /switches_both?3000000" + upgradeRequest)
	c.Until("\r\n\r\n")
	go func() { _, _ = io.WriteString(c, strings.Repeat("c", size)) }()
	require.True(t, c.All() == strings.Repeat("p", size)+"3000000")
}
