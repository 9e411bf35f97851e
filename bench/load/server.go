package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gowsgi/gowsgi/bench"
)

// fileSize is the size of the file that is sent.
const fileSize = 10 << 20

// runServer serves every work. It answers a line on standard input with the memory
// in use, in bytes.
func runServer(kind, file string) error {
	mux := http.NewServeMux()
	twins := map[string]bench.Twin{
		"/hello": bench.Hello(), "/stream": bench.Stream(), "/file": bench.File(file), "/upload": bench.Upload(), "/idle": bench.Idle(),
	}
	for path, twin := range twins {
		h := twin.Bare
		if kind == "gowsgi" {
			h = twin.Gowsgi
		}
		mux.Handle(path, h)
	}
	return answer(mux, func() string { return strconv.FormatInt(memory(), 10) })
}

// answer serves h on loopback with one thread and prints its address. It answers
// each line on standard input with a line that say returns, and ends when standard
// input does.
func answer(h http.Handler, say func() string) error {
	runtime.GOMAXPROCS(1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(l, h) }()
	fmt.Println(l.Addr())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(say())
	}
	return nil
}

// memory returns the resident memory of the process in bytes, after a collection.
func memory() int64 {
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	return kib << 10
}

// server is a child process that runs answer.
type server struct {
	addr string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
}

func start(kind, file string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-serve", kind, "-file", file)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, in: in, out: bufio.NewScanner(out)}
	if !s.out.Scan() {
		return nil, fmt.Errorf("the %s server did not start", kind)
	}
	s.addr = s.out.Text()
	return s, s.pin()
}

// pin keeps the server on the first core and leaves the others to the client.
func (s *server) pin() error {
	var set unix.CPUSet
	set.Set(0)
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", s.cmd.Process.Pid))
	if err != nil {
		return err
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(filepath.Base(task))
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(tid, &set); err != nil {
			return err
		}
	}
	return nil
}

// ask sends an empty line and returns the line that the server answers with.
func (s *server) ask() (string, error) {
	if _, err := io.WriteString(s.in, "\n"); err != nil {
		return "", err
	}
	if !s.out.Scan() {
		return "", io.ErrUnexpectedEOF
	}
	return s.out.Text(), nil
}

func (s *server) memory() (int64, error) {
	text, err := s.ask()
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

func (s *server) stop() {
	_ = s.in.Close()
	_ = s.cmd.Wait()
}

// pair is one server of each kind.
type pair struct {
	bare, gowsgi *server
	file         string
}

func startPair() (*pair, error) {
	if err := leaveFirstCore(); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp("", "gowsgi-load-*")
	if err != nil {
		return nil, err
	}
	p := &pair{file: f.Name()}
	if err := f.Truncate(fileSize); err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	if p.bare, err = start("bare", p.file); err != nil {
		return nil, err
	}
	p.gowsgi, err = start("gowsgi", p.file)
	return p, err
}

// leaveFirstCore moves the client off the core that the servers run on.
func leaveFirstCore() error {
	if runtime.NumCPU() < 2 {
		return nil
	}
	var set unix.CPUSet
	for cpu := 1; cpu < runtime.NumCPU(); cpu++ {
		set.Set(cpu)
	}
	tasks, err := filepath.Glob("/proc/self/task/*")
	if err != nil {
		return err
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(filepath.Base(task))
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(tid, &set); err != nil && err != unix.ESRCH {
			return err
		}
	}
	return nil
}

func (p *pair) stop() {
	p.bare.stop()
	p.gowsgi.stop()
	_ = os.Remove(p.file)
}
