package adapter_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// overdue is a ResponseWriter that leaves a deadline on a connection that is
// taken over, as an http.Hijacker may.
type overdue struct{ http.ResponseWriter }

func (w overdue) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		err = c.SetDeadline(time.Unix(1, 0))
	}
	return c, rw, err
}

// TestUpgradeHasNoDeadline: one that was there before does not hold for what the
// protocols were switched to.
func TestUpgradeHasNoDeadline(t *testing.T) {
	h := &adapter.Handler{App: shout}
	srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(overdue{w}, r) }))
	require.Equal(t, switched+"ONE\nTWO\nbye", srv.Do(askUpgrade+"one\ntwo\n"))
}

// TestUpgradeOutlivesTheServersLimits: they are for HTTP.
func TestUpgradeOutlivesTheServersLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, m := quiet(&adapter.Handler{App: shout}), newMemory()
		srv.HTTP.ReadTimeout, srv.HTTP.WriteTimeout, srv.HTTP.IdleTimeout = time.Second, time.Second, time.Second
		go func() { _ = srv.Serve(m) }()
		here, there := net.Pipe()
		defer here.Close()
		m.dialed <- there
		_, err := io.WriteString(here, "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		require.NoError(t, err)
		in := bufio.NewReader(here)
		res, err := http.ReadResponse(in, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusSwitchingProtocols, res.StatusCode)
		for i := range 3 {
			time.Sleep(time.Hour)
			_, err := fmt.Fprintf(here, "line %d\n", i)
			require.NoError(t, err)
			line, err := in.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("LINE %d\n", i), line)
		}
		require.NoError(t, srv.Close())
	})
}
