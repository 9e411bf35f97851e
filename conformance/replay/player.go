package replay

import (
	"context"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/conformance/wire"
	"github.com/gowsgi/gowsgi/environ"
)

// patience bounds the wait for a server to be done with a connection.
const patience = 5 * time.Second

// player is a gowsgi server for one case, with everything that is seen of it.
type player struct {
	of       *wire.Case
	id       string // a name of its own for wire.CaseKey, if seen is not nil
	seen     func(of string) (wire.Seen, error)
	app      adapter.App
	server   *adapter.Server
	counters wire.Counters
	closed   chan struct{} // the connection is over, or the application's own

	mu       sync.Mutex
	environs []wire.Environ
	access   []string
	errors   []string
	hijacked bool
}

// Play plays a case to a server of its own, and returns what came of it. Silence is
// how long the server has to say nothing until nothing more is expected of it.
func (s Subject) Play(of *wire.Case, silence time.Duration) (*wire.Outcome, error) {
	p := &player{of: of, app: s.App, seen: s.Seen, closed: make(chan struct{})}
	if p.seen != nil {
		p.id = strconv.FormatUint(played.Add(1), 10)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.server = p.newServer()
	go func() { _ = p.server.Serve(l) }()
	defer p.server.Close()
	c, err := dial(l.Addr().String(), of.Methods, silence)
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	o := p.play(c)
	return o, p.addSeen(o)
}

// played numbers the cases that were played.
var played atomic.Uint64

// addSeen puts what applications in another process saw and counted into an outcome.
func (p *player) addSeen(o *wire.Outcome) error {
	if p.seen == nil {
		return nil
	}
	seen, err := p.seen(p.id)
	if err != nil {
		return err
	}
	o.Counters, o.Environs = seen.Counters, seen.Environs
	if p.of.GoesAway() {
		delete(o.Counters, "yields")
	}
	for _, env := range o.Environs {
		stableEnviron(env)
	}
	return nil
}

func (p *player) newServer() *adapter.Server {
	server := adapter.NewServer("", p.application)
	server.Environ = map[string]any{"SERVER_NAME": "localhost", wire.CountersKey: &p.counters}
	if p.seen != nil {
		server.Environ[wire.CaseKey] = p.id
	}
	server.Log = logFunc(func(line string) { p.access = append(p.access, line) }).locked(&p.mu)
	server.ErrorLog = logFunc(func(text string) { p.errors = append(p.errors, text) }).locked(&p.mu)
	server.HTTP.ConnState = p.connState
	return server
}

type logFunc func(text string)

func (f logFunc) Write(text []byte) (int, error) { f(string(text)); return len(text), nil }

func (f logFunc) locked(mu *sync.Mutex) logFunc {
	return func(text string) {
		mu.Lock()
		defer mu.Unlock()
		f(text)
	}
}

func (p *player) connState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateHijacked:
		p.mu.Lock()
		p.hijacked = true
		p.mu.Unlock()
		close(p.closed)
	case http.StateClosed:
		close(p.closed)
	}
}

func (p *player) application(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	seen := wire.Snapshot(env)
	stableEnviron(seen)
	p.mu.Lock()
	p.environs = append(p.environs, seen)
	p.mu.Unlock()
	return p.app(env, start)
}

// stableEnviron brings the values of an environ into the form of the recording.
func stableEnviron(env wire.Environ) {
	for key, value := range env {
		if value.Type == "" {
			env[key] = wire.Value{Text: string(wire.Shown(value.Text))}
		}
	}
	env["REMOTE_PORT"], env["SERVER_PORT"] = wire.Value{Text: "<port>"}, wire.Value{Text: "<port>"}
}

func (p *player) play(c *client) *wire.Outcome {
	if !p.of.GoesAway() {
		go c.read()
	}
	for _, step := range p.of.Steps {
		c.take(step)
	}
	c.wait(never)
	received, closed := c.seen()
	late := p.end(c, len(received))
	return p.outcome(received, closed, late)
}

// end closes the connection, so that the server writes its last log lines, and
// returns the bytes that the server sends while that happens.
func (p *player) end(c *client, seen int) string {
	if _, ended := c.seen(); !ended {
		_ = c.conn.CloseWrite()
		c.wait(never)
	}
	received, _ := c.seen()
	_ = c.conn.Close()
	select {
	case <-p.closed:
	case <-time.After(patience):
	}
	p.awaitHijacked()
	return received[seen:]
}

// awaitHijacked waits for the access line of a connection that was hijacked, whose
// end net/http does not report.
func (p *player) awaitHijacked() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for ctx.Err() == nil && p.unlogged() {
		time.Sleep(5 * time.Millisecond)
	}
}

func (p *player) unlogged() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hijacked && len(p.access) < len(p.environs)
}

func (p *player) outcome(received string, closed bool, late string) *wire.Outcome {
	found := wire.ParseResponses(received, p.of.Methods, closed)
	for i := range found.Responses {
		found.Responses[i].Normalise()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	o := &wire.Outcome{
		Responses: found.Responses, TrailingInterim: found.Interim, Leftover: wire.Shown(found.Rest), Late: wire.Shown(late),
		Connection: "open", Environs: p.environs, Counters: p.counters.Take(),
	}
	if closed {
		o.Connection = "closed"
	}
	if p.of.GoesAway() {
		delete(o.Counters, "yields")
	}
	for _, line := range p.access {
		o.AccessLog = append(o.AccessLog, p.stableLine(line))
	}
	for _, text := range p.errors {
		o.ErrorLog = append(o.ErrorLog, entryOf(text))
	}
	return o
}

var (
	logTime     = regexp.MustCompile(`\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]`)
	logDuration = regexp.MustCompile(` \d+\.\d{6}$`)
	logBytes    = regexp.MustCompile(` \d+ <seconds>$`)
)

func (p *player) stableLine(line string) wire.Text {
	line = logTime.ReplaceAllString(strings.TrimSuffix(line, "\n"), "[<time>]")
	line = logDuration.ReplaceAllString(line, " <seconds>")
	if p.of.GoesAway() || slices.Contains(p.of.Apps, "environ") {
		line = logBytes.ReplaceAllString(line, " <bytes> <seconds>")
	}
	return wire.Shown(line)
}

// serverLine is a line that net/http itself wrote to the log.
var serverLine = regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (.*)\n$`)

// entryOf is the entry for a text written to the error log. The record of a failure
// is known by the masked environ in its second line.
func entryOf(text string) wire.LogEntry {
	first, rest, _ := strings.Cut(text, "\n")
	switch own := serverLine.FindStringSubmatch(text); {
	case own != nil:
		return wire.LogEntry{Kind: "server", Text: own[1]}
	case strings.HasPrefix(text, "Invalid request "):
		return wire.LogEntry{Kind: "client", Text: "Invalid request"}
	case strings.HasPrefix(rest, "{"):
		_, what, _ := strings.Cut(first, ": ")
		return wire.LogEntry{Kind: "exception", Text: what}
	default:
		return wire.LogEntry{Kind: "app", Text: text}
	}
}
