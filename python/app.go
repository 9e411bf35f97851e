// Package python runs real Python applications, Flask, Django or anything else
// with a WSGI callable, as adapter.App values.
//
// Start runs the application in supervised worker processes, by the interpreter
// that the machine has; the worker's code is in the binary. The App's ServeWSGI
// is an adapter.App: it can be mounted in any router, and wrapped in middleware
// written in Go.
//
//	app, err := python.Start(ctx, python.Config{App: "shop.wsgi:application", Dir: "legacy"})
//	if err != nil { … }
//	defer app.Close()
//	r.Mount("/legacy", &adapter.Handler{App: app.ServeWSGI})
//
// The application sees PEP 3333: an environ whose strings are latin-1 views of
// the bytes that came, without the values that are no strings in Go; a wsgi.input
// that is read as the application reads it, but for the first 64 KiB of a body
// whose length is known; a response that goes out chunk by chunk. A worker is
// expendable: when one dies, hangs, or grows beyond Config.MaxMemory, it is
// replaced, and the log says why.
//
// Go and the workers talk in frames over Unix sockets; PROTOCOL.md says how.
// Workers run on Unix systems alone; elsewhere Start returns an error. On Linux
// nothing that a worker has started outlives it, not even what has left its
// session; elsewhere that holds for its process group.
package python

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/seam"
)

// App is a Python application in its workers. Make one with Start.
type App struct {
	pool *pool
}

// Start starts the workers of c and waits until all of them have imported the
// application, or until ctx ends, which bounds the start alone. An application
// that cannot be imported is an error with the traceback in it, and leaves no
// process behind.
func Start(ctx context.Context, c Config) (*App, error) {
	if !supported {
		return nil, fmt.Errorf("python: workers need a Unix system; this is %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("python: %w", err)
	}
	p := newPool(c)
	if err := p.restartAll(ctx, "at the start"); err != nil {
		_ = p.close()
		return nil, err
	}
	return &App{pool: p}, nil
}

// Restart replaces every worker. The new ones are up before the old ones go, and
// those finish the requests they have. Where an application cannot be imported
// any more, or ctx ends first, the old workers stay at work and the error says
// why, with the traceback.
func (a *App) Restart(ctx context.Context) error { return a.pool.restartAll(ctx, "at a restart") }

// Close stops the workers: the requests in flight, those that wait among them,
// have StopTimeout to end, and new ones are answered 503. No process is left
// when it returns. The error says how many requests were cut off. A second Close
// returns nil.
func (a *App) Close() error { return a.pool.close() }

// Stats returns a snapshot.
func (a *App) Stats() Stats {
	reply := make(chan Stats, 1)
	if a.pool.send(event{kind: evStats, stats: reply}) {
		select {
		case s := <-reply:
			return s
		case <-a.pool.done:
		}
	}
	<-a.pool.done
	s := a.pool.totals()
	s.Restarts = a.pool.restarts
	return s
}

// attempts is how many workers may die before one has read a request.
const attempts = 4

// ServeWSGI answers a request by the application. It is an adapter.App.
//
// Where no worker can answer, the response is one of its own: 503 with
// Retry-After where none is free for too long, 502 where one ended, 504 where the
// application did not get on. An exception of the application's is an error, its
// traceback in it.
func (a *App) ServeWSGI(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	request, err := encode(env)
	if err != nil {
		return nil, err
	}
	defer request.free()
	for attempt := 1; ; attempt++ {
		body, err := a.exchange(env, start, request)
		if attempt < attempts && errors.Is(err, errUnseen) {
			continue // the application was not called: another worker can
		}
		if err != nil {
			return a.answer(env, start, err)
		}
		return body, nil
	}
}

// exchange has a worker answer the request.
func (a *App) exchange(env *environ.Environ, start adapter.StartResponse, request *encoded) (adapter.Body, error) {
	t := &ticket{frame: request.b}
	c, err := a.pool.queue.acquire(env.Context(), t)
	if err != nil {
		return nil, err
	}
	x := &exchange{app: a, env: env, start: start, c: c, posted: t.sent && !t.long()}
	if err := c.deliver(t); err != nil {
		return nil, x.lose(err)
	}
	return x.head()
}

// answer answers for workers that could not.
func (a *App) answer(env *environ.Environ, start adapter.StartResponse, err error) (adapter.Body, error) {
	var busy unavailable
	switch {
	case errors.As(err, &busy):
		return respond(start, "503 Service Unavailable", adapter.Headers{{"Retry-After", "1"}})
	case errors.Is(err, errHung):
		return respond(start, "504 Gateway Timeout", closing(env))
	case errors.Is(err, errGarbage), errors.Is(err, errGone), errors.Is(err, errUnseen):
		return respond(start, "502 Bad Gateway", closing(env))
	default:
		return nil, err
	}
}

// closing are the headers of an answer for a worker that was lost. Where the
// request's body was not read to its end they close the connection: net/http
// would wait for the rest of it before it answers, and the client may be silent.
func closing(env *environ.Environ) adapter.Headers {
	r := env.Request()
	if r == nil || r.ProtoMajor != 1 || r.Body == nil || r.Body == http.NoBody || env.Inside(seam.Pass{}).InputEnded() {
		return nil
	}
	return adapter.Headers{{"Connection", "close"}}
}

// respond makes a response of a status. Where the application's own was started,
// it takes its place.
func respond(start adapter.StartResponse, status string, headers adapter.Headers) (adapter.Body, error) {
	headers = append(headers, [2]string{"Content-Type", "text/plain; charset=utf-8"})
	if _, err := start(status, headers, errors.New("python: "+status)); err != nil {
		return nil, err
	}
	return adapter.Text(status[len("503 "):] + "\n"), nil
}

// finished counts a request, and says when its worker has had enough of them.
func (a *App) finished(w *worker) {
	a.pool.queue.finished.Add(1)
	if n := w.requests.Add(1); w.limit > 0 && n >= w.limit && w.old.CompareAndSwap(false, true) {
		a.pool.send(event{kind: evOld, worker: w})
	}
}
