package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// At a terminal what the command says of itself is green, unless NO_COLOR is set.
func TestColour(t *testing.T) {
	for _, test := range []struct {
		name, env, want string
	}{
		{"terminal", "TERM=xterm", "\x1b[32mThe application starts\x1b[0m: app\r\n"},
		{"NO_COLOR", "NO_COLOR=1", "The application starts: app\r\n"},
		{"dumb", "TERM=dumb", "The application starts: app\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			master, terminal := openTerminal(t)
			cmd := exec.Command(os.Args[0], "--check-config", "app")
			cmd.Dir, cmd.Stderr = appDir(t), terminal
			cmd.Env = append(append(os.Environ(), childEnv...), "NO_COLOR=", "TERM=xterm", test.env)
			require.NoError(t, cmd.Run())
			require.NoError(t, terminal.Close())
			output, _ := io.ReadAll(master) // ends with EIO: nobody has the terminal open
			require.Contains(t, string(output), test.want)
		})
	}
}

// At a terminal the changes of state stand out too, and ^C ends the command.
func TestStatesAtATerminal(t *testing.T) {
	master, terminal := openTerminal(t)
	cmd := exec.Command(os.Args[0], "-b", "127.0.0.1:0", "app")
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = appDir(t), terminal, terminal, terminal
	cmd.Env = append(append(os.Environ(), childEnv...), "NO_COLOR=", "TERM=xterm")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, cmd.Start())
	require.NoError(t, terminal.Close())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	limit := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()

	var output strings.Builder
	for _, step := range []struct{ says, does string }{
		{"\x1b[32mListening at\x1b[0m: http://127.0.0.1:", "HUP"},
		{"\x1b[32mWorkers replaced\x1b[0m\r\n", "^C"},
	} {
		for buf := make([]byte, 4096); !strings.Contains(output.String(), step.says); {
			n, err := master.Read(buf)
			output.Write(buf[:n])
			require.NoError(t, err, output.String())
		}
		if step.does == "HUP" {
			require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
			continue
		}
		_, err := master.Write([]byte{3})
		require.NoError(t, err)
	}
	_, _ = io.Copy(&output, master)
	require.NoError(t, cmd.Wait(), output.String())
}

// openTerminal returns a pseudo-terminal and its master.
func openTerminal(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = master.Close() })
	var locked, number int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &locked, syscall.TIOCGPTN: &number} {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(value)))
		require.Zero(t, errno)
	}
	terminal, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	return master, terminal
}
