package live

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// Interrupt runs an example in a process of its own, sends it an interrupt once
// it listens, and waits for its end. It returns what the example printed on
// stdout after that, to the point where no process holds its stdout any more,
// and fails the test if the example failed or printed on stderr.
//
// The process is the test's own binary with beMain in its environment, which has
// to make it run main.
func Interrupt(t *testing.T, beMain string, args ...string) (stdout string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no process can be sent an interrupt on Windows")
	}
	program := exec.Command(os.Args[0], append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	program.Env = append(os.Environ(), beMain+"=1")
	var stderr strings.Builder
	program.Stderr = &stderr
	pipe, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(pipe)
	for line := ""; err == nil && !strings.HasPrefix(line, "Listening"); {
		line, err = reader.ReadString('\n')
	}
	if err == nil {
		err = program.Process.Signal(os.Interrupt)
	}
	rest, readErr := io.ReadAll(reader)
	waitErr := program.Wait()
	if err != nil || readErr != nil || waitErr != nil || stderr.Len() > 0 {
		t.Fatalf("the example failed: %v, %v, %v\n%s", err, readErr, waitErr, stderr.String())
	}
	return string(rest)
}
