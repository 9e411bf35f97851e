//go:build unix

package python_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/python"
)

// terminal is a program as one runs it in a terminal: it serves until Ctrl-C, and
// prints its address and its worker's process id.
func terminal() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fail := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	app, err := python.Start(ctx, python.Config{App: "catalogue", Dir: "testdata/apps", Workers: 1, Threads: 2})
	fail(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	fmt.Println(l.Addr(), app.Stats().Workers[0].PID)
	server := adapter.NewServer("", app.ServeWSGI)
	server.StopTimeout = wiretest.Patience
	fail(server.Run(ctx, l))
	fail(app.Close())
}

// Ctrl-C reaches every process in the terminal's foreground group. The workers are
// not in it: the request in flight ends, the program stops its worker itself, and
// nothing is left.
func TestCtrlC(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "GOWSGI_TEST_TERMINAL=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	log := new(wiretest.Buffer)
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	var address string
	var pid int
	_, err = fmt.Sscan(line, &address, &pid)
	require.NoError(t, err, line)

	s := wiretest.Client(t, address)
	release := filepath.Join(t.TempDir(), "signal")
	c := s.Dial()
	c.Send("GET /waits?" + release + " HTTP/1.1\nHost: x\n\n")
	c.Until("first;")
	require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT))
	eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, "the program stops listening")
	require.False(t, gone(pid), "the worker goes on")
	require.NoError(t, os.WriteFile(release, nil, 0o600))
	c.Until("second")
	require.NoError(t, cmd.Wait(), log.String())
	require.True(t, gone(pid))
	for _, bad := range []string{"KeyboardInterrupt", "killed", "ended by itself"} {
		require.False(t, strings.Contains(log.String(), bad), log.String())
	}
}
