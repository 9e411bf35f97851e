package conformance

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/conformance/apps"
	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/rows"
	"github.com/gowsgi/gowsgi/conformance/wire"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/logadapter"
	"github.com/gowsgi/gowsgi/middleware"
)

// validateVector is a misbehaving application or server of validate.json.
type validateVector struct {
	Name, Kind, Wrong string
	Go                bool
	Drive             string
	Status            *wire.Text
	Headers           [][2]string
	Environ           map[string]any
	Caught            bool
	By                string
}

func TestValidateCatchesWhatWsgirefCatches(t *testing.T) {
	t.Parallel()
	ledger := replay.NewLedger(rows.Validate)
	for _, v := range readVectors[validateVector](t, "recorded/gevent-22.10.2/validate.json") {
		if v.Go {
			ledger.Compare(v.Name, v.recorded(), v.verdict(t))
		}
	}
	report(t, ledger)
}

func (v validateVector) recorded() string {
	switch {
	case !v.Caught:
		return rows.LetPass
	case v.By == "AssertionError" || v.By == "warning" || v.By == "garbage collection":
		return rows.CaughtIt
	default:
		return rows.Fails(v.By)
	}
}

// verdict is the verdict of Validate on the vector's application in Go.
func (v validateVector) verdict(t *testing.T) string {
	warned := new(lockedBuffer)
	err := v.serve(t, warned)
	if v.Drive == "without_close" {
		collect(warned)
	}
	if err != nil || warned.String() != "" {
		return rows.CaughtIt
	}
	return rows.LetPass
}

func (v validateVector) serve(t *testing.T, warned *lockedBuffer) error {
	body, err := middleware.Validate(v.twin(t))(v.environ(warned), func(string, adapter.Headers, ...error) (io.Writer, error) {
		return io.Discard, nil
	})
	if err != nil || body == nil {
		return err
	}
	return drivers[v.Drive](body)
}

// collect waits for the warning of a finalizer.
func collect(warned *lockedBuffer) {
	for range 100 {
		runtime.GC()
		if warned.String() != "" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if strings.Contains(string(p), "PEP 3333") { // not the application's own
		return b.b.Write(p)
	}
	return len(p), nil
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// closableInput and closableErrors are streams that an application can close.
type closableInput struct{ io.Reader }

func (closableInput) Close() error { return nil }

type closableErrors struct{ *logadapter.Stream }

func (closableErrors) Close() error { return nil }

func (v validateVector) environ(warned io.Writer) *environ.Environ {
	env := environ.New(map[string]any{
		"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
		"SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost", "wsgi.version": [2]int{1, 0}, "wsgi.url_scheme": "http",
		"wsgi.input": closableInput{strings.NewReader("some\nlines\nof\ninput")}, "wsgi.errors": closableErrors{logadapter.FromWriter(warned)},
		"wsgi.multithread": false, "wsgi.multiprocess": false, "wsgi.run_once": false,
	})
	for key, change := range v.Environ {
		v.change(env, key, change)
	}
	return env
}

func (v validateVector) change(env *environ.Environ, key string, change any) {
	described, ok := change.(map[string]any)
	switch {
	case !ok:
		env.Set(key, change)
	case described["absent"] == true:
		env.Delete(key)
	default:
		env.Set(key, odd[described["value"].(string)])
	}
}

// odd are values of the wrong type, by their Python repr.
var odd = map[string]any{"[1, 0]": []int{1, 0}, "(2, 0)": [2]int{2, 0}, "80": 80, "5": 5, "None": nil, "b'x'": []byte("x")}

var drivers = map[string]func(adapter.Body) error{
	"properly":      properly,
	"without_close": drain,
	"after_close": func(body adapter.Body) error {
		next, stop := iter.Pull2(body.Chunks())
		defer stop()
		_, first, _ := next()
		closed := closeOf(body)
		_, second, _ := next()
		return errors.Join(first, closed, second)
	},
	"close_twice": func(body adapter.Body) error { return errors.Join(properly(body), closeOf(body)) },
	"close_early": func(body adapter.Body) error {
		next, stop := iter.Pull2(body.Chunks())
		_, err, _ := next()
		stop()
		return errors.Join(err, closeOf(body))
	},
}

func properly(body adapter.Body) error { return errors.Join(drain(body), closeOf(body)) }

func drain(body adapter.Body) error {
	for _, err := range body.Chunks() {
		if err != nil {
			return err
		}
	}
	return nil
}

func closeOf(body adapter.Body) error {
	if closer, ok := body.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// twin is the application of a vector, in Go.
func (v validateVector) twin(t *testing.T) adapter.App {
	switch {
	case v.Kind == "status":
		return apps.Answers(string(*v.Status), apps.Typed(), adapter.Text("body"))
	case v.Kind == "headers":
		return apps.Answers(string(*v.Status), v.headers(), adapter.Text())
	case apps.Misbehaving[v.Name] != nil:
		return apps.Misbehaving[v.Name]
	case v.Kind == "good" || v.Kind == "environ" || v.Name == "closed_by_server":
		return apps.OK(adapter.Text("body"))
	}
	require.Fail(t, "no twin", v.Name)
	return nil
}

func (v validateVector) headers() adapter.Headers {
	var headers adapter.Headers
	for _, field := range v.Headers {
		headers = append(headers, [2]string{wsgiString(field[0]), wsgiString(field[1])})
	}
	return headers
}
