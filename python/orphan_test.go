//go:build unix

package python_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/python"
)

func TestMain(m *testing.M) {
	if os.Getenv("GOWSGI_TEST_ORPHAN") != "" {
		orphan()
		return
	}
	if os.Getenv("GOWSGI_TEST_TERMINAL") != "" {
		terminal()
		return
	}
	os.Exit(m.Run())
}

// orphan starts workers whose application starts children, names all their
// processes, and waits to be killed.
func orphan() {
	app, err := python.Start(context.Background(), python.Config{App: "catalogue", Dir: "testdata/apps", Workers: 2, ErrorLog: io.Discard})
	if err != nil {
		fmt.Println(err)
		return
	}
	env := environ.New(map[string]any{"REQUEST_METHOD": "GET", "PATH_INFO": "/leaves_children", "SCRIPT_NAME": "", "QUERY_STRING": ""})
	body, err := app.ServeWSGI(env, func(string, adapter.Headers, ...error) (io.Writer, error) { return io.Discard, nil })
	if err != nil {
		fmt.Println(err)
		return
	}
	var text []byte
	for chunk := range body.Chunks() {
		text = append(text, chunk...)
	}
	for _, w := range app.Stats().Workers {
		text = fmt.Appendf(text, " %d", w.PID)
	}
	fmt.Println(string(text))
	select {}
}

// A kill -9 of the Go process leaves no worker, and nothing that one started.
func TestKilledServer(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "GOWSGI_TEST_ORPHAN=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	fields := strings.Fields(line)
	require.Len(t, fields, 5, line)
	for _, field := range fields {
		pid, err := strconv.Atoi(field)
		require.NoError(t, err, line)
		eventually(t, func() bool { return gone(pid) }, "process "+field+" is gone")
	}
}
