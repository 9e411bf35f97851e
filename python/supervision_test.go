//go:build unix

package python_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

func TestStartFails(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{
		"broken.py":   "import json\nimport nothing_of_this_name\n",
		"syntax.py":   "def f(:\n",
		"number.py":   "application = 5\n",
		"exits.py":    "import sys\nsys.exit(4)\n",
		"dies.py":     "import os\nprint('about to die', flush=True)\nos._exit(4)\n",
		"slow.py":     "import time\ntime.sleep(600)\n",
		"factory.py":  "def make():\n    return None\ndef fail():\n    raise ValueError('no factory')\n",
		"leaves.py":   "import os, subprocess, sys\nsubprocess.Popen(['setsid', 'sleep', '600'])\nopen('child', 'w').write(str(os.getpid()))\n1/0\n",
		"nopython":    "",
		"python2.sh":  "#!/bin/sh\necho too old >&2\nexit 1\n",
		"stubborn.py": "import time\nwhile True:\n    try:\n        time.sleep(600)\n    except BaseException:\n        pass\n",
	}
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700))
	}
	tests := []struct {
		config python.Config
		want   []string
	}{
		{python.Config{}, []string{"Config.App is empty"}},
		{python.Config{App: "broken"}, []string{"Traceback", "line 2", "No module named 'nothing_of_this_name'"}},
		{python.Config{App: "syntax"}, []string{"SyntaxError"}},
		{python.Config{App: "missing"}, []string{"No module named 'missing'"}},
		{python.Config{App: "number"}, []string{"'number' is a int, which cannot be called"}},
		{python.Config{App: "number:app"}, []string{"has no 'app'"}},
		{python.Config{App: "exits"}, []string{"SystemExit: 4"}},
		{python.Config{App: "dies"}, []string{"exit status 4", "about to die"}},
		{python.Config{App: "slow", StartTimeout: 300 * time.Millisecond}, []string{"not imported within 300ms"}},
		{python.Config{App: "stubborn", StartTimeout: 300 * time.Millisecond}, []string{"not imported within 300ms"}},
		{python.Config{App: "factory:make()"}, []string{"NoneType, which cannot be called"}},
		{python.Config{App: "factory:fail()"}, []string{"no factory"}},
		{python.Config{App: "leaves", Workers: 3}, []string{"ZeroDivisionError"}},
		{python.Config{App: "number", Python: "no-such-python"}, []string{"Config.Python"}},
		{python.Config{App: "number", Python: filepath.Join(dir, "nopython")}, []string{"starting the interpreter"}},
		{python.Config{App: "number", Python: filepath.Join(dir, "python2.sh")}, []string{"exit status 1", "too old"}},
		{python.Config{App: "number", Dir: filepath.Join(dir, "nowhere")}, []string{"Config.Dir", "no such file"}},
		{python.Config{App: "number", Workers: -1}, []string{"Config.Workers is negative"}},
		{python.Config{App: "number", Env: []string{"VIRTUAL_ENV=" + dir}}, []string{"VIRTUAL_ENV"}},
	}
	for _, test := range tests {
		if test.config.Dir == "" {
			test.config.Dir = dir
		}
		if test.config.Workers == 0 {
			test.config.Workers = 1
		}
		test.config.ErrorLog = io.Discard
		app, err := python.Start(context.Background(), test.config)
		require.Error(t, err, "%+v", test.config)
		require.Nil(t, app)
		for _, part := range test.want {
			require.ErrorContains(t, err, part)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err := python.Start(ctx, python.Config{App: "slow", Dir: dir, ErrorLog: io.Discard})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, processes(t, dir), "left behind")
}

// processes are those whose working directory is dir.
func processes(t *testing.T, dir string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	require.NoError(t, err)
	var found []string
	for _, link := range links {
		if cwd, err := os.Readlink(link); err == nil && cwd == dir {
			found = append(found, link)
		}
	}
	return found
}

func TestWorkerDies(t *testing.T) {
	tests := []struct {
		path, logged string
		status       int
	}{
		{"/dies", "exit status 7", 502},
		{"/dies_within_chunk", "exit status 7", 502},
		{"/crashes", "Segmentation fault", 502},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			s := run(t, python.Config{})
			before := s.pid()
			status, _ := s.get(test.path)
			require.Equal(t, test.status, status)
			require.NotEqual(t, before, s.pid(), "the request waits for the successor")
			s.log.Wait(t, test.logged)
			require.Equal(t, uint64(1), s.Stats().Restarts)
		})
	}
}

func TestWorkerDiesLate(t *testing.T) {
	s := run(t, python.Config{})
	require.Equal(t, "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n4\nsome\n", s.Do("GET /dies_late HTTP/1.1\nHost: x\n\n"))
}

func TestWorkerIsKilled(t *testing.T) {
	s := run(t, python.Config{})
	for range 3 {
		pid := s.pid()
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		require.NotEqual(t, pid, s.pid())
	}
	s.log.Wait(t, "killed by signal 9")
}

func TestGarbage(t *testing.T) {
	s := run(t, python.Config{})
	status, _ := s.get("/garbage")
	require.Equal(t, 502, status)
	require.Equal(t, "one two", s.body("/two"))
	s.log.Wait(t, "no frame of the protocol")
}

func TestHang(t *testing.T) {
	s := run(t, python.Config{RequestTimeout: 300 * time.Millisecond})
	status, _ := s.get("/hangs")
	require.Equal(t, 504, status)
	require.Equal(t, "one two", s.body("/two"))
	log := s.log.Wait(t, "in hangs")
	require.Contains(t, log, "most recent call first")
	require.Equal(t, "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n4\nsome\n", s.Do("GET /hangs_late HTTP/1.1\nHost: x\n\n"))
	pid := s.pid()
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	status, _ = s.get("/two")
	require.Equal(t, 504, status)
	require.NotEqual(t, pid, s.pid())
	eventually(t, func() bool { return gone(pid) }, "the stopped worker is gone")
}

func TestQueue(t *testing.T) {
	s := run(t, python.Config{Queue: 1, QueueTimeout: 200 * time.Millisecond})
	signal := filepath.Join(t.TempDir(), "signal")
	c := s.Dial()
	c.Send("GET /waits?" + signal + " HTTP/1.1\nHost: x\n\n")
	c.Until("first;")
	waiting := make(chan int)
	go func() {
		status, _ := s.get("/two")
		waiting <- status
	}()
	eventually(t, func() bool { return s.Stats().Queued == 1 }, "one waits")
	require.Equal(t, "HTTP/1.1 503 Service Unavailable\nContent-Length: 20\nContent-Type: text/plain; charset=utf-8\nRetry-After: 1\n\nService Unavailable\n",
		s.Do("GET /two HTTP/1.1\nHost: x\n\n"))
	require.Equal(t, 503, <-waiting)
	require.NoError(t, os.WriteFile(signal, nil, 0o600))
	c.Until("second")
	require.Equal(t, "one two", s.body("/two"))
	require.Equal(t, uint64(2), s.Stats().Rejected)
	require.Empty(t, s.errors.String())
}

func TestMaxRequests(t *testing.T) {
	s := run(t, python.Config{MaxRequests: 5})
	first := s.pid()
	eventually(t, func() bool { return s.pid() != first }, "the old worker is replaced")
	s.log.Wait(t, "has had 5 requests")
}

func TestMaxMemory(t *testing.T) {
	s := run(t, python.Config{MaxMemory: 100 << 20})
	before := s.body("/bloats")
	eventually(t, func() bool { return s.body("/pid") != before }, "the fat worker is replaced")
	s.log.Wait(t, "bytes of memory")
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "shop.py")
	source := "import os\ndef application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'%d' % os.getpid()]\n"
	require.NoError(t, os.WriteFile(path, []byte(source), 0o600))
	s := run(t, python.Config{App: "shop", Dir: dir, Workers: 2, Threads: 2})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				res, err := http.Get(s.URL("/"))
				if err != nil || res.StatusCode != 200 {
					t.Errorf("a request was lost: %v %v", res, err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		})
	}
	for range 3 {
		before := s.Stats().Workers
		require.NoError(t, s.Restart(context.Background()))
		for _, w := range s.Stats().Workers {
			if w.State != "stopping" {
				require.NotContains(t, []int{before[0].PID, before[1].PID}, w.PID)
			}
		}
	}
	require.NoError(t, os.WriteFile(path, []byte("1/0\n"), 0o600))
	err := s.Restart(context.Background())
	require.ErrorContains(t, err, "ZeroDivisionError")
	require.ErrorContains(t, err, "Traceback")
	require.NotEmpty(t, s.body("/"))
	close(stop)
	wg.Wait()
	require.Equal(t, uint64(6), s.Stats().Restarts)
}

func TestReload(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "shop.py")
	version := func(n int) string {
		return fmt.Sprintf("def application(environ, start_response):\n    import later\n    start_response('200 OK', [])\n    return [b'version %d, ', later.TEXT]\n", n)
	}
	later := filepath.Join(dir, "later.py")
	put := func(path, text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(path+"~", []byte(text), 0o600))
		require.NoError(t, os.Rename(path+"~", path))
	}
	put(path, version(1))
	put(later, "TEXT = b'one'\n")
	s := run(t, python.Config{App: "shop", Dir: dir, Reload: true})
	require.Equal(t, "version 1, one", s.body("/"))
	put(path, version(2)+"# longer\n")
	eventually(t, func() bool { return s.body("/") == "version 2, one" }, "version 2")
	put(later, "TEXT = b'another'\n")
	eventually(t, func() bool { return s.body("/") == "version 2, another" }, "what was imported later")
	put(path, "def (")
	s.log.Wait(t, "SyntaxError")
	require.Equal(t, "version 2, another", s.body("/"))
	put(path, version(3))
	eventually(t, func() bool { return s.body("/") == "version 3, another" }, "version 3")
}

// What a worker has started goes with it: at a graceful stop, and when it is killed.
func TestChildrenGo(t *testing.T) {
	s := run(t, python.Config{})
	left := func() []int {
		var pids []int
		for _, field := range strings.Fields(s.body("/leaves_children")) {
			n, err := strconv.Atoi(field)
			require.NoError(t, err)
			pids = append(pids, n)
		}
		return pids
	}
	killed := left()
	require.NoError(t, syscall.Kill(killed[2], syscall.SIGKILL))
	for _, pid := range killed {
		eventually(t, func() bool { return gone(pid) }, "gone with the killed worker")
	}
	stopped := left()
	require.NoError(t, s.Close())
	for _, pid := range stopped {
		require.True(t, gone(pid), pid)
	}
}

func TestClose(t *testing.T) {
	s := run(t, python.Config{Threads: 2})
	pid := s.pid()
	slow := make(chan int)
	go func() {
		status, _ := s.get("/sleeps?0.5")
		slow <- status
	}()
	eventually(t, func() bool { return s.Stats().Workers[0].State == "busy" }, "the slow request is in the worker")
	require.NoError(t, s.Close())
	require.Equal(t, 200, <-slow)
	require.True(t, gone(pid))
	require.NoError(t, s.Close())
	status, _ := s.get("/two")
	require.Equal(t, 503, status)
	require.Error(t, s.Restart(context.Background()))
	require.Empty(t, s.Stats().Workers)
}

func TestCloseCutsOff(t *testing.T) {
	s := run(t, python.Config{StopTimeout: 300 * time.Millisecond})
	hung := make(chan int)
	go func() {
		status, _ := s.get("/hangs")
		hung <- status
	}()
	eventually(t, func() bool { return s.Stats().Workers[0].State == "busy" }, "the request is in the worker")
	require.ErrorContains(t, s.Close(), "1 requests in flight")
	require.Equal(t, 502, <-hung)
}
