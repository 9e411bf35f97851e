package adapter_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// needsUnix skips a test of what only Unix systems have: socket files with
// permissions, and descriptors that are passed on.
func needsUnix(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" {
		t.Skip("needs a Unix system")
	}
}

// listen is adapter.Listen for what must succeed; the listener closes with the test.
func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := adapter.Listen(addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// overUnix is a client of the server on a Unix socket.
func overUnix(t *testing.T, path string, protocols *http.Protocols) *http.Client {
	client := &http.Client{Transport: &http.Transport{
		Protocols: protocols,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// stale leaves a socket file at path on which nobody listens.
func stale(t *testing.T, path string) os.FileInfo {
	t.Helper()
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	require.NoError(t, l.Close())
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return info
}

// pingOver sends a byte over l and back.
func pingOver(t *testing.T, l net.Listener) {
	t.Helper()
	var both sync.WaitGroup
	defer both.Wait()
	both.Go(func() {
		if c, err := l.Accept(); err == nil {
			_, _ = c.Write([]byte("x"))
			_ = c.Close()
		}
	})
	c, err := net.DialTimeout(l.Addr().Network(), l.Addr().String(), wiretest.Patience)
	require.NoError(t, err)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(wiretest.Patience))
	_, err = c.Read(make([]byte, 1))
	require.NoError(t, err)
}

func TestListenTCP(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	require.IsType(t, &net.TCPListener{}, l)
	pingOver(t, l)
	_, err := adapter.Listen(l.Addr().String())
	require.ErrorContains(t, err, "adapter: listen tcp "+l.Addr().String()+": ")
	_, port, err := net.SplitHostPort(listen(t, ":0").Addr().String())
	require.NoError(t, err)
	require.NotEqual(t, "0", port)
}

// TestListenRefuses: each error says which address it was and what to write.
func TestListenRefuses(t *testing.T) {
	const forms = " (write host:port, :port, unix:/path, unix:@name, fd://3, systemd: or systemd:name)"
	for _, tt := range []struct{ name, addr, want string }{
		{"nothing", "", `adapter: the address "": it is empty` + forms},
		{"no port", "localhost", `adapter: listen tcp: address localhost: missing port in address` + forms},
		{"a URL", "tcp://localhost:80", `adapter: listen tcp: address tcp://localhost:80: too many colons in address` + forms},
		{"a control character", "localhost:80\n", `adapter: the address "localhost:80\n": it has a control character`},
		{"a NUL in a path", "unix:/a\x00b", `adapter: the address "unix:/a\x00b": it has a control character`},
		{"no path", "unix:", `adapter: the address "unix:": it names no socket: write unix:/path or unix:@name`},
		{"no path but a mode", "unix:?mode=0600", `adapter: the address "unix:?mode=0600": it names no socket: write unix:/path or unix:@name`},
		{"no abstract name", "unix:@", `adapter: the address "unix:@": it names no socket: write unix:/path or unix:@name`},
		{"a host", "unix://run/app", `adapter: the address "unix://run/app": a Unix socket has no host: write unix:/path`},
		{"an abstract mode", "unix:@a?mode=0600", `adapter: the address "unix:@a?mode=0600": an abstract socket has no file, and so no permissions or other options`},
		{"another option", "unix:/a?umask=0", `adapter: the address "unix:/a?umask=0": after the question mark stands something else than mode=, the one option there is`},
		{"a mode that is not octal", "unix:/a?mode=0680", `adapter: the address "unix:/a?mode=0680": a mode is an octal number from 1 to 0777, as in mode=0660`},
		{"a mode with setuid", "unix:/a?mode=4777", `adapter: the address "unix:/a?mode=4777": a mode is an octal number from 1 to 0777, as in mode=0660`},
		{"mode 0", "unix:/a?mode=0", `adapter: the address "unix:/a?mode=0": a mode is an octal number from 1 to 0777, as in mode=0660`},
		{"two options", "unix:/a?mode=0600&mode=0700", `adapter: the address "unix:/a?mode=0600&mode=0700": a mode is an octal number from 1 to 0777, as in mode=0660`},
		{"a descriptor without slashes", "fd:3", `adapter: the address "fd:3": a descriptor is written as in fd://3`},
		{"no descriptor", "fd://", `adapter: the address "fd://": a descriptor is written as in fd://3`},
		{"a negative descriptor", "fd://-1", `adapter: the address "fd://-1": a descriptor is written as in fd://3`},
		{"a large descriptor", "fd://99999999999", `adapter: the address "fd://99999999999": a descriptor is written as in fd://3`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := adapter.Listen(tt.addr)
			require.EqualError(t, err, tt.want)
			require.Nil(t, l)
		})
	}
}

func TestListenUnix(t *testing.T) {
	needsUnix(t)
	path := filepath.Join(t.TempDir(), "s")
	for _, addr := range []string{"unix:" + path, "unix://" + path} {
		l := listen(t, addr)
		require.Equal(t, path, l.Addr().String())
		pingOver(t, l)
		require.NoError(t, l.Close())
		require.NoFileExists(t, path)
		require.ErrorIs(t, l.Close(), net.ErrClosed, "a second Close")
	}
}

// TestListenUnixRelative: the file is removed where it was made.
func TestListenUnixRelative(t *testing.T) {
	needsUnix(t)
	first := t.TempDir()
	t.Chdir(first)
	l := listen(t, "unix:s")
	pingOver(t, l)
	t.Chdir(t.TempDir())
	require.NoError(t, l.Close())
	require.NoFileExists(t, filepath.Join(first, "s"))
}

func TestListenUnixMode(t *testing.T) {
	needsUnix(t)
	path := filepath.Join(t.TempDir(), "s")
	for _, tt := range []struct {
		text string
		want os.FileMode
	}{{"0600", 0o600}, {"660", 0o660}, {"0777", 0o777}, {"0007", 0o007}} {
		l := listen(t, "unix:"+path+"?mode="+tt.text)
		info, err := os.Lstat(path)
		require.NoError(t, err)
		require.Equal(t, os.ModeSocket|tt.want, info.Mode())
		require.Equal(t, path, l.Addr().String())
		require.NoError(t, l.Close())
	}
}

func TestListenUnixStale(t *testing.T) {
	needsUnix(t)
	path := filepath.Join(t.TempDir(), "s")
	stale(t, path)
	l := listen(t, "unix:"+path)
	pingOver(t, l)
	require.NoError(t, l.Close())
	require.NoFileExists(t, path)
}

// TestListenUnixInUse: nothing of the server that is there is touched, also
// where it accepts nothing and its queue is full.
func TestListenUnixInUse(t *testing.T) {
	needsUnix(t)
	path := filepath.Join(t.TempDir(), "s")
	first := listen(t, "unix:"+path)
	before, err := os.Lstat(path)
	require.NoError(t, err)
	_, err = adapter.Listen("unix:" + path + "?mode=0600")
	require.ErrorIs(t, err, errInUse)
	require.EqualError(t, err, `adapter: listening on "unix:`+path+`?mode=0600": a server is listening on `+path+
		`: stop it, or choose another path: address already in use`)
	after, err := os.Lstat(path)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after))
	require.Equal(t, before.Mode(), after.Mode())
	c, err := first.Accept() // of the one that looked
	require.NoError(t, err)
	require.NoError(t, c.Close())
	pingOver(t, first)
}

func TestListenUnixInUseAndBusy(t *testing.T) {
	needsUnix(t)
	if runtime.GOOS != "linux" {
		t.Skip("a full queue refuses connections here, as if nobody listened")
	}
	path := filepath.Join(t.TempDir(), "s")
	fillQueue(t, path)
	_, err := adapter.Listen("unix:" + path)
	require.ErrorIs(t, err, errInUse)
	require.FileExists(t, path)
}

// TestListenUnixNoSocket: what lies at the path is left alone.
func TestListenUnixNoSocket(t *testing.T) {
	needsUnix(t)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(path("file"), []byte("precious"), 0o600))
	require.NoError(t, os.Mkdir(path("dir"), 0o700))
	stale(t, path("socket"))
	require.NoError(t, os.Symlink(path("socket"), path("link")))
	require.NoError(t, os.Symlink(path("nothing"), path("dangling")))
	for _, name := range []string{"file", "dir", "link", "dangling"} {
		before, err := os.Lstat(path(name))
		require.NoError(t, err)
		_, err = adapter.Listen("unix:" + path(name))
		require.EqualError(t, err, `adapter: listening on "unix:`+path(name)+`": `+path(name)+` is no socket and was left alone: remove it, or choose another path`)
		after, err := os.Lstat(path(name))
		require.NoError(t, err)
		require.Equal(t, before, after)
	}
	text, err := os.ReadFile(path("file"))
	require.NoError(t, err)
	require.Equal(t, "precious", string(text))
}

func TestListenUnixCannot(t *testing.T) {
	needsUnix(t)
	dir := t.TempDir()
	_, err := adapter.Listen("unix:" + dir + "/none/s")
	require.ErrorContains(t, err, "its directory does not exist: make "+dir+"/none first: ")
	long := dir + "/" + strings.Repeat("long", 30)
	_, err = adapter.Listen("unix:" + long)
	require.ErrorContains(t, err, "choose a shorter one")
	require.NoFileExists(t, long)
}

func TestListenAbstract(t *testing.T) {
	name := fmt.Sprintf("unix:@gowsgi-%d-%d", os.Getpid(), time.Now().UnixNano())
	if runtime.GOOS != "linux" {
		_, err := adapter.Listen(name)
		require.ErrorContains(t, err, "only Linux has abstract Unix sockets: give a path in the place of the name: ")
		return
	}
	l := listen(t, name)
	pingOver(t, l)
	_, err := adapter.Listen(name)
	require.ErrorIs(t, err, errInUse)
	require.NoError(t, l.Close())
	listen(t, name)
}

// TestListenUnixRace: of those that find the same old file, one replaces it, and
// can be reached; the others find it in use.
func TestListenUnixRace(t *testing.T) {
	needsUnix(t)
	path := filepath.Join(t.TempDir(), "s")
	for range 20 {
		stale(t, path)
		var all sync.WaitGroup
		var mu sync.Mutex
		var won []net.Listener
		for range 8 {
			all.Go(func() {
				l, err := adapter.Listen("unix:" + path)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won = append(won, l)
					return
				}
				if !isInUse(err) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.Len(t, won, 1)
		go drain(won[0])
		c, err := net.Dial("unix", path)
		require.NoError(t, err)
		require.NoError(t, c.Close())
		require.NoError(t, won[0].Close())
		require.NoFileExists(t, path)
	}
}

// TestListenUnixHandover: a socket file stays as long as anybody listens.
func TestListenUnixHandover(t *testing.T) {
	needsUnix(t)
	path := filepath.Join(t.TempDir(), "s")
	t.Run("a successor has the socket", func(t *testing.T) {
		first := listen(t, "unix:"+path)
		file, err := first.(interface{ File() (*os.File, error) }).File()
		require.NoError(t, err)
		next, err := net.FileListener(file)
		require.NoError(t, err)
		defer next.Close()
		require.NoError(t, file.Close())
		require.NoError(t, first.Close())
		require.FileExists(t, path)
		c, err := next.Accept() // of the one that looked
		require.NoError(t, err)
		require.NoError(t, c.Close())
		pingOver(t, next)
		require.NoError(t, next.Close())
		pingOver(t, listen(t, "unix:"+path))
	})
	t.Run("a successor that failed", func(t *testing.T) {
		first := listen(t, "unix:"+path)
		file, err := first.(interface{ File() (*os.File, error) }).File()
		require.NoError(t, err)
		require.NoError(t, file.Close())
		require.NoError(t, first.Close())
		require.NoFileExists(t, path)
	})
	t.Run("as tableflip does", func(t *testing.T) {
		first := listen(t, "unix:"+path)
		first.(interface{ SetUnlinkOnClose(unlink bool) }).SetUnlinkOnClose(false)
		require.NoError(t, first.Close())
		require.FileExists(t, path)
	})
	t.Run("somebody else's socket lies there", func(t *testing.T) {
		first := listen(t, "unix:"+path)
		require.NoError(t, os.Remove(path))
		other := stale(t, path)
		require.NoError(t, first.Close())
		now, err := os.Lstat(path)
		require.NoError(t, err)
		require.True(t, os.SameFile(other, now))
	})
}

// TestListenUnixStopAndStart: closing takes nothing from the next one, which
// starts in the meantime.
func TestListenUnixStopAndStart(t *testing.T) {
	needsUnix(t)
	path := filepath.Join(t.TempDir(), "s")
	l := listen(t, "unix:"+path)
	for range 50 {
		go drain(l)
		closed := make(chan error, 1)
		go func() { closed <- l.Close() }()
		var next net.Listener
		require.Eventually(t, func() bool {
			var err error
			next, err = adapter.Listen("unix:" + path)
			return err == nil
		}, 3*wiretest.Patience, time.Millisecond)
		require.NoError(t, <-closed)
		c, err := net.Dial("unix", path)
		require.NoError(t, err)
		require.NoError(t, c.Close())
		l = next
	}
	require.NoError(t, l.Close())
}

// drain accepts and closes until l is closed.
func drain(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_ = c.Close()
	}
}
