// Streaming answers piece by piece: the client gets each chunk of an
// adapter.Stream before the next one is made.
//
// Look at count, a generator that starts its own response, and at events, which
// ends cleanly when its client leaves or the server stops.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"time"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/middleware"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("streaming", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "the address to listen on")
	every := flags.Duration("every", time.Second, "the time between two events")
	_ = flags.Parse(args)

	server := adapter.NewServer(*addr, middleware.Dispatch(nil, map[string]adapter.App{
		"/count":  count,
		"/events": events(*every, stdout),
	}))
	server.HTTP.BaseContext = func(l net.Listener) context.Context {
		fmt.Fprintf(stdout, "Try curl -N http://%[1]s/count and curl -N http://%[1]s/events\n", l.Addr())
		return ctx // a stop ends the contexts of all requests, so that events returns
	}
	return server.Run(ctx)
}

// count works as a Python generator does: it calls start when it is asked for its
// first chunk, and it stops when nobody asks for another.
func count(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	return adapter.Stream(func(yield func([]byte, error) bool) {
		if _, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}}); err != nil {
			yield(nil, err)
			return
		}
		for n := range 10 {
			if !yield(fmt.Appendln(nil, n+1), nil) {
				return
			}
		}
	}), nil
}

// events sends the time as server-sent events.
func events(every time.Duration, stdout io.Writer) adapter.App {
	return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}})
		return adapter.Stream(func(yield func([]byte, error) bool) {
			defer fmt.Fprintln(stdout, "events: done with", env.Get("REMOTE_ADDR"))
			ticker := time.NewTicker(every)
			defer ticker.Stop()
			for n := 1; ; n++ {
				event := fmt.Appendf(nil, "id: %d\ndata: %s\n\n", n, time.Now().Format(time.RFC3339))
				if !yield(event, nil) {
					return
				}
				select {
				case <-ticker.C:
				case <-env.Context().Done():
					return
				}
			}
		}), err
	}
}
