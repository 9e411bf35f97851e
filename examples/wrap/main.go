// Wrap gives an existing http.Server what pywsgi's server has: access lines, an
// environ in every request's context, a limit on connections, and a graceful stop.
//
// Look at run: the http.Server and its handlers do not change.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("wrap", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "the address to listen on")
	spawn := flags.Int("spawn", 100, "how many connections to serve at once")
	_ = flags.Parse(args)

	existing := &http.Server{
		Addr:              *addr,
		Handler:           routes(),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		BaseContext:       announce(stdout),
	}
	server := adapter.Wrap(existing)
	server.Log = stdout
	server.Spawn = *spawn
	server.Environ = map[string]any{"SERVER_NAME": "shop.example", "shop.currency": "EUR"}
	return server.Run(ctx)
}

// announce says where the server came to listen.
func announce(stdout io.Writer) func(net.Listener) context.Context {
	return func(l net.Listener) context.Context {
		fmt.Fprintf(stdout, "Listening on http://%s\n", l.Addr())
		return context.Background()
	}
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "A handler that knows nothing of WSGI.")
	})
	mux.HandleFunc("GET /price/{item}", price)
	return mux
}

// price reads from the environ which server it runs in and how that is configured.
func price(w http.ResponseWriter, r *http.Request) {
	env, _ := environ.FromContext(r.Context())
	fmt.Fprintf(w, "%s costs 3 %s at %s.\n", r.PathValue("item"), env.Get("shop.currency"), env.Get("SERVER_NAME"))
	fmt.Fprintf(w, "Printed, the environ is %v.\n", env)
}
