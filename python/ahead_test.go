//go:build linux

package python

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// stage is an App behind a real server. The test itself plays its workers, so that
// it says what they have read, and when they answer.
type stage struct {
	*wiretest.Server
	queue *queue
	t     *testing.T
}

func newStage(t *testing.T) *stage {
	q := &queue{limit: 100, timeout: time.Minute, drained: func(*worker) {}, lost: func(*worker) {}, emptied: func() {}}
	app := &App{pool: &pool{queue: q, events: make(chan event, 64), done: make(chan struct{})}}
	smallBuffers := func(srv *http.Server) {
		srv.ConnState = func(c net.Conn, state http.ConnState) {
			if state == http.StateNew {
				_ = c.(*net.TCPConn).SetWriteBuffer(4 << 10)
			}
		}
	}
	return &stage{wiretest.Serve(t, &adapter.Handler{App: app.ServeWSGI, ErrorLog: new(wiretest.Buffer)}, smallBuffers), q, t}
}

// ask sends a request, and waits until queued requests are neither answered nor
// at their turn.
func (s *stage) ask(path string, queued int) *wiretest.Conn {
	s.t.Helper()
	c := s.Dial()
	_ = c.SetReadBuffer(4 << 10)
	c.Send("GET " + path + " HTTP/1.1\nHost: x\n\n")
	s.queued(queued)
	return c
}

func (s *stage) queued(n int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.queue.length() == n }, wiretest.Patience, time.Millisecond, "%d requests wait", n)
}

// since says when the turn began that the first n connections to a worker are at.
func (s *stage) since(begin time.Time, w *actor, n int) {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	for _, c := range w.open[:n] {
		c.since = begin
	}
}

// actor is a worker that the test plays.
type actor struct {
	*worker
	control *net.UnixConn
	t       *testing.T
}

func (s *stage) actor(threads int) *actor {
	ours, theirs, err := socketPair("control")
	require.NoError(s.t, err)
	conn, err := net.FileConn(theirs)
	require.NoError(s.t, err)
	require.NoError(s.t, theirs.Close())
	s.t.Cleanup(func() { _, _ = ours.Close(), conn.Close() })
	w := &worker{threads: threads, timeout: wiretest.Patience, ahead: true, process: &process{control: ours}}
	s.queue.add(w)
	return &actor{w, conn.(*net.UnixConn), s.t}
}

// atWork returns a stage with a worker of one thread, which has read the first
// request, /0.
func atWork(t *testing.T) (*stage, *actor, *thread, *wiretest.Conn) {
	s := newStage(t)
	w := s.actor(1)
	first := s.ask("/0", 0)
	th := w.accept()
	require.Equal(t, "/0", th.read())
	return s, w, th, first
}

// thread is a thread of an actor, and the two sockets that Go has given to it.
type thread struct {
	sock     *os.File
	requests int
	t        *testing.T
}

// accept takes over a connection.
func (a *actor) accept() *thread {
	a.t.Helper()
	_ = a.control.SetDeadline(time.Now().Add(wiretest.Patience))
	ancillary := make([]byte, syscall.CmsgSpace(8))
	_, n, _, _, err := a.control.ReadMsgUnix(make([]byte, 1), ancillary)
	require.NoError(a.t, err)
	passed := descriptors(ancillary[:n])
	require.Len(a.t, passed, 2)
	limit := syscall.NsecToTimeval(int64(wiretest.Patience))
	for _, fd := range passed {
		require.NoError(a.t, syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit))
	}
	th := &thread{os.NewFile(uintptr(passed[0]), "sock"), passed[1], a.t}
	a.t.Cleanup(th.close)
	return th
}

// read waits for a request and returns its path.
func (th *thread) read() string {
	th.t.Helper()
	buf := make([]byte, largestPacket)
	n, _, err := syscall.Recvfrom(th.requests, buf, 0)
	require.NoError(th.t, err)
	if n == 0 {
		return "the end"
	}
	if kind(buf[4]) == kindLong {
		buf = make([]byte, 200<<10)
		for n = 0; n < headerSize || n < headerSize+int(binary.LittleEndian.Uint32(buf)); {
			got, err := th.sock.Read(buf[n:])
			require.NoError(th.t, err)
			n += got
		}
	}
	end := headerSize + 4 + int(binary.LittleEndian.Uint32(buf[headerSize:]))
	fields := strings.Split(string(buf[headerSize+4:end]), "\x00")
	for i := 0; i < len(fields); i += 2 {
		if fields[i] == "PATH_INFO" {
			return fields[i+1]
		}
	}
	return "no path"
}

// empty reports whether there is no request to read.
func (th *thread) empty() bool {
	_, _, err := syscall.Recvfrom(th.requests, make([]byte, 1), syscall.MSG_DONTWAIT|syscall.MSG_PEEK)
	return err == syscall.EAGAIN
}

// answer sends whole answers, one for each body, in one piece.
func (th *thread) answer(bodies ...string) {
	th.t.Helper()
	var all []byte
	for _, body := range bodies {
		all = put(all, kindStart, startList, "200 OK\x00Content-Type\x00text/plain")
		all = put(all, kindChunk, 0, body)
		all = put(all, kindEnd, 0, "")
	}
	th.send(all)
}

func (th *thread) send(frames []byte) {
	th.t.Helper()
	_, err := th.sock.Write(frames)
	require.NoError(th.t, err)
}

// put appends a frame.
func put(to []byte, k kind, flags byte, payload string) []byte {
	header := make([]byte, headerSize)
	frame{uint32(len(payload)), k, flags}.put(header)
	return append(append(to, header...), payload...)
}

func (th *thread) close() {
	if th.requests >= 0 {
		_, _ = th.sock.Close(), syscall.Close(th.requests)
		th.requests = -1
	}
}

// A worker finds requests in its socket before it has answered the one it is at,
// and each client gets its own answer.
func TestAhead(t *testing.T) {
	s, _, th, first := atWork(t)
	clients := []*wiretest.Conn{first, s.ask("/1", 1), s.ask("/2", 2), s.ask("/3", 3)}
	require.Equal(t, "/1", th.read())
	require.Equal(t, "/2", th.read())
	th.answer("answer 0", "answer 1")
	require.Equal(t, "/3", th.read())
	th.answer("answer 2")
	th.answer("answer 3")
	for i, c := range clients {
		c.Until(fmt.Sprint("answer ", i))
	}
	s.queued(0)
	last := s.ask("/4", 0)
	require.Equal(t, "/4", th.read())
	th.answer("answer 4")
	last.Until("answer 4")
}

// A request whose client leaves is taken back, unless the worker has read it.
func TestAheadLeaves(t *testing.T) {
	s, _, th, first := atWork(t)
	read, left, stays := s.ask("/1", 1), s.ask("/2", 2), s.ask("/3", 3)
	require.Equal(t, "/1", th.read())
	require.NoError(t, left.Close())
	s.queued(2)
	require.NoError(t, read.Close())
	th.answer("answer 0")
	first.Until("answer 0")
	th.answer("answer 1")
	require.Equal(t, "/3", th.read())
	th.answer("answer 3")
	stays.Until("answer 3")
}

// When a worker ends, the requests that it has read are lost, and all others are
// given to another connection.
func TestAheadWorkerEnds(t *testing.T) {
	s, w, th, first := atWork(t)
	second, third := s.ask("/1", 1), s.ask("/2", 2)
	require.Equal(t, "/1", th.read())
	th.close()
	first.Until("502 Bad Gateway")
	second.Until("502 Bad Gateway")
	th = w.accept()
	require.Equal(t, "/2", th.read())
	th.answer("answer 2")
	third.Until("answer 2")
}

// A worker that ends before it has read a request costs that nothing.
func TestAheadUnread(t *testing.T) {
	s := newStage(t)
	w := s.actor(1)
	client := s.ask("/0", 0)
	w.accept().close()
	th := w.accept()
	require.Equal(t, "/0", th.read())
	th.answer("answer 0")
	client.Until("answer 0")
}

// Requests do not stay behind one that takes long.
func TestAheadOfSlow(t *testing.T) {
	s := newStage(t)
	w := s.actor(2)
	slow := s.ask("/slow", 0)
	a := w.accept()
	require.Equal(t, "/slow", a.read())
	first := s.ask("/1", 0)
	b := w.accept()
	require.Equal(t, "/1", b.read())
	s.since(time.Now().Add(time.Hour), w, 2)
	second, third := s.ask("/2", 1), s.ask("/3", 2)
	require.False(t, a.empty())
	require.False(t, b.empty())
	s.since(time.Now().Add(-time.Hour), w, 1)
	b.answer("answer 1")
	first.Until("answer 1")
	require.Eventually(t, a.empty, wiretest.Patience, time.Millisecond)
	clients := map[string]*wiretest.Conn{"/2": second, "/3": third}
	for range 2 {
		path := b.read()
		b.answer("answer " + path)
		clients[path].Until("answer " + path)
	}
	a.answer("at last")
	slow.Until("at last")
}

// A thread with nothing to do takes what waits for another.
func TestAheadOfBusy(t *testing.T) {
	s := newStage(t)
	w, other := s.actor(1), s.actor(1)
	clients := map[string]*wiretest.Conn{"/0": s.ask("/0", 0)}
	a := w.accept()
	require.Equal(t, "/0", a.read())
	clients["/1"] = s.ask("/1", 0)
	b := other.accept()
	require.Equal(t, "/1", b.read())
	s.since(time.Now().Add(time.Hour), w, 1)
	s.since(time.Now().Add(time.Hour), other, 1)
	for i := range 4 {
		path := fmt.Sprint("/", i+2)
		clients[path] = s.ask(path, i+1)
	}
	path := "/1"
	for range 5 {
		b.answer("answer " + path)
		clients[path].Until("answer " + path)
		if s.queue.length() > 0 || !b.empty() {
			path = b.read()
		}
		s.since(time.Now().Add(time.Hour), other, 1)
	}
	s.queued(0)
	a.answer("at last")
	clients["/0"].Until("at last")
}

// A worker that is to stop answers what it has read; the others have the rest.
func TestAheadOfStop(t *testing.T) {
	s, w, th, first := atWork(t)
	second, third := s.ask("/1", 1), s.ask("/2", 2)
	require.Equal(t, "/1", th.read())
	require.False(t, s.queue.remove(w.worker))
	next := s.actor(1)
	successor := next.accept()
	require.Equal(t, "/2", successor.read())
	th.answer("answer 0", "answer 1")
	require.Equal(t, "the end", th.read())
	successor.answer("answer 2")
	first.Until("answer 0")
	second.Until("answer 1")
	third.Until("answer 2")
}

// A client that reads slowly does not keep the next one from its answer.
func TestAheadOfSlowReader(t *testing.T) {
	s, _, th, slow := atWork(t)
	second := s.ask("/1", 1)
	require.Equal(t, "/1", th.read())
	body := strings.Repeat("x", 150_000) + "the end"
	th.answer(body, "answer 1")
	second.Until("answer 1")
	require.True(t, strings.HasSuffix(slow.Until("the end"), body))
}

// An answer that is longer than its Content-Length does not disturb the next one.
func TestAheadOfSurplus(t *testing.T) {
	s, _, th, first := atWork(t)
	second := s.ask("/1", 1)
	require.Equal(t, "/1", th.read())
	surplus := put(nil, kindStart, 0, "200 OK\x00Content-Length\x003")
	surplus = put(surplus, kindChunk, 0, "one")
	surplus = put(surplus, kindChunk, 0, "surplus")
	th.send(put(surplus, kindEnd, 0, ""))
	th.answer("answer 1")
	first.Until("\r\n\r\none")
	second.Until("answer 1")
}

// Nothing of one answer reaches another client.
func TestAheadGarbage(t *testing.T) {
	s, w, th, first := atWork(t)
	second := s.ask("/1", 1)
	th.answer("answer 0", "forged")
	first.Until("answer 0")
	th = w.accept()
	require.Equal(t, "/1", th.read())
	th.answer("answer 1")
	require.NotContains(t, second.Until("answer 1"), "forged")
}

// A request that does not fit into a packet comes over the connection, in its turn.
func TestAheadOfLong(t *testing.T) {
	s, _, th, first := atWork(t)
	long := s.Dial()
	long.Send("POST /1 HTTP/1.1\nHost: x\nContent-Length: 65536\n\n" + strings.Repeat("x", 65536))
	s.queued(1)
	third := s.ask("/2", 2)
	require.True(t, th.empty())
	th.answer("answer 0")
	first.Until("answer 0")
	require.Equal(t, "/1", th.read())
	require.Equal(t, "/2", th.read())
	th.answer("answer 1", "answer 2")
	long.Until("answer 1")
	third.Until("answer 2")
}

// The time that a worker has for a request begins with its turn: a hung request
// costs those behind it nothing.
func TestAheadOfHung(t *testing.T) {
	s := newStage(t)
	w := s.actor(1)
	w.timeout = 50 * time.Millisecond
	first := s.ask("/0", 0)
	th := w.accept()
	require.Equal(t, "/0", th.read())
	second := s.ask("/1", 1)
	first.Until("504 Gateway Timeout")
	next := s.actor(1)
	th = next.accept()
	require.Equal(t, "/1", th.read())
	th.answer("answer 1")
	second.Until("answer 1")
}

// Nothing is taken back while the worker may read the request whose turn it is: it
// could read the one behind it first, and its answer would go to the wrong client.
func TestAheadInOrder(t *testing.T) {
	s := newStage(t)
	w := s.actor(1)
	first := s.ask("/0", 0)
	th := w.accept()
	second, left, last := s.ask("/1", 1), s.ask("/2", 2), s.ask("/3", 3)
	s.queue.mu.Lock()
	s.queue.takeBack(w.open[0])
	require.Len(t, w.open[0].ahead, 3)
	s.queue.mu.Unlock()
	require.NoError(t, left.Close())
	require.Equal(t, "/0", th.read())
	s.queued(2)
	require.Equal(t, "/1", th.read())
	require.Equal(t, "/3", th.read())
	th.answer("answer 0", "answer 1", "answer 3")
	first.Until("answer 0")
	second.Until("answer 1")
	last.Until("answer 3")
}

// A thread with nothing to do gets what could not be taken back at first.
func TestAheadLater(t *testing.T) {
	s := newStage(t)
	w := s.actor(1)
	slow := s.ask("/slow", 0)
	th := w.accept()
	second := s.ask("/1", 1)
	other := s.actor(1)
	s.queued(1)
	require.Equal(t, "/slow", th.read())
	successor := other.accept()
	require.Equal(t, "/1", successor.read())
	successor.answer("answer 1")
	second.Until("answer 1")
	th.answer("at last")
	slow.Until("at last")
}
