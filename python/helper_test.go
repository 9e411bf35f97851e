//go:build unix

package python_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/python"
)

// running is an App behind a real server.
type running struct {
	*python.App
	*wiretest.Server
	log    *wiretest.Buffer // Config.ErrorLog
	errors *wiretest.Buffer // Handler.ErrorLog
	t      *testing.T
}

// run starts the application that c names, the catalogue by default, and a
// server for it. Both stop with the test. Each of configure may change the server.
func run(t *testing.T, c python.Config, configure ...func(*http.Server)) *running {
	t.Helper()
	s := &running{log: new(wiretest.Buffer), errors: new(wiretest.Buffer), t: t}
	if c.App == "" {
		c.App = "catalogue"
	}
	if c.Dir == "" {
		c.Dir = "testdata/apps"
	}
	if c.Workers == 0 {
		c.Workers = 1
	}
	c.ErrorLog = s.log
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("0123456789abcdef"), 0o600))
	c.Env = append(c.Env, "TEST_FILE="+file, "PYTHONDONTWRITEBYTECODE=1")
	app, err := python.Start(context.Background(), c)
	require.NoError(t, err)
	s.App = app
	t.Cleanup(func() {
		_ = app.Close()
		if t.Failed() {
			t.Logf("the workers' log:\n%s\nthe requests' log:\n%s", s.log, s.errors)
		}
	})
	s.Server = wiretest.Serve(t, &adapter.Handler{App: app.ServeWSGI, ErrorLog: s.errors}, configure...)
	return s
}

// get returns status and body of a GET.
func (s *running) get(path string) (int, string) {
	s.t.Helper()
	res, err := http.Get(s.URL(path))
	require.NoError(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err, path)
	return res.StatusCode, string(body)
}

// body returns the body of a GET that must succeed.
func (s *running) body(path string) string {
	s.t.Helper()
	status, body := s.get(path)
	require.Equal(s.t, 200, status, "%s: %s", path, body)
	return body
}

// pid is the one worker's process id.
func (s *running) pid() int {
	s.t.Helper()
	n, err := strconv.Atoi(s.body("/pid"))
	require.NoError(s.t, err)
	return n
}

// eventually waits until ok, and fails the test if that takes too long.
func eventually(t *testing.T, ok func() bool, what string) {
	t.Helper()
	for until := time.Now().Add(wiretest.Patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("never: %s", what)
		}
	}
}

// gone reports whether a process is gone, or a zombie.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := strings.Cut(string(stat), ") ")
	return err == nil && strings.HasPrefix(rest, "Z")
}
