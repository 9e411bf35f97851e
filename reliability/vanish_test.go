package reliability

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// TestVanishingClients: clients leave at random points, others get exact bytes, and
// nothing is left of those that went.
func TestVanishingClients(t *testing.T) {
	requests := 1000
	if long {
		requests = 10000
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("%d requests, seed %d", requests, seed)
	before := hold()
	n := new(counts)
	s := serve(t, n.app)
	fickle, faithful := http1Client(), []*http.Client{http1Client(), wiretest.H2Client()}
	streams := wiretest.H2Client()

	over, cancel := context.WithCancel(t.Context())
	var staying sync.WaitGroup
	var served atomic.Int64
	for _, client := range faithful {
		staying.Go(func() {
			body := bytes.Repeat([]byte("upload"), 10000)
			for over.Err() == nil {
				if err := ask(client, "GET", s.url("/stream"), nil, string(streamed)); err != nil {
					t.Error("a client that stayed:", err)
				}
				if err := ask(client, "POST", s.url("/"), body, digest(body)); err != nil {
					t.Error("a client that stayed:", err)
				}
				served.Add(2)
			}
		})
	}
	var leaving sync.WaitGroup
	var next atomic.Int64
	for range 16 {
		leaving.Go(func() {
			for i := next.Add(1); i <= int64(requests); i = next.Add(1) {
				v := vanishing{rand.New(rand.NewPCG(seed, uint64(i))), s, streams}
				v.visit()
			}
		})
	}
	leaving.Wait()
	eventually(t, func() bool { return served.Load() > 0 }, "no client that stayed was served")
	cancel()
	staying.Wait()
	for _, client := range append(faithful, fickle, streams) {
		client.CloseIdleConnections()
	}
	eventually(t, func() bool { return n.opened.Load() == n.closed.Load() },
		"%d Bodies were returned", n.opened.Load())
	s.stop(t)
	before.settle(t)
	require.Equal(t, n.opened.Load(), n.closed.Load(), "Bodies and their Closes")
	require.Zero(t, n.twice.Load())
	t.Logf("%d requests of clients that stayed, %d Bodies closed", served.Load(), n.closed.Load())
	// A body that is cut short by a client that closes is a request that is not
	// complete, and this client may still be there to be told so: one line.
	for line := range strings.Lines(s.errs.String()) {
		require.Regexp(t, `^Invalid request \(from 127\.0\.0\.1:\d+\): .*unexpected EOF\n$`, line)
	}
}

// vanishing is a client that leaves at a random point.
type vanishing struct {
	*rand.Rand
	server  *serving
	streams *http.Client
}

// requests are what vanishing clients ask for; the size is that of the answer, or
// less.
var requests = []struct {
	raw    string
	answer int
}{
	{"GET /stream HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n", len(streamed)},
	{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n" + strings.Repeat("x", 40000), 100},
	{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("10\r\n0123456789abcdef\r\n", 500) + "0\r\n\r\n", 100},
}

func (v vanishing) visit() {
	switch v.IntN(8) {
	case 0, 1:
		v.resetStream()
	case 2:
		v.dropHTTP2()
	default:
		v.dropHTTP1()
	}
}

// dropHTTP1 sends a part of a request, or all of it and takes a part of the
// answer, and closes or resets the connection.
func (v vanishing) dropHTTP1() {
	c, err := net.Dial("tcp", v.server.addr)
	if err != nil {
		return
	}
	defer v.drop(c)
	_ = c.SetDeadline(time.Now().Add(patience))
	request := requests[v.IntN(len(requests))]
	cut := v.cut(len(request.raw), request.answer)
	_, _ = io.WriteString(c, request.raw[:min(cut, len(request.raw))])
	if cut > len(request.raw) {
		_, _ = io.CopyN(io.Discard, c, int64(cut-len(request.raw)))
	}
}

// cut is a point in the head, in the body or in the answer, each as often.
func (v vanishing) cut(request, answer int) int {
	switch v.IntN(3) {
	case 0:
		return v.IntN(60)
	case 1:
		return v.IntN(request + 1)
	default:
		return request + v.IntN(answer+1)
	}
}

// drop closes c: with a FIN, or with a RST.
func (v vanishing) drop(c net.Conn) {
	if v.IntN(2) == 0 {
		_ = c.(*net.TCPConn).SetLinger(0)
	}
	_ = c.Close()
}

// resetStream cancels a request of HTTP/2, for which the client sends RST_STREAM:
// after a part of the answer, or after a part of the body.
func (v vanishing) resetStream() { v.cancel(v.streams, func() {}) }

// dropHTTP2 loses the whole connection with the request on it.
func (v vanishing) dropHTTP2() {
	var c net.Conn
	client := wiretest.H2Client()
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, addr string) (_ net.Conn, err error) {
		c, err = new(net.Dialer).DialContext(ctx, network, addr)
		return c, err
	}
	v.cancel(client, func() { v.drop(c) })
	client.CloseIdleConnections()
}

func (v vanishing) cancel(client *http.Client, leave func()) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if v.IntN(2) == 0 {
		req, _ := http.NewRequestWithContext(ctx, "GET", v.server.url("/stream"), nil)
		res, err := client.Do(req)
		if err != nil {
			return
		}
		_, _ = io.CopyN(io.Discard, res.Body, v.Int64N(int64(len(streamed))))
		leave()
		cancel()
		_ = res.Body.Close()
		return
	}
	body, in := io.Pipe()
	left := make(chan struct{})
	go func() {
		defer close(left)
		_, _ = fmt.Fprint(in, strings.Repeat("x", v.IntN(40000)))
		if v.IntN(2) == 0 {
			leave()
		}
		cancel()
		_ = in.CloseWithError(context.Canceled)
	}()
	req, _ := http.NewRequestWithContext(ctx, "POST", v.server.url("/"), body)
	if res, err := client.Do(req); err == nil {
		_ = res.Body.Close()
	}
	_ = body.Close()
	<-left
}
