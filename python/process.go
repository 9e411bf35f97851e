package python

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// process is a worker's guard and, below it, the worker (guard.py).
type process struct {
	cmd     *exec.Cmd
	control *net.UnixConn // the worker's: hands it connections; closing it ends it
	guard   *net.UnixConn // the guard's: kills what is there; closing it does so too
	reports *bufio.Reader // what the guard says
	printed *output
}

// message is what a worker says on its control socket: a line of JSON.
type message struct {
	Ready   bool     `json:"ready"`
	Failure string   `json:"failure"` // why the application could not be imported
	Files   []string `json:"files"`   // source files that were imported
}

// The worker's files, in the order of exec.Cmd.ExtraFiles.
const (
	bootFile = iota + 3
	controlFile
	guardFile
)

const (
	dumpPatience = 2 * time.Second  // for the stacks of a worker that hangs
	killPatience = 10 * time.Second // for a guard to end what it guards
)

// startProcess starts a guard and its worker.
func startProcess(c *Config, printed *output) (*process, error) {
	text, err := bootText(settings{
		App: c.App, Dir: c.Dir, Threads: c.Threads, Gevent: c.Gevent,
		Multiprocess: c.Workers > 1, Reload: c.Reload,
		Control: controlFile, Guarding: guardFile,
	})
	if err != nil {
		return nil, err
	}
	p := &process{printed: printed}
	var theirs [3]*os.File
	var boot *os.File
	defer func() {
		for _, file := range theirs {
			_ = file.Close() // of a nil file: an error and nothing else
		}
	}()
	if theirs[0], boot, err = os.Pipe(); err != nil {
		return nil, fmt.Errorf("python: %w", err)
	}
	if p.control, theirs[1], err = socketPair("control"); err == nil {
		p.guard, theirs[2], err = socketPair("guard")
	}
	if err == nil {
		err = p.exec(c, theirs[:])
	}
	if err != nil {
		_ = boot.Close()
		p.close()
		return nil, err
	}
	p.reports = bufio.NewReader(p.guard)
	go func() {
		_, _ = io.WriteString(boot, text)
		_ = boot.Close()
	}()
	return p, nil
}

func (p *process) exec(c *Config, files []*os.File) error {
	p.cmd = exec.Command(c.Python, "-c", launch, "gowsgi", c.App)
	p.cmd.Dir = c.Dir
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.ExtraFiles = files
	p.cmd.Stdout, p.cmd.Stderr = p.printed, p.printed
	p.cmd.SysProcAttr = processGroup()
	p.cmd.WaitDelay = time.Second // for a pipe that somebody still holds
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("python: starting the interpreter: %w", err)
	}
	return nil
}

func (p *process) close() {
	for _, conn := range []*net.UnixConn{p.control, p.guard} {
		if conn != nil {
			_ = conn.Close()
		}
	}
}

// pid waits for the worker's process id.
func (p *process) pid() int { return p.report() }

// report reads a line of the guard's; 0 where it said nothing.
func (p *process) report() int {
	line, _ := p.reports.ReadString('\n')
	n, _ := strconv.Atoi(strings.TrimSpace(line))
	return n
}

// messages hands what the worker says to fn, until it ends or talks nonsense.
func (p *process) messages(fn func(message)) error {
	lines := bufio.NewReaderSize(p.control, 4<<10)
	for {
		line, err := readLine(lines)
		if err != nil {
			return err
		}
		if line == nil {
			return nil
		}
		var m message
		if err := json.Unmarshal(line, &m); err != nil {
			return errGarbage
		}
		fn(m)
	}
}

// readLine reads a line of no more than maxText bytes; nil is the end.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case err != bufio.ErrBufferFull:
			return nil, nil
		case len(line) > maxText:
			return nil, errGarbage
		}
	}
}

// wait waits for the end of the worker and of all it has started, and says in
// words how the worker ended. What the worker said may still be unread.
func (p *process) wait() string {
	line, err := p.reports.ReadString('\n')
	guardErr := p.cmd.Wait()
	if raw, convErr := strconv.Atoi(strings.TrimSpace(line)); err == nil && convErr == nil {
		return describeStatus(raw)
	}
	if guardErr != nil {
		return "its guard ended: " + guardErr.Error()
	}
	return "its guard ended"
}

// stop lets the worker end by itself.
func (p *process) stop() { _ = p.control.Close() }

// kill ends the worker and all it has started, at once.
func (p *process) kill() { p.command('k', killPatience) }

// dump makes the worker print the stack of each of its threads and end; it is
// killed if it does not.
func (p *process) dump() {
	p.command('d', killPatience)
	time.AfterFunc(dumpPatience, p.kill)
}

// command sends the guard a letter. A guard that does not end in time, since
// somebody has stopped it, is killed, and the kernel kills its worker with it.
func (p *process) command(letter byte, patience time.Duration) {
	if _, err := p.guard.Write([]byte{letter}); err != nil {
		return
	}
	time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
}
