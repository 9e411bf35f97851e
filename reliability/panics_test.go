package reliability

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// TestPanicStorm: Apps panic in every place, many at once. Each panic is one
// record, each Body is closed once, and the others are served.
func TestPanicStorm(t *testing.T) {
	requests := 300
	if long {
		requests = 9600
	}
	before := hold()
	n := new(counts)
	var aborted atomic.Int64
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		switch env.Get("PATH_INFO") {
		case "/before":
			panic("storm before start")
		case "/started":
			_, _ = start("200 OK", plain)
			panic(fmt.Errorf("storm after start: %w", io.ErrUnexpectedEOF))
		case "/body":
			n.opened.Add(1)
			_, err := start("200 OK", plain)
			return &counted{counts: n, seq: func(yield func([]byte, error) bool) {
				yield([]byte("some"), nil)
				panic("storm in the Body")
			}}, err
		case "/nil":
			var nowhere *counts
			nowhere.opened.Add(1)
		case "/abort":
			aborted.Add(1)
			panic(http.ErrAbortHandler)
		}
		return n.app(env, start)
	}
	s := serve(t, app)
	paths := []string{"/before", "/started", "/body", "/nil", "/abort", "/stream"}
	clients := []*http.Client{http1Client(), wiretest.H2Client()}
	var storm sync.WaitGroup
	var next atomic.Int64
	for w := range 16 {
		storm.Go(func() {
			for i := next.Add(1); i <= int64(requests); i = next.Add(1) {
				path := paths[int(i)%len(paths)]
				if err := storms(clients[w%2], s.url(path), path); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		})
	}
	storm.Wait()
	for _, client := range clients {
		client.CloseIdleConnections()
	}
	s.stop(t)
	logs := s.errs.String()
	before.settle(t, 4*len(logs)) // its Buffer, as it grew, and the text
	require.Equal(t, n.opened.Load(), n.closed.Load(), "Bodies and their Closes")
	require.Zero(t, n.twice.Load())
	each := requests / len(paths)
	require.GreaterOrEqual(t, aborted.Load(), int64(each)) // a client may ask again after that
	for _, text := range []string{"storm before start\n", "storm after start: unexpected EOF\n", "storm in the Body\n", "invalid memory address or nil pointer dereference\n"} {
		require.Equal(t, each, strings.Count(logs, text), text)
	}
	require.Equal(t, 4*each, strings.Count(logs, ": adapter: the App panicked: "))
	require.NotContains(t, logs, "http: panic serving")
}

// storms makes a request and looks whether it ended as its path says.
func storms(client *http.Client, url, path string) error {
	res, err := client.Get(url)
	if path == "/abort" {
		if err == nil {
			_ = res.Body.Close()
			return errors.New("an answer to an aborted request")
		}
		return nil
	}
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	switch {
	case path == "/stream":
		if err != nil || string(body) != string(streamed) {
			return fmt.Errorf("%d bytes: %w", len(body), err)
		}
	case path == "/body":
		if err == nil || string(body) != "some" {
			return fmt.Errorf("%q and no error", body)
		}
	case res.StatusCode != http.StatusInternalServerError || string(body) != "Internal Server Error":
		return fmt.Errorf("%s %q", res.Status, body)
	}
	return nil
}
