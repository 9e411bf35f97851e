package reliability

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// TestStopsUnderLoad stops servers while clients send requests over TCP and a Unix
// socket, with HTTP/1.1 and HTTP/2, on new connections and on those that they have.
// No request may be lost. One is lost without a whole answer, if
//
//   - the App was called for it; or
//   - it was sent within five seconds of connecting, on a connection that the
//     Server has accepted; or
//   - it was sent within a second of the answer before it on the same connection.
//
// A request of HTTP/2 is not lost if GOAWAY told its client that it was not
// processed.
func TestStopsUnderLoad(t *testing.T) {
	const atOnce = 5
	rounds := 3
	if long {
		rounds = 80
	}
	before := hold()
	seed := uint64(time.Now().UnixNano())
	t.Logf("%d stops, seed %d", atOnce*rounds, seed)
	var sum tally
	var all sync.WaitGroup
	for i := range atOnce {
		all.Go(func() {
			for n := range rounds {
				newLoad(t, &sum).run(rand.New(rand.NewPCG(seed, uint64(i*rounds+n))))
			}
		})
	}
	all.Wait()
	before.settle(t)
	require.Positive(t, sum.http1.Load())
	require.Positive(t, sum.http2.Load())
	t.Logf("%d connections accepted; answered: %d requests of HTTP/1.1 and %d of HTTP/2, of them after the stop had begun: %d; "+
		"not lost by the rules: %d on connections that were not accepted, %d after GOAWAY, %d sent too late",
		sum.accepted.Load(), sum.http1.Load(), sum.http2.Load(), sum.stopping.Load(),
		sum.unaccepted.Load(), sum.told.Load(), sum.late.Load())
}

// tally counts what happens in all rounds.
type tally struct {
	accepted, http1, http2, stopping, unaccepted, told, late atomic.Int64
}

// load is one server, from its start to its end, and its clients.
type load struct {
	t    *testing.T
	sum  *tally
	stop <-chan struct{} // closed when the stop begins
	next atomic.Int64    // the number of the next request or connection

	mu       sync.Mutex
	accepted map[string]bool      // by the clients' addresses
	called   map[string]time.Time // for each request that the App was called for, when it had made the answer
	answered map[string]bool
	failures []failure
}

// failure is a request without a whole answer.
type failure struct {
	id, client string // the client's address
	inTime     bool
	err        error
}

func newLoad(t *testing.T, sum *tally) *load {
	return &load{t: t, sum: sum, accepted: make(map[string]bool), called: make(map[string]time.Time), answered: make(map[string]bool)}
}

// run starts the server, stops it under load, and looks for requests that are lost.
func (l *load) run(random *rand.Rand) {
	srv := adapter.NewServer("", l.app)
	errs := new(wiretest.Buffer)
	srv.Log, srv.ErrorLog, srv.StopTimeout = io.Discard, errs, patience
	wiretest.H2C(srv.HTTP)
	srv.HTTP.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.accepted[c.RemoteAddr().String()] = true
		}
	}
	ctx, stop := context.WithCancel(l.t.Context())
	defer stop()
	l.stop = ctx.Done()
	ran := make(chan error, 1)
	var clients sync.WaitGroup
	listeners := l.listen()
	for _, listener := range listeners {
		for kind := range 9 {
			v := &visitor{Rand: rand.New(rand.NewPCG(random.Uint64(), 0)), load: l, addr: listener.Addr()}
			clients.Go([]func(){v.comeAnew, v.comeAgain, v.comeByHTTP2}[kind%3])
		}
	}
	go func() { ran <- srv.Run(ctx, listeners...) }()
	time.Sleep(time.Duration(50+random.IntN(300)) * time.Millisecond)
	stop()
	if err := <-ran; err != nil {
		l.t.Error("the stop:", err)
	}
	clients.Wait()
	l.judge()
	if text := errs.String(); text != "" {
		l.t.Error("the log:", text)
	}
}

// listen returns a TCP listener and, where clients of Unix sockets can be told
// apart, one of those.
func (l *load) listen() []net.Listener {
	addrs := []string{"127.0.0.1:0"}
	if runtime.GOOS == "linux" {
		addrs = append(addrs, "unix:"+filepath.Join(l.t.TempDir(), "s"))
	}
	var listeners []net.Listener
	for _, addr := range addrs {
		listener, err := adapter.Listen(addr)
		if err != nil {
			l.t.Error(err)
			continue
		}
		listeners = append(listeners, listener)
	}
	return listeners
}

// judge looks for lost requests, once the server and all clients are done.
func (l *load) judge() {
	l.sum.accepted.Add(int64(len(l.accepted)))
	for id := range l.called {
		if !l.answered[id] {
			l.t.Errorf("LOST: the App was called for %s, and nobody got the whole answer", id)
		}
	}
	for _, f := range l.failures {
		_, called := l.called[f.id]
		switch {
		case called:
			l.t.Errorf("LOST: the App was called for %s: %v", f.id, f.err)
		case !l.accepted[f.client]:
			l.sum.unaccepted.Add(1)
		case wasTold(f.err):
			l.sum.told.Add(1)
		case f.inTime:
			l.t.Errorf("LOST: %s was sent in time: %v", f.id, f.err)
		default:
			l.sum.late.Add(1)
		}
	}
}

// wasTold reports whether err says that GOAWAY came, and that its server has not
// processed the request; or that the request was not sent, since GOAWAY had come.
func wasTold(err error) bool {
	return strings.Contains(err.Error(), "graceful shutdown GOAWAY") || strings.Contains(err.Error(), "http2: client conn not usable")
}

// app answers with its request's path and body, again and again, in two parts.
func (l *load) app(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	id := env.Get("PATH_INFO")
	l.note(id)
	body, err := env.Input().ReadN(-1)
	if err != nil {
		return nil, err
	}
	wait, err := time.ParseDuration(env.Get("QUERY_STRING"))
	if err != nil {
		return nil, err
	}
	text := answer(id, string(body))
	time.Sleep(wait / 2)
	_, err = start("200 OK", plain)
	return adapter.Stream(func(yield func([]byte, error) bool) {
		if !yield([]byte(text[:len(text)/2]), nil) {
			return
		}
		time.Sleep(wait / 2)
		l.note(id)
		yield([]byte(text[len(text)/2:]), nil)
	}), err
}

func answer(id, body string) string { return strings.Repeat(id+" "+body+"\n", 100) }

func (l *load) note(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.called[id] = time.Now()
}

// made returns when the answer to a request had been made. The server cannot have
// waited for the next one since before that.
func (l *load) made(id string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.called[id]
}

// got notes how a request ended: with its whole answer, if err is nil.
func (l *load) got(f failure, count *atomic.Int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.err != nil {
		l.failures = append(l.failures, f)
		return
	}
	l.answered[f.id] = true
	count.Add(1)
	select {
	case <-l.stop:
		l.sum.stopping.Add(1)
	default:
	}
}

// visitor is a client that comes until the server does not listen any more.
type visitor struct {
	*rand.Rand
	*load
	addr net.Addr
}

// pause is mostly short.
func (v *visitor) pause(longest time.Duration) time.Duration {
	switch v.IntN(10) {
	case 0:
		return time.Duration(v.Int64N(int64(longest)))
	case 1, 2, 3, 4:
		return time.Duration(v.Int64N(int64(50 * time.Millisecond)))
	default:
		return 0
	}
}

// dial connects, over a Unix socket with an address of its own too.
func (v *visitor) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	if v.addr.Network() == "unix" {
		d.LocalAddr = &net.UnixAddr{Name: fmt.Sprintf("@gowsgi-%d-%p-%d", os.Getpid(), v.load, v.next.Add(1)), Net: "unix"}
	}
	c, err := d.DialContext(ctx, v.addr.Network(), v.addr.String())
	if err == nil {
		err = c.SetDeadline(time.Now().Add(patience))
	}
	return c, err
}

// comeAnew sends each request on a connection of its own, some time after it was
// opened.
func (v *visitor) comeAnew() {
	longest := 1500 * time.Millisecond
	if long {
		longest = 4500 * time.Millisecond
	}
	for {
		began := time.Now()
		c, err := v.dial(v.t.Context())
		if err != nil {
			return
		}
		time.Sleep(v.pause(longest))
		v.exchange(c, bufio.NewReader(c), began, 5*time.Second)
		_ = c.Close()
		time.Sleep(time.Duration(v.IntN(10)) * time.Millisecond)
	}
}

// comeAgain sends requests on one connection for as long as the server lets it.
func (v *visitor) comeAgain() {
	for {
		since, limit := time.Now(), 5*time.Second
		c, err := v.dial(v.t.Context())
		if err != nil {
			return
		}
		for in := bufio.NewReader(c); ; limit = time.Second {
			id, again := v.exchange(c, in, since, limit)
			if !again {
				break
			}
			since = v.made(id)
			time.Sleep(v.pause(700 * time.Millisecond))
		}
		_ = c.Close()
	}
}

// exchange sends a request of HTTP/1.1, in one piece or in two, and reads the
// answer. The request is in time if it is sent within limit since then. It reports
// whether there may be another on the connection.
func (v *visitor) exchange(c net.Conn, in *bufio.Reader, since time.Time, limit time.Duration) (id string, again bool) {
	id, wait, body := v.request()
	raw := fmt.Sprintf("POST %s?%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", id, wait, len(body), body)
	cut := v.IntN(len(raw))
	_, err := io.WriteString(c, raw[:cut])
	time.Sleep(v.pause(50 * time.Millisecond))
	if err == nil {
		_, err = io.WriteString(c, raw[cut:])
	}
	f := failure{id: id, client: c.LocalAddr().String(), inTime: time.Since(since) < limit, err: err}
	if err == nil {
		var res *http.Response
		res, f.err = http.ReadResponse(in, nil)
		if f.err == nil {
			f.err = check(res, answer(id, body))
			again = !res.Close
		}
	}
	v.got(f, &v.sum.http1)
	return id, again && f.err == nil
}

// request is a request that differs from all others.
func (v *visitor) request() (id string, wait time.Duration, body string) {
	return fmt.Sprint("/", v.next.Add(1)), v.pause(300 * time.Millisecond), strings.Repeat("x", v.IntN(100))
}

// check reports what a response lacks.
func check(res *http.Response, want string) error {
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || string(got) != want) {
		err = fmt.Errorf("another answer: %s, %d bytes", res.Status, len(got))
	}
	return err
}

// comeByHTTP2 sends requests on one connection, two at once, for as long as the
// server lets it, or only a few.
func (v *visitor) comeByHTTP2() {
	for {
		var local string
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetUnencryptedHTTP2(true)
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			c, err := v.dial(ctx)
			if err == nil {
				local = c.LocalAddr().String()
			}
			return c, err
		}
		c, err := transport.NewClientConn(v.t.Context(), "http", "x:80")
		if err != nil {
			return
		}
		for n := 1 + v.IntN(200); n > 0 && c.Err() == nil && c.Available() > 0; n-- {
			v.streams(c, local)
			time.Sleep(v.pause(700 * time.Millisecond))
		}
		_ = c.Close()
	}
}

// streams sends two requests at once.
func (v *visitor) streams(c *http.ClientConn, local string) {
	var both sync.WaitGroup
	for range 2 {
		id, wait, body := v.request()
		both.Go(func() {
			f := failure{id: id, client: local, inTime: true}
			req, err := http.NewRequestWithContext(v.t.Context(), "POST", fmt.Sprintf("http://x%s?%s", id, wait), strings.NewReader(body))
			if err == nil {
				var res *http.Response
				if res, err = c.RoundTrip(req); err == nil {
					err = check(res, answer(id, body))
				}
			}
			f.err = err
			v.got(f, &v.sum.http2)
		})
	}
	both.Wait()
}
