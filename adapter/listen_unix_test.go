//go:build unix

package adapter_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
)

const errInUse = syscall.EADDRINUSE

func isInUse(err error) bool { return errors.Is(err, errInUse) }

// fillQueue listens on path, accepts nothing, and fills the queue of connections.
func fillQueue(t *testing.T, path string) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}))
	require.NoError(t, syscall.Listen(fd, 0))
	for {
		c, err := net.Dial("unix", path)
		if errors.Is(err, syscall.EAGAIN) {
			return
		}
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
	}
}

// TestMain lets a test start this program again as one that listens on the
// addresses that its environment names.
func TestMain(m *testing.M) {
	if addrs := os.Getenv("GOWSGI_TEST_LISTEN"); addrs != "" {
		os.Exit(listenAll(strings.Split(addrs, " ")))
	}
	os.Exit(m.Run())
}

// listenAll prints where each address lies or why it does not. Each listener
// answers one connection with its number.
func listenAll(addrs []string) int {
	for i, addr := range addrs {
		l, err := adapter.Listen(addr)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(l.Addr().Network(), l.Addr())
		if os.Getenv("GOWSGI_TEST_HOLD") != "" {
			_, _ = io.Copy(io.Discard, os.Stdin)
			_ = l.Close()
			continue
		}
		c, err := l.Accept()
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Fprint(c, i)
		_ = c.Close()
		_ = l.Close()
	}
	return 0
}

// child is a second process with the sockets from descriptor 3 on. Its pid
// becomes LISTEN_PID, as systemd has it, unless environ says another one.
func child(t *testing.T, addrs string, sockets []*os.File, environ ...string) string {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", `: ${LISTEN_PID:=$$}; export LISTEN_PID; exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), "GOWSGI_TEST_LISTEN="+addrs, "GORACE=atexit_sleep_ms=0")
	cmd.Env = append(cmd.Env, environ...)
	cmd.ExtraFiles = sockets
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// passable is a listener for a child, with a connection in its queue.
func passable(t *testing.T, network, addr string) (*os.File, string) {
	t.Helper()
	l, err := net.Listen(network, addr)
	require.NoError(t, err)
	file, err := l.(interface{ File() (*os.File, error) }).File()
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close(); _ = l.Close() })
	c, err := net.Dial(network, l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return file, network + " " + l.Addr().String() + "\n"
}

func TestListenDescriptor(t *testing.T) {
	tcp, tcpLine := passable(t, "tcp", "127.0.0.1:0")
	unix, unixLine := passable(t, "unix", filepath.Join(t.TempDir(), "s"))
	out := child(t, "fd://4 fd://3 fd://3 fd://9", []*os.File{tcp, unix})
	require.Equal(t, unixLine+tcpLine+
		`adapter: listening on "fd://3": descriptor 3 is taken already: each can be listened on once`+"\n"+
		`adapter: listening on "fd://9": descriptor 9 is not open: the program that starts this one has to pass it on`+"\n", out)
}

// TestListenDescriptorOfItsOwn: one that the program has opened itself stays open
// and its own.
func TestListenDescriptorOfItsOwn(t *testing.T) {
	outer, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	file, err := outer.(*net.TCPListener).File()
	require.NoError(t, err)
	require.NoError(t, outer.Close())
	addr := "fd://" + strconv.Itoa(int(file.Fd()))
	l := listen(t, addr)
	pingOver(t, l)
	_, err = adapter.Listen(addr)
	require.ErrorContains(t, err, "is taken already: each can be listened on once")
	require.NoError(t, l.Close())
	if runtime.GOOS == "linux" { // elsewhere it cannot be told from one that was inherited
		require.NoError(t, file.Close())
	}
}

// TestListenDescriptorRefuses: a descriptor that cannot be used stays open.
func TestListenDescriptorRefuses(t *testing.T) {
	pipe, other, err := os.Pipe()
	require.NoError(t, err)
	defer pipe.Close()
	defer other.Close()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer packets.Close()
	datagrams, err := packets.(*net.UDPConn).File()
	require.NoError(t, err)
	defer datagrams.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	connection, err := c.(*net.TCPConn).File()
	require.NoError(t, err)
	defer connection.Close()
	for _, tt := range []struct {
		name string
		file *os.File
		want string
	}{
		{"a pipe", pipe, "is no socket: pass on a TCP or Unix stream socket that listens"},
		{"UDP", datagrams, "is no stream socket: pass on a TCP or Unix stream socket that listens (systemd: ListenStream=)"},
		{"a connection", connection, "is a socket that does not listen: pass on one after its listen call (systemd: Accept=no)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fd := tt.file.Fd()
			for range 2 {
				_, err := adapter.Listen(fmt.Sprintf("fd://%d", fd))
				require.EqualError(t, err, fmt.Sprintf(`adapter: listening on "fd://%d": descriptor %d %s`, fd, fd, tt.want))
			}
			_, err := tt.file.Stat()
			require.NoError(t, err)
		})
	}
}

func TestListenSystemd(t *testing.T) {
	for _, tt := range []struct {
		name, addrs string
		count       int // of the sockets that are passed
		environ     []string
		taken       []int // which of them, in the order of the addresses
		failed      string
	}{
		{"the first", "systemd:", 1, []string{"LISTEN_FDS=1"}, []int{0}, ""},
		{"each once", "systemd: systemd: systemd:", 2, []string{"LISTEN_FDS=2"}, []int{0, 1},
			`"systemd:": all of the sockets that systemd passed for this address are taken already: each can be listened on once`},
		{"by name", "systemd:web systemd:admin", 2, []string{"LISTEN_FDS=2", "LISTEN_FDNAMES=admin:web"}, []int{1, 0}, ""},
		{"a name twice", "systemd:web systemd:web", 3, []string{"LISTEN_FDS=3", "LISTEN_FDNAMES=web:admin:web"}, []int{0, 2}, ""},
		{"a name, then the first", "systemd:admin systemd:", 2, []string{"LISTEN_FDS=2", "LISTEN_FDNAMES=admin:web"}, []int{0, 1}, ""},
		{"a descriptor, then the first", "fd://3 systemd:", 2, []string{"LISTEN_FDS=2"}, []int{0, 1}, ""},
		{"without names", "systemd:unknown", 1, []string{"LISTEN_FDS=1"}, []int{0}, ""},
		{"an unknown name", "systemd:api", 2, []string{"LISTEN_FDS=2", "LISTEN_FDNAMES=admin:web"}, nil,
			`"systemd:api": systemd passed no socket called "api", but ["admin" "web"]: set FileDescriptorName= in the .socket unit`},
		{"none passed", "systemd:", 1, []string{"LISTEN_FDS="}, nil,
			`"systemd:": systemd passed no sockets (LISTEN_FDS is not set): start the program by its .socket unit, or by systemd-socket-activate`},
		{"no number", "systemd:", 1, []string{"LISTEN_FDS=many"}, nil, `"systemd:": LISTEN_FDS is "many", and no number of sockets`},
		{"too many", "systemd:", 1, []string{"LISTEN_FDS=1000000000"}, nil, `"systemd:": LISTEN_FDS is "1000000000", and no number of sockets`},
		{"for another process", "systemd:", 1, []string{"LISTEN_FDS=1", "LISTEN_PID=1"}, nil,
			`"systemd:": systemd's sockets are for the process that LISTEN_PID names, "1", and this is PID: start the program itself, or by exec at the end of a script`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files, lines := make([]*os.File, tt.count), make([]string, tt.count)
			for i := range files {
				files[i], lines[i] = passable(t, "tcp", "127.0.0.1:0")
			}
			var want string
			for _, i := range tt.taken {
				want += lines[i]
			}
			if tt.failed != "" {
				want += "adapter: listening on " + tt.failed + "\n"
			}
			out := child(t, tt.addrs, files, tt.environ...)
			require.Equal(t, want, regexp.MustCompile(`this is \d+`).ReplaceAllString(out, "this is PID"))
		})
	}
}

// TestListenUnixProcesses: also of several processes, one replaces an old file.
func TestListenUnixProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for range 3 {
		stale(t, path)
		var processes []*exec.Cmd
		var inputs []io.Closer
		var lines []string
		var outputs []*bufio.Reader
		for range 4 {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "GOWSGI_TEST_LISTEN=unix:"+path, "GOWSGI_TEST_HOLD=1", "GORACE=atexit_sleep_ms=0")
			in, err := cmd.StdinPipe()
			require.NoError(t, err)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			processes, inputs, outputs = append(processes, cmd), append(inputs, in), append(outputs, bufio.NewReader(out))
		}
		won := 0
		for _, out := range outputs {
			line, err := out.ReadString('\n')
			require.NoError(t, err)
			lines = append(lines, line)
			if line == "unix "+path+"\n" {
				won++
			} else {
				require.Contains(t, line, "a server is listening on "+path+": stop it, or choose another path: ")
			}
		}
		require.Equal(t, 1, won, "%q", lines)
		c, err := net.Dial("unix", path)
		require.NoError(t, err)
		require.NoError(t, c.Close())
		for i, cmd := range processes {
			require.NoError(t, inputs[i].Close())
			require.NoError(t, cmd.Wait())
		}
		require.NoFileExists(t, path)
	}
}
