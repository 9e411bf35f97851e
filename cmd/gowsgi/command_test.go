//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	beCommand = "GOWSGI_TEST_BE_COMMAND"
	patience  = time.Minute
)

// childEnv makes the test binary the command, whose race detector does not wait
// a second at the end.
var childEnv = []string{beCommand + "=1", "PYTHONDONTWRITEBYTECODE=1", "GORACE=atexit_sleep_ms=0 halt_on_error=1"}

// TestMain makes the test binary the command itself where a test wants that; so
// it is built once, and with the race detector where the tests are.
func TestMain(m *testing.M) {
	if os.Getenv(beCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

const application = `
import os, time

os.environ.get("BROKEN") and __import__("not_there_at_all")

print("a line of print()")

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path in ("/slow", "/hang"):
        open(environ["QUERY_STRING"], "w").close()
        time.sleep(1 if path == "/slow" else 600)
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/grow":
        application.held = b"x" * (150 << 20)
    if path == "/pid":
        return [str(os.getpid()).encode()]
    if path.startswith("/environ/"):
        return [str(environ.get(path[9:])).encode()]
    if path.startswith("/env/"):
        return [str(os.environ.get(path[5:])).encode()]
    return [b"Hello"]

def factory():
    return application
`

// child is a running command.
type child struct {
	t      *testing.T
	cmd    *exec.Cmd
	dir    string
	exited chan struct{}
	file   string // stdout and stderr; no pipe, since a successor has them too
}

func (c *child) output() string {
	text, _ := os.ReadFile(c.file)
	return string(text)
}

// start starts c.cmd, which is killed at the end of the test.
func (c *child) start() {
	c.t.Helper()
	c.file, c.exited = filepath.Join(c.t.TempDir(), "output"), make(chan struct{})
	file, err := os.OpenFile(c.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(c.t, err)
	defer file.Close()
	c.cmd.Dir, c.cmd.Stdout, c.cmd.Stderr = c.dir, file, file
	require.NoError(c.t, c.cmd.Start())
	go func() { _ = c.cmd.Wait(); close(c.exited) }()
	c.t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.exited
		if c.t.Failed() {
			c.t.Log(c.output())
		}
	})
}

func appDir(t *testing.T) string {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.py"), []byte(application), 0o644))
	return dir
}

// launch starts the command in dir.
func launch(t *testing.T, dir string, env []string, args ...string) *child {
	t.Helper()
	c := &child{t: t, dir: dir, cmd: exec.Command(os.Args[0], args...)}
	c.cmd.Env = append(os.Environ(), append(env, childEnv...)...)
	c.start()
	return c
}

// code waits for the end.
func (c *child) code() int {
	c.t.Helper()
	select {
	case <-c.exited:
	case <-time.After(patience):
		c.t.Fatalf("the command does not end:\n%s", c.output())
	}
	return c.cmd.ProcessState.ExitCode()
}

func (c *child) signal(sig syscall.Signal) { require.NoError(c.t, c.cmd.Process.Signal(sig)) }

// await waits until the output matches, and returns the first group.
func (c *child) await(pattern string) string {
	c.t.Helper()
	re := regexp.MustCompile(pattern)
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if m := re.FindStringSubmatch(c.output()); m != nil {
			return m[len(m)-1]
		}
	}
	c.t.Fatalf("never %s:\n%s", pattern, c.output())
	return ""
}

func (c *child) base() string { return c.await(`Listening at: (https?://\S+)`) }

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body)
}

func getUnix(t *testing.T, sock, target string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", sock)
	}}}
	defer client.CloseIdleConnections()
	res, err := client.Get("http://unix" + target)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(body)
}

func TestHelpFitsTheScreen(t *testing.T) {
	for line := range strings.Lines(usage()) {
		require.LessOrEqual(t, len(strings.TrimRight(line, "\n")), 80, line)
	}
	for _, g := range new(options).groups() {
		require.Contains(t, usage(), "\n"+g.title+":\n")
	}
}

func TestExitCodes(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	dir := appDir(t)
	for _, test := range []struct {
		name string
		env  []string
		args []string
		code int
		says string
	}{
		{"help", nil, []string{"--help"}, 0, "Usage: gowsgi"},
		{"version", nil, []string{"--version"}, 0, "gowsgi "},
		{"check", nil, []string{"--check-config", "app"}, 0, "The application starts: app"},
		{"check of a factory", nil, []string{"--check-config", "app:factory()"}, 0, "The application starts"},
		{"check fails", nil, []string{"--check-config", "app:nothing"}, 3, "has no 'nothing'; name its callable, as in app:app"},
		{"no application", nil, nil, 2, "name the application"},
		{"two applications", nil, []string{"app", "other"}, 2, `"other" is too much`},
		{"no such flag", nil, []string{"--wrokers", "2", "app"}, 2, "unknown flag: --wrokers"},
		{"workers", nil, []string{"-w", "0", "app"}, 2, "give a number from 1 on, or auto"},
		{"WEB_CONCURRENCY", []string{"WEB_CONCURRENCY=x"}, []string{"app"}, 2, `--workers "x"`},
		{"quotes", []string{"GOWSGI_CMD_ARGS=-b 'x"}, []string{"app"}, 2, "close its quotes"},
		{"flags of the variable", []string{"GOWSGI_CMD_ARGS=--worker-class 'a b'"}, []string{"app"}, 2, `"a b": give sync, gthread or gevent`},
		{"time", nil, []string{"-t", "-1", "app"}, 2, "give a number of seconds"},
		{"memory", nil, []string{"--max-memory", "5X", "app"}, 2, "write a size such as 512M"},
		{"proxies", nil, []string{"--forwarded-allow-ips", "x", "app"}, 2, "CIDR blocks"},
		{"static", nil, []string{"--static", "static", "app"}, 2, "write /path=folder"},
		{"format", nil, []string{"--access-logformat", "xml", "app"}, 2, "give pywsgi, combined or json"},
		{"no certificate", nil, []string{"--certfile", "x", "--keyfile", "x", "app"}, 2, "--certfile and --keyfile: open x: "},
		{"certificate alone", nil, []string{"--certfile", "x", "app"}, 2, "give both"},
		{"script name", nil, []string{"--script-name", "x", "app"}, 2, "begin it with a slash"},
		{"environment", nil, []string{"-e", "X", "app"}, 2, "write KEY=value"},
		{"address", nil, []string{"-b", "unix:", "app"}, 2, "it names no socket"},
		{"folder", nil, []string{"--chdir", "nowhere", "app"}, 2, "--chdir: "},
		{"in use", nil, []string{"-b", taken.Addr().String(), "app"}, 1, "is in use: stop whoever listens there"},
		{"not this machine's", nil, []string{"-b", "192.0.2.1:80", "app"}, 1, "give one of this machine"},
		{"no descriptor", nil, []string{"-b", "fd://77", "app"}, 2, "descriptor 77 is not open"},
		{"no folder for the pid", nil, []string{"-p", "nowhere/pid", "app"}, 2, "--pid: the folder of the file is not there"},
		{"no interpreter", nil, []string{"--python", "/nowhere", "app"}, 3, "or name one in --python"},
		{"no module", nil, []string{"-b", "127.0.0.1:0", "nowhere"}, 3, "No module named 'nowhere'; check its name, and name its folder with --chdir"},
		{"a file", nil, []string{"-b", "127.0.0.1:0", "app.py"}, 3, "without .py, as in app"},
		{"failing import", []string{"BROKEN=1"}, []string{"-b", "127.0.0.1:0", "app"}, 3, "No module named 'not_there_at_all'; install it for this Python"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := launch(t, dir, test.env, test.args...)
			require.Equal(t, test.code, c.code(), c.output())
			require.Contains(t, c.output(), test.says)
			require.NotContains(t, c.output(), "\x1b", "no colour where there is no terminal")
			if test.code == 1 || test.code == 2 {
				require.Equal(t, 1, strings.Count(c.output(), "\n"), c.output())
			}
		})
	}
}

func TestFlagsAtWork(t *testing.T) {
	dir := appDir(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "files", "empty"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "files", "a.txt"), []byte("file"), 0o644))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "files", "escape")))
	c := launch(t, t.TempDir(), []string{`GOWSGI_CMD_ARGS=-e "FROM=the variable" -w 7`},
		"--chdir", dir, "-b", "127.0.0.1:0", "-b", "unix:sock", "-w", "2", "-k", "gthread", "--threads", "3",
		"--static", "/static=files", "--status", "127.0.0.1:0", "-p", "pid", "--pythonpath", "lib",
		"--access-logfile", "access", "--access-logformat", "json", "--error-logfile", "errors",
		"--max-memory", "2G", "--max-requests", "1000", "--max-requests-jitter", "10", "--queue", "5", "--queue-timeout", "5",
		"-t", "0", "--graceful-timeout", "20", "--start-timeout", "60", "app:factory()")
	base := c.base()
	for _, test := range []struct {
		path   string
		status int
		want   string
	}{
		{"/", 200, "Hello"},
		{"/env/FROM", 200, "the variable"},
		{"/env/PYTHONPATH", 200, filepath.Join(dir, "lib")},
		{"/environ/wsgi.multithread", 200, "True"},
		{"/environ/wsgi.multiprocess", 200, "True"},
		{"/static/a.txt", 200, "file"},
		{"/static/", 404, "404 page not found\n"},
		{"/static/empty/", 404, "404 page not found\n"},
		{"/static/none", 404, "404 page not found\n"},
		{"/static/..%2fapp.py", 404, "404 page not found\n"},
		{"/statics", 200, "Hello"},
	} {
		status, body := get(t, base+test.path)
		require.Equal(t, test.status, status, test.path)
		require.Equal(t, test.want, body, test.path)
	}
	status, body := get(t, base+"/static/escape")
	require.NotEqual(t, 200, status)
	require.NotContains(t, body, "root:")
	post, err := http.Post(base+"/static/a.txt", "text/plain", nil)
	require.NoError(t, err)
	post.Body.Close()
	require.Equal(t, 405, post.StatusCode)

	_, figures := get(t, c.await(`Status at: (\S+)`)+"/?format=prometheus")
	require.Contains(t, figures, `gowsgi_workers{state="idle"} 2`)
	pid, err := os.ReadFile(filepath.Join(dir, "pid"))
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(c.cmd.Process.Pid), string(pid))

	require.Equal(t, "Hello", getUnix(t, filepath.Join(dir, "sock"), "/?secret=1"))

	c.signal(syscall.SIGTERM)
	require.Zero(t, c.code())
	for _, gone := range []string{"pid", "sock"} {
		require.NoFileExists(t, filepath.Join(dir, gone))
	}
	log, err := os.ReadFile(filepath.Join(dir, "access"))
	require.NoError(t, err)
	require.NotContains(t, string(log), "secret")
	var line struct{ Request struct{ Path, Method string } }
	first, _, _ := strings.Cut(string(log), "\n")
	require.NoError(t, json.Unmarshal([]byte(first), &line))
	require.Equal(t, "GET", line.Request.Method)
	errors, err := os.ReadFile(filepath.Join(dir, "errors"))
	require.NoError(t, err)
	require.NotContains(t, c.output(), "python: ")
	for _, line := range []string{"is ready (at the start)\n", "a line of print()\n"} {
		require.Contains(t, string(errors), line)
		require.NotContains(t, c.output(), line)
	}
}

func TestProxiesAndScriptName(t *testing.T) {
	for _, test := range []struct{ name, trusted, want string }{
		{"loopback by default", "", "192.0.2.7"},
		{"nobody", "--forwarded-allow-ips=", "127.0.0.1"},
		{"others", "--forwarded-allow-ips=10.0.0.0/8, 192.0.2.1", "127.0.0.1"},
		{"everybody", "--forwarded-allow-ips=*", "192.0.2.7"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := []string{"-b", "127.0.0.1:0", "--script-name", "/shop/", "--access-logfile", "-", "app"}
			if test.trusted != "" {
				args = append(args, test.trusted)
			}
			c := launch(t, appDir(t), nil, args...)
			base := c.base()
			status, _ := get(t, base+"/pid")
			require.Equal(t, 404, status)
			r, err := http.NewRequest("GET", base+"/shop/environ/REMOTE_ADDR", nil)
			require.NoError(t, err)
			r.Header.Set("X-Forwarded-For", "192.0.2.7")
			res, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Equal(t, test.want, string(body))
			c.await(regexp.QuoteMeta(test.want) + ` - - \[[^]]*\] "GET /shop/environ/REMOTE_ADDR HTTP/1\.1" 200 9 `)
		})
	}
}

// A stop waits for the request that is in flight, and at once does not.
func TestStops(t *testing.T) {
	for _, test := range []struct {
		sig      syscall.Signal
		path     string
		answered bool
	}{{syscall.SIGTERM, "/slow", true}, {syscall.SIGINT, "/hang", false}, {syscall.SIGQUIT, "/hang", false}} {
		t.Run(test.sig.String(), func(t *testing.T) {
			c := launch(t, appDir(t), nil, "-b", "127.0.0.1:0", "app")
			base, mark := c.base(), filepath.Join(c.dir, "mark")
			answered := make(chan error, 1)
			go func() {
				res, err := http.Get(base + test.path + "?" + mark)
				if err == nil {
					_, err = io.ReadAll(res.Body)
					res.Body.Close()
				}
				answered <- err
			}()
			require.Eventually(t, func() bool { _, err := os.Stat(mark); return err == nil }, patience, 5*time.Millisecond)
			c.signal(test.sig)
			require.Zero(t, c.code())
			require.Equal(t, test.answered, <-answered == nil)
		})
	}
}

// Neither new workers nor a successor cost a request.
func TestNoRequestIsLost(t *testing.T) {
	c := launch(t, appDir(t), nil, "-b", "127.0.0.1:0", "-w", "2", "-p", "pid", "app")
	base := c.base()
	stop, done := make(chan struct{}), make(chan error, 4)
	for range cap(done) {
		go func() { done <- load(base, stop) }()
	}
	_, before := get(t, base+"/pid")
	c.signal(syscall.SIGHUP)
	c.await("Workers replaced")
	_, after := get(t, base+"/pid")
	require.NotEqual(t, before, after)

	c.signal(syscall.SIGUSR2)
	require.Zero(t, c.code())
	successor := c.successor()
	status, _ := get(t, base+"/")
	require.Equal(t, 200, status)
	close(stop)
	for range cap(done) {
		require.NoError(t, <-done)
	}
	require.NoError(t, syscall.Kill(successor, syscall.SIGTERM))
	c.await("Stopped(?s:.*)Stopped")
	require.NoFileExists(t, filepath.Join(c.dir, "pid"))
}

// successor is the process that the pid file names, once it has taken over.
func (c *child) successor() int {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, "pid"))
	require.NoError(c.t, err)
	pid, err := strconv.Atoi(string(text))
	require.NoError(c.t, err)
	require.NotEqual(c.t, c.cmd.Process.Pid, pid)
	c.t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	return pid
}

// A successor that cannot start leaves the addresses to the process that serves;
// one that can has all of them, also where the command was named by a relative
// path and --chdir leads elsewhere.
func TestSuccessor(t *testing.T) {
	dir, start := appDir(t), t.TempDir()
	require.NoError(t, os.Symlink(os.Args[0], filepath.Join(start, "gowsgi")))
	c := &child{t: t, dir: start, cmd: exec.Command("./gowsgi", "--chdir", dir, "-b", "unix:sock", "-b", "127.0.0.1:0",
		"--status", "127.0.0.1:0", "-p", "pid", "app")}
	c.cmd.Env = append(os.Environ(), childEnv...)
	c.start()
	base, status := c.base(), c.await(`Status at: (\S+)`)
	c.dir = dir

	app := filepath.Join(dir, "app.py")
	require.NoError(t, os.WriteFile(app, []byte("import not_there_at_all"), 0o644))
	c.signal(syscall.SIGUSR2)
	c.await("no successor took over, and this process serves on: ")
	require.Equal(t, "Hello", getUnix(t, filepath.Join(dir, "sock"), "/"))

	require.NoError(t, os.WriteFile(app, []byte(strings.ReplaceAll(application, "Hello", "Changed")), 0o644))
	c.signal(syscall.SIGUSR2)
	require.Zero(t, c.code())
	successor := c.successor()
	require.Equal(t, "Changed", getUnix(t, filepath.Join(dir, "sock"), "/"))
	for _, url := range []string{base, status} {
		code, _ := get(t, url)
		require.Equal(t, 200, code, url)
	}
	require.NoError(t, syscall.Kill(successor, syscall.SIGTERM))
	c.await("Stopped(?s:.*)Stopped")
	for _, gone := range []string{"pid", "sock"} {
		require.NoFileExists(t, filepath.Join(dir, gone))
	}
}

// load asks again and again, each time on a connection of its own.
func load(base string, stop chan struct{}) error {
	addr := strings.TrimPrefix(base, "http://")
	for {
		select {
		case <-stop:
			return nil
		case <-time.After(2 * time.Millisecond):
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			_, err = io.ReadAll(res.Body)
		}
		conn.Close()
		if err != nil {
			return err
		}
		if res.StatusCode != 200 {
			return fmt.Errorf("status %d", res.StatusCode)
		}
	}
}
