// Gowsgi serves a Python WSGI application, as gunicorn does:
//
//	gowsgi -w 4 shop.wsgi:application
//
// The application runs in worker processes under the Python of the machine, and
// Go serves HTTP. "gowsgi --help" lists the flags, which mean what gunicorn's
// mean. The exit code is 0 after a stop, 2 for wrong usage, 3 where the
// application cannot start, and 1 for anything else, such as a port in use.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// The exit codes; 3 is gunicorn's.
const (
	exitFailed = 1
	exitUsage  = 2
	exitApp    = 3
)

// failure is an error with the exit code that it ends the command with.
type failure struct {
	code int
	err  error
}

func (f failure) Error() string { return f.err.Error() }
func (f failure) Unwrap() error { return f.err }

func usageError(format string, args ...any) error {
	return failure{exitUsage, fmt.Errorf(format, args...)}
}

func main() {
	if path, err := exec.LookPath(os.Args[0]); err == nil {
		if path, err = filepath.Abs(path); err == nil {
			os.Args[0] = path // a successor is started from whatever --chdir names
		}
	}
	os.Exit(command(os.Args[1:], os.Stdout, os.Stderr))
}

// command is main without the process: it returns the exit code.
func command(args []string, stdout, stderr io.Writer) int {
	err := run(args, stdout, stderr)
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "gowsgi: "+inFlags(err.Error()))
	var f failure
	if errors.As(err, &f) {
		return f.code
	}
	return exitFailed
}

func run(args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, os.Getenv)
	switch {
	case err != nil:
		return err
	case o.help:
		_, err := io.WriteString(stdout, usage())
		return err
	case o.version:
		_, err := fmt.Fprintln(stdout, version())
		return err
	case runtime.GOOS == "windows":
		return failure{exitApp, errors.New("workers need Linux, macOS or another Unix system; on Windows, run gowsgi inside WSL")}
	}
	return serve(o, stdout, stderr)
}

// inFlags makes of an error of the packages below one that speaks of flags.
func inFlags(text string) string {
	for _, name := range []string{"python: ", "adapter: "} {
		text = strings.TrimPrefix(text, name)
	}
	return strings.NewReplacer("Config.Python", "--python", "Config.Dir", "--chdir", "StartTimeout", "--start-timeout").Replace(text)
}

// advise adds to an error of a start what to do about it, where that is known.
func advise(err error, app string) error {
	module, _, _ := strings.Cut(app, ":")
	name, _, _ := strings.Cut(module, ".")
	text := err.Error()
	switch {
	case strings.HasSuffix(module, ".py"):
		return fmt.Errorf("%w; name the module without .py, as in %s", err, strings.TrimSuffix(module, ".py"))
	case strings.Contains(text, "No module named '"+name+"'"), strings.Contains(text, "No module named '"+module+"'"):
		return fmt.Errorf("%w; check its name, and name its folder with --chdir or --pythonpath", err)
	case strings.Contains(text, "ModuleNotFoundError: "):
		return fmt.Errorf("%w; install it for this Python, or name another with --python", err)
	case strings.Contains(text, "was imported, but has no "):
		return fmt.Errorf("%w; name its callable, as in %s:app", err, module)
	}
	return err
}
