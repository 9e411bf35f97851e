package adapter_test

import (
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// events lists what happened, in its order.
type events struct {
	mu   sync.Mutex
	list []string
}

func (e *events) add(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.list, what) {
		e.list = append(e.list, what)
	}
}

// watchedListener tells of the end of its connections.
type watchedListener struct {
	net.Listener
	*events
}

func (l watchedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return watchedConn{conn, l.events}, err
}

type watchedConn struct {
	net.Conn
	*events
}

func (c watchedConn) Close() error {
	c.add("closed")
	return c.Conn.Close()
}

// TestFailureAfterUpgradeIsLoggedFirst: whoever sees the end of a connection that
// was taken over finds in the log why it ended, also where a write hangs.
func TestFailureAfterUpgradeIsLoggedFirst(t *testing.T) {
	for name, background := range map[string]func(w io.Writer){
		"nothing else": func(io.Writer) {},
		"a write that hangs": func(w io.Writer) {
			go func() { _, _ = w.Write(make([]byte, bothWays)) }()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var seen events
			fail := make(chan struct{})
			h := &adapter.Handler{
				App: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
					w, err := start("101 Switching Protocols", upgrade)
					if err != nil {
						return nil, err
					}
					if _, err := io.WriteString(w, "x"); err != nil {
						return nil, err
					}
					background(w)
					<-fail
					return nil, errors.New("boom")
				},
				HandleError: func(_ *environ.Environ, err error) { seen.add(err.Error()) },
			}
			srv := httptest.NewUnstartedServer(h)
			srv.Listener = watchedListener{srv.Listener, &seen}
			srv.Start()
			defer srv.Close()
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(wiretest.Patience)))
			_, err = io.WriteString(conn, strings.ReplaceAll(askUpgrade, "\n", "\r\n"))
			require.NoError(t, err)
			_, err = io.ReadFull(conn, make([]byte, len(strings.ReplaceAll(switched, "\n", "\r\n"))+1))
			require.NoError(t, err)
			close(fail)
			_, _ = io.Copy(io.Discard, conn)
			seen.mu.Lock()
			defer seen.mu.Unlock()
			require.Equal(t, []string{"boom", "closed"}, seen.list)
		})
	}
}
