package reliability

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/conformance/wire"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/secure"
)

// The secrets lie where no log may show them: in the base environ, and in a header
// that each request gets.
const baseSecret, headerSecret = "b4se-s3cr3t-61f0", "h34der-s3cr3t-9d27"

// fuzzed fails, panics or echoes.
func fuzzed(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	switch path := env.Get("PATH_INFO"); {
	case strings.Contains(path, "fail"):
		return nil, errors.New("boom")
	case strings.Contains(path, "panic"):
		panic("boom")
	case strings.Contains(path, "log"):
		_ = env.Errors().WriteLines([]string{"an App's line\n"})
	}
	body, err := env.Input().ReadN(-1)
	if err != nil {
		return nil, err
	}
	_, err = start("200 OK", plain)
	return adapter.Text(digest(body)), err
}

// The lines that logs may have. Whatever a client sends, no other line appears.
var (
	accessLine = regexp.MustCompile(`^127\.0\.0\.1 - - \[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] "[ -~]*" \d{3} (\d+|-) \d+\.\d+$`)
	errorLine  = regexp.MustCompile(`^(Invalid request \(from 127\.0\.0\.1:\d+\): [[:print:]]*` +
		`|[ -~]* HTTP/\d\.\d: (boom|adapter: the App panicked: boom)` +
		`|\{.*\(hidden keys: \d+\)\}|<environ\.Environ \(keys: \d+\)>` +
		`|an App's line` +
		`|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d http2?: [ -~]*)$`)
	// The stack of a panic has lines of its own kind.
	stackLine = regexp.MustCompile(`^(goroutine \d+ \[running\]:|created by [ -~]*|\t[ -~]*:\d+( \+0x[0-9a-f]+)?|[\w./%]+[ -~]*\([ -~]*\)|panic\([ -~]*\))$`)
)

// FuzzServer sends any bytes to a server, over HTTP/1 and HTTP/2: it answers,
// closes, or waits out its timeout. It never goes down, never tells a secret, and
// writes no line to its logs but its own.
func FuzzServer(f *testing.F) {
	for _, seed := range catalogue(f) {
		f.Add([]byte(seed))
	}
	for _, seed := range []string{
		"GET /fail HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /panic%0a127.0.0.1%20-%20- HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /fail?\x1b[2J HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET http://user:password@x/fail HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /log HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x06\x01\x05\x00\x00\x00\x01\x82\x84\x86\x41\x01x",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\x00\x00\x00\x00\x00\x00",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := serve(t, fuzzed, func(s *adapter.Server) {
			s.Environ = map[string]any{"app.secret": baseSecret}
			s.Policy = &secure.WSGI
			s.HTTP.ReadHeaderTimeout, s.HTTP.ReadTimeout, s.HTTP.IdleTimeout = time.Second, 2*time.Second, time.Second
		})
		got := exchange(t, s.addr, withSecret(string(raw)))
		s.stop(t)
		if got != "" && !strings.HasPrefix(got, "HTTP/1.") && !strings.HasPrefix(string(raw), "PRI ") {
			t.Errorf("the answer is %q", got)
		}
		for where, text := range map[string]string{"answer": got, "access log": s.log.String(), "error log": s.errs.String()} {
			if strings.Contains(text, baseSecret) || strings.Contains(text, headerSecret) {
				t.Errorf("a secret is in the %s: %q", where, text)
			}
		}
		for line := range strings.Lines(s.log.String()) {
			if !accessLine.MatchString(strings.TrimSuffix(line, "\n")) {
				t.Errorf("in the access log: %q", line)
			}
		}
		for line := range strings.Lines(s.errs.String()) {
			line = strings.TrimSuffix(line, "\n")
			if !errorLine.MatchString(line) && !stackLine.MatchString(line) {
				t.Errorf("in the error log: %q", line)
			}
		}
	})
}

// catalogue are the requests of the conformance suite, as they were sent.
func catalogue(f *testing.F) []string {
	data, err := os.ReadFile("../conformance/python/requests.json")
	if err != nil {
		f.Fatal(err)
	}
	var cases []wire.Case
	if err := json.Unmarshal(data, &cases); err != nil {
		f.Fatal(err)
	}
	var seeds []string
	seen := make(map[string]bool)
	for i := range cases {
		// The suite's applications are not here: only what is special to the
		// request counts.
		sent := appHeader.ReplaceAllString(cases[i].Sent(), "")
		if len(sent) < 4096 && !seen[sent] {
			seen[sent] = true
			seeds = append(seeds, sent)
		}
	}
	return seeds
}

var appHeader = regexp.MustCompile(`X-App: [^\r\n]*\r\n`)

// withSecret puts a header behind the request line.
func withSecret(raw string) string {
	line, rest, ok := strings.Cut(raw, "\r\n")
	if !ok || strings.HasPrefix(raw, "PRI ") {
		return raw
	}
	return line + "\r\nCookie: session=" + headerSecret + "\r\n" + rest
}

// exchange sends raw and returns all that comes back.
func exchange(t *testing.T, addr, raw string) string {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(c, raw)
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the server neither answers nor closes; so far %q", got)
	}
	<-sent
	return string(got)
}
