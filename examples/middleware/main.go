// Middleware gives ordinary handlers an environ, and puts the same WSGI middleware
// in front of Go handlers and old applications.
//
// Look at routes for the order of things, and at signedIn and stamped for the two
// things that a WSGI middleware does: it changes the environ, and it wraps start.
package main

import (
	"context"
	"crypto/subtle"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

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
	flags := flag.NewFlagSet("middleware", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "the address to listen on")
	_ = flags.Parse(args)

	server := adapter.Wrap(&http.Server{
		Addr:              *addr,
		Handler:           routes(stdout),
		ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(l net.Listener) context.Context {
			fmt.Fprintf(stdout, "Listening on http://%s/account (any name, password sesame)\n", l.Addr())
			return context.Background()
		},
	})
	server.Log = io.Discard // AccessLog writes the lines
	return server.Run(ctx)
}

func routes(stdout io.Writer) http.Handler {
	r := chi.NewRouter()
	r.Use(
		middleware.AccessLog(stdout),
		middleware.GuardHeaders,
		middleware.Environ(map[string]any{"shop.currency": "EUR"}),
	)
	r.Get("/price", func(w http.ResponseWriter, r *http.Request) {
		env, _ := environ.FromContext(r.Context())
		fmt.Fprintln(w, "3", env.Get("shop.currency"))
	})
	r.Group(func(r chi.Router) {
		r.Use(middleware.WSGI(stamped), middleware.WSGI(signedIn))
		r.Get("/account", account)
		r.Mount("/legacy", &adapter.Handler{App: legacy})
	})
	return r
}

// signedIn is a WSGI middleware that asks for a password. It passes the user's name
// on to the applications and handlers behind it.
func signedIn(app adapter.App) adapter.App {
	return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		name, password, _ := env.Request().BasicAuth()
		if subtle.ConstantTimeCompare([]byte(password), []byte("sesame")) == 0 {
			_, err := start("401 Unauthorized", adapter.Headers{{"WWW-Authenticate", `Basic realm="shop"`}})
			return nil, err
		}
		env.Set("REMOTE_USER", name)
		return app(env, start)
	}
}

// stamped is a WSGI middleware that adds a header to every response.
func stamped(app adapter.App) adapter.App {
	return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		return app(env, func(status string, headers adapter.Headers, excInfo ...error) (io.Writer, error) {
			stamp := adapter.Headers{{"X-Currency", env.Get("shop.currency")}}
			return start(status, slices.Concat(headers, stamp), excInfo...)
		})
	}
}

// account is a Go handler behind WSGI middleware.
func account(w http.ResponseWriter, r *http.Request) {
	env, _ := environ.FromContext(r.Context())
	fmt.Fprintf(w, "The account of %s.\n", env.Get("REMOTE_USER"))
}

// legacy is an old application behind the same middleware.
func legacy(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}})
	return adapter.Text("The old account of ", env.Get("REMOTE_USER"), ".\n"), err
}
