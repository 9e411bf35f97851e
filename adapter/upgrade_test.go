package adapter_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

const (
	askUpgrade = "GET /chat HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: echo\n\n"
	switched   = "HTTP/1.1 101 Switching Protocols\nConnection: Upgrade\nUpgrade: echo\n\n"
)

var upgrade = adapter.Headers{{"Upgrade", "echo"}, {"Connection", "Upgrade"}}

// shout takes the connection over and answers each line in capitals.
func shout(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	write, err := start("101 Switching Protocols", upgrade)
	if err != nil {
		return nil, err
	}
	for line, err := range env.Input().Lines() {
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(write, strings.ToUpper(string(line))); err != nil {
			return nil, err
		}
	}
	return adapter.Text("bye"), nil
}

func TestUpgrade(t *testing.T) {
	tests := []struct {
		name string
		app  adapter.App
		send string
		want string
		log  string
	}{
		{"bytes that came early", shout, askUpgrade + "one\ntwo\n", switched + "ONE\nTWO\nbye", ""},
		{"the head goes out at the end", answer("101", upgrade, nil), askUpgrade, switched, ""},
		{"the Body is raw", answer("101", upgrade, adapter.Stream(seq(nil, "a", "b"))), askUpgrade, switched + "ab", ""},
		{"replaced by an error", func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, _ = start("101", upgrade)
			_, err := start("503 Busy", nil, errors.New("busy"))
			n, readErr := env.Input().ReadN(-1)
			if len(n) > 0 || readErr != nil {
				return nil, errors.New("the input is not the empty body")
			}
			return adapter.Text("no"), err
		}, askUpgrade, "HTTP/1.1 503 Service Unavailable\nContent-Length: 2\n\nno", ""},
		{"fails before the head is out", func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, _ = start("101", upgrade)
			return nil, errors.New("boom")
		}, askUpgrade, internalError, "boom"},
		{"fails after", answer("101", upgrade, adapter.Stream(seq(errors.New("boom"), "a"))), askUpgrade, switched + "a", "boom"},
		{"not over HTTP/1.0", shout, "GET / HTTP/1.0\nConnection: Upgrade\nUpgrade: echo\n\n",
			strings.Replace(internalError, "1.1", "1.0", 1), "adapter: status 101 switches protocols on an HTTP/1.1 connection of its own only"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			srv := wiretest.Serve(t, &adapter.Handler{App: test.app, ErrorLog: errs})
			got := srv.Do(test.send)
			if test.name == "not over HTTP/1.0" {
				got = strings.Replace(got, "Connection: close\n", "", 1)
				test.want = strings.Replace(test.want, "Connection: close\n", "", 1)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("on the wire (-want +got):\n%s", diff)
			}
			errs.Wait(t, test.log) // the connection closes before the record is written
			if test.log == "" {
				require.Empty(t, errs.String())
			}
			require.Empty(t, srv.Logs.String())
		})
	}
}

// TestUpgradeConversation sends the head with the first read, and then line by line.
func TestUpgradeConversation(t *testing.T) {
	srv := wiretest.Serve(t, &adapter.Handler{App: shout})
	c := srv.Dial()
	c.Send(askUpgrade)
	require.Equal(t, switched, c.Until("\r\n\r\n"))
	c.Send("hello\n")
	require.Equal(t, "HELLO\n", c.Until("\n"))
	require.NoError(t, c.CloseWrite())
	require.Equal(t, "bye", c.All())
}

func TestUpgradeOverHTTP2(t *testing.T) {
	var refused error
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, refused = start("101", upgrade)
		_, err := start("200 OK", nil)
		return nil, err
	}
	srv := wiretest.Serve(t, &adapter.Handler{App: app}, wiretest.H2C)
	res, err := wiretest.H2Client().Get(srv.URL("/"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.EqualError(t, refused, "adapter: status 101 switches protocols on an HTTP/1.1 connection of its own only")
	require.Equal(t, http.StatusOK, res.StatusCode)
}
