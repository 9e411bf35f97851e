// Package live starts an example for its test as a user would, on a port of its
// own, and collects what it prints.
package live

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for an event that should take milliseconds. The
// machine may be busy.
const patience = 30 * time.Second

// Program is an example that runs.
type Program struct {
	URL    string // where it listens, without a slash at its end
	stdout *output
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// Start starts an example with args and a free port, and waits until it
// listens. It is stopped at the end of the test, if not before.
func Start(t *testing.T, run func(ctx context.Context, args []string, stdout io.Writer) error, args ...string) *Program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &Program{stdout: new(output), cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.err = run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), p.stdout)
	}()
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Errorf("the example did not stop as it should: %v", err)
		}
	})
	listening := regexp.MustCompile(`http://[0-9.:]+`)
	p.await(t, "its address", func() bool {
		p.URL = listening.FindString(p.Output())
		return p.URL != ""
	})
	return p
}

// Addr is the host and port of URL.
func (p *Program) Addr() string { return strings.TrimPrefix(p.URL, "http://") }

// Stop stops the example as Ctrl-C does, and returns the error of its run func.
func (p *Program) Stop() error {
	p.cancel()
	<-p.done
	return p.err
}

// Cancel begins to stop the example and does not wait for it.
func (p *Program) Cancel() { p.cancel() }

// Output is what the example has printed so far.
func (p *Program) Output() string { return p.stdout.String() }

// AwaitOutput waits until the example has printed text.
func (p *Program) AwaitOutput(t *testing.T, text string) {
	t.Helper()
	p.await(t, text, func() bool { return strings.Contains(p.Output(), text) })
}

func (p *Program) await(t *testing.T, what string, seen func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !seen(); time.Sleep(2 * time.Millisecond) {
		select {
		case <-p.done:
			if seen() {
				return
			}
			t.Fatalf("the example ended (%v) and did not print %s:\n%s", p.err, what, p.Output())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("the example did not print %s:\n%s", what, p.Output())
		}
	}
}

type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
