package python

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Config says which application runs, and in how many processes. The zero value
// of every field but App works.
type Config struct {
	// App names the application: "module:callable", or "module", which means
	// its callable "application", or "module:factory()", where factory is
	// called once for it.
	App string

	// Dir is the working directory of the workers and the first entry of
	// their sys.path. "" means the current directory.
	Dir string

	// Python is the interpreter, CPython 3.9 or later. "" means that of
	// $VIRTUAL_ENV, then that of .venv or venv in Dir, then python3 of PATH.
	Python string

	// Env has "KEY=value" entries, which are added to this process's
	// environment.
	Env []string

	// Workers is the number of processes. 0 means one for each CPU
	// (runtime.GOMAXPROCS).
	Workers int

	// Threads is the number of requests that each worker runs at once. 0
	// means 1, with Gevent 1000. A worker with one thread runs the
	// application in its main thread, and wsgi.multithread is false.
	Threads int

	// Gevent makes the workers run under the application's own gevent: the
	// standard library is patched (gevent.monkey.patch_all) before the
	// application is imported, and the worker's threads are greenlets.
	Gevent bool

	// Queue is the number of requests that may wait for a free thread; one
	// more is answered 503, with Retry-After. 0 means 1024, less than 0 none.
	Queue int

	// StartTimeout bounds the import of the application. 0 means 30 s.
	StartTimeout time.Duration

	// QueueTimeout bounds the wait for a free thread; then the answer is a
	// 503. 0 means 30 s.
	QueueTimeout time.Duration

	// RequestTimeout is the longest time without the application getting on
	// with a request: then the stacks of its threads are logged, its worker
	// is killed, and the client gets a 504. The wait in the queue does not
	// count, nor does a client that stalls while it sends or reads. 0 means
	// 30 s, less than 0 no limit.
	RequestTimeout time.Duration

	// StopTimeout is the time that the requests in flight have to end when
	// workers stop. 0 means 10 s.
	StopTimeout time.Duration

	// MaxRequests is the number of requests after which a worker is
	// replaced. 0 means that it never is.
	MaxRequests int

	// MaxRequestsJitter is up to how many more requests, at random, so that
	// not all workers are replaced at once. 0 means none.
	MaxRequestsJitter int

	// MaxMemory is the resident memory, in bytes, beyond which a worker is
	// replaced. 0 means that it never is.
	MaxMemory int64

	// Reload is for development: the workers are replaced when a source file
	// of the application changes.
	Reload bool

	// ErrorLog gets what workers print, and what becomes of them, one line a
	// Write. Nil means os.Stderr.
	ErrorLog io.Writer
}

const (
	defaultTimeout     = 30 * time.Second
	defaultStopTimeout = 10 * time.Second
	defaultQueue       = 1024
	defaultGreenlets   = 1000
)

// complete returns c with its zeros filled in.
func (c Config) complete() (Config, error) {
	if c.App == "" {
		return c, errors.New(`python: Config.App is empty: name the application, as in "shop.wsgi:application"`)
	}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"Workers", int64(c.Workers)}, {"Threads", int64(c.Threads)}, {"MaxRequests", int64(c.MaxRequests)},
		{"MaxRequestsJitter", int64(c.MaxRequestsJitter)}, {"MaxMemory", c.MaxMemory},
		{"StartTimeout", int64(c.StartTimeout)}, {"QueueTimeout", int64(c.QueueTimeout)}, {"StopTimeout", int64(c.StopTimeout)},
	} {
		if n.value < 0 {
			return c, fmt.Errorf("python: Config.%s is negative: give a number over 0, or 0 for the default", n.name)
		}
	}
	threads := 1
	if c.Gevent {
		threads = defaultGreenlets
	}
	orDefault(&c.Workers, runtime.GOMAXPROCS(0))
	orDefault(&c.Threads, threads)
	orDefault(&c.Queue, defaultQueue)
	orDefault(&c.StartTimeout, defaultTimeout)
	orDefault(&c.QueueTimeout, defaultTimeout)
	orDefault(&c.RequestTimeout, defaultTimeout)
	orDefault(&c.StopTimeout, defaultStopTimeout)
	if c.ErrorLog == nil {
		c.ErrorLog = os.Stderr
	}
	return c.locate()
}

// locate makes the paths of c absolute, and finds the interpreter.
func (c Config) locate() (Config, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return c, fmt.Errorf("python: Config.Dir %q: %w", c.Dir, err)
	}
	c.Dir = dir
	switch info, err := os.Stat(dir); {
	case err != nil:
		return c, fmt.Errorf("python: Config.Dir must be the folder that the application is imported from: %w", err)
	case !info.IsDir():
		return c, fmt.Errorf("python: Config.Dir must be the folder that the application is imported from: %s is none", dir)
	}
	c.Python, err = findInterpreter(c)
	return c, err
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
