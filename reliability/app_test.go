package reliability

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// long reports whether the long form of the tests was asked for.
var long = os.Getenv("GOWSGI_RELIABILITY") != ""

// A test that waits for what must come waits that long.
const patience = 2 * time.Minute

// counts are the Bodies that an App returned and those that were closed. A Body
// that is closed twice counts twice.
type counts struct{ opened, closed, twice atomic.Int64 }

// counted is a Body that is counted.
type counted struct {
	seq    iter.Seq2[[]byte, error]
	counts *counts
	closes atomic.Int32
}

func (b *counted) Chunks() iter.Seq2[[]byte, error] { return b.seq }

func (b *counted) Close() error {
	b.counts.closed.Add(1)
	if b.closes.Add(1) > 1 {
		b.counts.twice.Add(1)
	}
	return nil
}

// streamed is what /stream sends.
var streamed = bytes.Repeat([]byte("0123456789abcdef"), 16<<10/16*16)

var plain = adapter.Headers{{"Content-Type", "text/plain"}}

// app answers /stream with a stream and anything else with what it read: its
// length and hash.
func (c *counts) app(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	c.opened.Add(1)
	body := &counted{counts: c}
	if env.Get("PATH_INFO") == "/stream" {
		_, err := start("200 OK", plain)
		body.seq = pieces(streamed, 16<<10)
		return body, err
	}
	data, err := env.Input().ReadN(-1)
	if err != nil {
		c.opened.Add(-1)
		return nil, err
	}
	_, err = start("200 OK", plain)
	body.seq = pieces([]byte(digest(data)), 1<<10)
	return body, err
}

func digest(data []byte) string { return fmt.Sprintf("%d %x", len(data), sha256.Sum256(data)) }

func pieces(data []byte, size int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for len(data) > 0 {
			n := min(size, len(data))
			if !yield(data[:n], nil) {
				return
			}
			data = data[n:]
		}
	}
}

// serving is a server of NewServer's that runs in the test's process.
type serving struct {
	*adapter.Server
	addr      string
	log, errs *wiretest.Buffer
	done      chan error
}

// serve starts a server of app that speaks HTTP/1 and HTTP/2. The test stops it.
func serve(t testing.TB, app adapter.App, configure ...func(*adapter.Server)) *serving {
	t.Helper()
	s := &serving{Server: adapter.NewServer("", app), log: new(wiretest.Buffer), errs: new(wiretest.Buffer), done: make(chan error, 1)}
	s.Log, s.ErrorLog = s.log, s.errs
	wiretest.H2C(s.HTTP)
	for _, f := range configure {
		f(s.Server)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.addr = l.Addr().String()
	go func() { s.done <- s.Serve(l) }()
	return s
}

// stop ends the server.
func (s *serving) stop(t testing.TB) {
	t.Helper()
	require.NoError(t, s.Close())
	require.ErrorIs(t, <-s.done, http.ErrServerClosed)
}

func (s *serving) url(path string) string { return "http://" + s.addr + path }

// ask makes a request that has to be answered with exactly want.
func ask(client *http.Client, method, url string, body []byte, want string) error {
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || string(got) != want {
		return errors.New("another answer: " + res.Status)
	}
	return nil
}

// http1Client returns a client of its own connections.
func http1Client() *http.Client { return &http.Client{Transport: &http.Transport{}} }
