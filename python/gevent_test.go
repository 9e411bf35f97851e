//go:build unix

package python_test

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

// withGevent is an interpreter that has gevent.
func withGevent(t *testing.T) string {
	t.Helper()
	const interpreter = "/usr/bin/python3"
	if err := exec.Command(interpreter, "-c", "import gevent").Run(); err != nil {
		t.Skip("NOT TESTED: no gevent: install Debian's python3-gevent to run this test")
	}
	return interpreter
}

func TestGevent(t *testing.T) {
	s := run(t, python.Config{App: "streams", Gevent: true, Python: withGevent(t)})
	const streams = 1000
	var first, last sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: streams + 10}}
	defer client.CloseIdleConnections()
	first.Add(streams)
	for range streams - 1 {
		last.Go(func() {
			res, err := client.Get(s.URL("/stream"))
			if err != nil {
				t.Error(err)
				first.Done()
				return
			}
			defer res.Body.Close()
			head := make([]byte, len("data: first\n\n"))
			_, err = io.ReadFull(res.Body, head)
			first.Done()
			rest, err2 := io.ReadAll(res.Body)
			if err != nil || err2 != nil || string(head)+string(rest) != "data: first\n\ndata: last\n\n" {
				t.Errorf("%q %q %v %v", head, rest, err, err2)
			}
		})
	}
	first.Done()
	first.Wait()
	require.Equal(t, "went", s.body("/go"))
	last.Wait()
	require.Equal(t, uint64(streams), s.Stats().Requests)
}

// A read that gevent interrupts costs its connection, and nothing else.
func TestGeventTimeout(t *testing.T) {
	s := run(t, python.Config{App: "streams", Gevent: true, Python: withGevent(t)})
	for i := range 3 {
		c := s.Dial()
		c.Send(fmt.Sprint("POST /impatient?", i) + " HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n3\nabc\n")
		s.log.Wait(t, fmt.Sprint("request ", i, " lost its patience"))
		if i > 0 { // else the client goes on being silent, and is answered all the same
			c.Send("3\ndef\n0\n\n")
		}
		require.Contains(t, c.Until("timeout"), "200 OK")
	}
	require.Equal(t, "went", s.body("/go"))
	require.Zero(t, s.Stats().Restarts)
}
