// Quickstart is a program on its way from Python to Go: two routes are written in
// Go already, an old application is mounted under /legacy, and another old
// application answers all other requests.
//
// Look at routes, then at legacy.go.
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

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/gowsgi/gowsgi/adapter"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "the address to listen on")
	_ = flags.Parse(args)

	server := adapter.Wrap(&http.Server{
		Addr:              *addr,
		Handler:           routes(),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(l net.Listener) context.Context {
			fmt.Fprintf(stdout, whatToTry, "http://"+l.Addr().String())
			return context.Background()
		},
	})
	server.Log = stdout
	if err := server.Run(ctx); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "Stopped.")
	return nil
}

const whatToTry = `Listening; Ctrl-C stops. Try:

  curl %[1]s/new                             Go
  curl %[1]s/legacy/                         the old application; better in a browser
  curl -F file=@README.md %[1]s/legacy/upload
  curl %[1]s/anything/else?a=1               not Go yet

`

func routes() http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.GetHead) // without it, chi answers a HEAD for a Get route with 405

	r.Get("/new", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "This is Go.")
	})
	r.Get("/hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello, %q. This is Go.\n", chi.URLParam(r, "name"))
	})

	r.Mount("/legacy", &adapter.Handler{App: legacy, Policy: &shown})

	// A path with a Go route for GET may still belong to the old application for POST.
	rest := &adapter.Handler{App: notGoYet, Environ: map[string]any{"SCRIPT_NAME": ""}}
	r.NotFound(rest.ServeHTTP)
	r.MethodNotAllowed(rest.ServeHTTP)
	return r
}
