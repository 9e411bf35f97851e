//go:build unix

package python_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/python"
)

func TestInput(t *testing.T) {
	s := run(t, python.Config{})
	long := strings.Repeat("x", 200_000)
	tests := []struct{ path, body, want string }{
		{"/echo", "", ""},
		{"/echo", "some", "some"},
		{"/echo", long, long},
		{"/lines", "a\nb\n\nc", "b'a\\n'\nb'b\\n'\nb'\\n'\nb'c'\n"},
		{"/reads?r2,r,r", "abcdef", "b'ab'\nb'cdef'\nb''"},
		{"/reads?r0,r9,r1", "abcdef", "b''\nb'abcdef'\nb''"},
		{"/reads?l2,l,l,l", "abc\nd", "b'ab'\nb'c\\n'\nb'd'\nb''"},
		{"/reads?L3,L", "a\nb\nc\nd", "[b'a\\n', b'b\\n']\n[b'c\\n', b'd']"},
		{"/reads?r3,l,r3", "abcd\nef", "b'abc'\nb'd\\n'\nb'ef'"},
		{"/reads?l3,l5", long, "b'xxx'\nb'xxxxx'"},
		{"/reads?l,r1", long + "\ny", fmt.Sprintf("b'%s\\n'\nb'y'", long)},
		{"/counts", long, "200000"},
	}
	for _, test := range tests {
		for _, chunked := range []bool{false, true} {
			var body io.Reader = strings.NewReader(test.body)
			if chunked {
				body = struct{ io.Reader }{body}
			}
			res, err := http.Post(s.URL(test.path), "text/plain", body)
			require.NoError(t, err)
			got, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, test.want, string(got), "%s, chunked %v", test.path, chunked)
		}
	}
	require.Equal(t, "kept", s.body("/keeps_input"))
	require.Equal(t, "wsgi.input was read after the request's end", s.body("/reads_kept"))
	require.Empty(t, s.errors.String())
}

// A client that waits for a 100 Continue gets one when the application reads,
// and none when it does not.
func TestContinue(t *testing.T) {
	s := run(t, python.Config{})
	const head = " HTTP/1.1\nHost: x\nContent-Length: 4\nExpect: 100-continue\n\n"
	c := s.Dial()
	c.Send("POST /echo" + head)
	require.Equal(t, "HTTP/1.1 100 Continue\n\n", c.Until("\r\n\r\n"))
	c.Send("body")
	require.Contains(t, c.Until("body"), "HTTP/1.1 200 OK\n")
	c = s.Dial()
	c.Send("POST /two" + head)
	require.Contains(t, c.Until("one two"), "HTTP/1.1 200 OK\n")
}

// A large body is not even sent before the application reads.
func TestContinueLarge(t *testing.T) {
	s := run(t, python.Config{Threads: 2})
	const size = 3_000_000
	c := s.Dial()
	c.Send("POST /counts_later HTTP/1.1\nHost: x\nConnection: close\nContent-Length: 3000000\nExpect: 100-continue\n\n")
	s.log.Wait(t, "not reading yet")
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "nothing was sent")
	_ = c.SetReadDeadline(time.Now().Add(wiretest.Patience))
	require.Equal(t, "one two", s.body("/two"))
	s.body("/reads_now")
	require.Equal(t, "HTTP/1.1 100 Continue\n\n", c.Until("\r\n\r\n"))
	c.Send(strings.Repeat("x", size))
	require.Contains(t, c.All(), "\n\n3000000")
}

func TestInvalidBody(t *testing.T) {
	s := run(t, python.Config{})
	const (
		bad     = "HTTP/1.1 400 Bad Request\nConnection: close\nContent-Length: 0\nContent-Type: text/plain\n\n"
		chunked = " HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n"
	)
	tests := []struct{ request, want string }{
		{"POST /echo HTTP/1.1\nHost: x\nContent-Length: 10\n\nshort", bad},
		{"POST /echo HTTP/1.1\nHost: x\nContent-Length: 100000\n\nshort", bad},
		{"POST /echo" + chunked + "5\nab", bad},
		{"POST /echo" + chunked + "nonsense\n", bad},
		{"POST /catches_input" + chunked + "5\nab", "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 7\nContent-Type: text/plain\n\nOSError"},
		{"POST /reads_after_error" + chunked + "5\nab", "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 51\nContent-Type: text/plain\n\nOSError OSError OSError OSError OSError OSError b''"},
	}
	for _, test := range tests {
		require.Equal(t, test.want, s.Do(test.request), test.request)
	}
	require.NotContains(t, s.errors.String(), "Traceback")
	require.Equal(t, "one two", s.body("/two"))
}

// A slow client does not hold the only worker while it sends a small body.
func TestSlowClient(t *testing.T) {
	s := run(t, python.Config{})
	slow := s.Dial()
	slow.Send("POST /echo HTTP/1.1\nHost: x\nContent-Length: 5\n\nab")
	require.Equal(t, "one two", s.body("/two"))
	slow.Send("cde")
	require.Contains(t, slow.Until("abcde"), "200 OK")
}

func TestLargeBodies(t *testing.T) {
	s := run(t, python.Config{})
	const size = 50 << 20
	res, err := http.Post(s.URL("/counts"), "text/plain", io.LimitReader(zeros{}, size))
	require.NoError(t, err)
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(size), string(got))
	require.Less(t, s.Stats().Workers[0].Memory, int64(40<<20))

	data := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	res, err = http.Post(s.URL("/echo"), "text/plain", bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, int64(len(data)), res.ContentLength)
	hash := sha256.New()
	_, err = io.Copy(hash, res.Body)
	require.NoError(t, err)
	require.Equal(t, sha256.Sum256(data), [32]byte(hash.Sum(nil)))
	require.Len(t, s.body("/large?3000000"), 3_000_000)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Each chunk is out before the next is asked for.
func TestStream(t *testing.T) {
	s := run(t, python.Config{})
	signal := filepath.Join(t.TempDir(), "signal")
	c := s.Dial()
	c.Send("GET /waits?" + signal + " HTTP/1.1\nHost: x\n\n")
	c.Until("first;")
	require.NoError(t, os.WriteFile(signal, nil, 0o600))
	c.Until("second")
}

// The worker of a client that has gone learns of it, closes the iterable once,
// and goes on with other requests.
func TestClientGone(t *testing.T) {
	s := run(t, python.Config{})
	for range 3 {
		c := s.Dial()
		c.Send("GET /endless HTTP/1.1\nHost: x\n\n")
		c.Until("xxxxxxxx")
		require.NoError(t, c.Close())
	}
	require.Equal(t, "x", s.body("/counted"))
	require.Equal(t, "['counted', 'endless', 'endless', 'endless']", s.body("/closed"))
	require.Empty(t, s.errors.String())
}

func TestManyAtOnce(t *testing.T) {
	for _, c := range []python.Config{{Workers: 2}, {Threads: 8}, {Workers: 2, Threads: 4}} {
		s := run(t, c)
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				body := strings.Repeat(fmt.Sprint(i, " "), 1+i*30)
				res, err := http.Post(s.URL("/echo"), "text/plain", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				defer res.Body.Close()
				got, err := io.ReadAll(res.Body)
				if err != nil || string(got) != body {
					t.Errorf("request %d: wrong body, %v", i, err)
				}
			})
		}
		wg.Wait()
		eventually(t, func() bool { return s.Stats().Requests == 200 }, "200 requests finished")
		require.Equal(t, fmt.Sprintf("wsgi.multithread=%s\nwsgi.multiprocess=%s\n", pyBool(c.Threads > 1), pyBool(c.Workers > 1)),
			s.body("/environ_of?wsgi.multithread,wsgi.multiprocess"))
	}
}

func pyBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}
