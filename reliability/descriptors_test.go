//go:build unix

package reliability

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// childEnv makes this test's program the server of TestNoDescriptorsLeft.
const childEnv = "GOWSGI_RELIABILITY_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		if err := serveWithFewDescriptors(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveWithFewDescriptors serves until its standard input ends.
func serveWithFewDescriptors() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	srv := adapter.NewServer("", new(counts).app)
	srv.Log = io.Discard
	return srv.Run(ctx, l)
}

// TestNoDescriptorsLeft: a server that has no file descriptor for another
// connection goes on with those that it has, says so now and then, and takes new
// ones when descriptors are free again.
func TestNoDescriptorsLeft(t *testing.T) {
	logs := new(wiretest.Buffer)
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childEnv+"=1")
	child.Stderr = logs
	in, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	addr, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	addr = strings.TrimSpace(addr)

	early := http1Client()
	url := "http://" + addr + "/stream"
	require.NoError(t, ask(early, "GET", url, nil, string(streamed)))
	var crowd []net.Conn
	for range 150 {
		c, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		crowd = append(crowd, c)
	}
	eventually(t, func() bool { return strings.Contains(logs.String(), "too many open files") }, "nothing in the log")
	require.NoError(t, ask(early, "GET", url, nil, string(streamed)), "on a connection from before")
	for _, c := range crowd {
		require.NoError(t, c.Close())
	}
	late := http1Client()
	defer late.CloseIdleConnections()
	defer early.CloseIdleConnections()
	require.NoError(t, ask(late, "GET", url, nil, string(streamed)), "when descriptors are free again")
	require.NoError(t, in.Close())
	_ = child.Wait()
	require.True(t, child.ProcessState.Success(), logs.String())
	lines := strings.Split(strings.TrimSuffix(logs.String(), "\n"), "\n")
	t.Logf("%d lines, such as %s", len(lines), lines[0])
	for _, line := range lines {
		require.Regexp(t, `http: Accept error: accept tcp .*: too many open files; retrying in \d+m?s$`, line)
	}
}
