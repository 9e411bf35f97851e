// Logging has one slog.Logger for everything: access lines, what applications write
// to wsgi.errors, and what fails. Each record has the id of its request, and nothing
// is logged twice.
//
// A Server, a Handler and middleware.AccessLog each write access lines where they are
// given a log. Choose one of them. Here that is AccessLog, because it stands below
// the middleware that makes the ids; the Server, which stands above, knows none. Look
// at newServer and routes for which log goes where, and at withID for how a record
// gets its id.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/logadapter"
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
	flags := flag.NewFlagSet("logging", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "the address to listen on")
	_ = flags.Parse(args)

	logger := slog.New(withID{slog.NewJSONHandler(stdout, nil)})
	return newServer(*addr, logger).Run(ctx)
}

func newServer(addr string, logger *slog.Logger) *adapter.Server {
	server := adapter.Wrap(&http.Server{
		Addr:              addr,
		Handler:           routes(logger),
		ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(l net.Listener) context.Context {
			logger.Info(fmt.Sprintf("listening on http://%s/hello", l.Addr()))
			return context.Background()
		},
	})
	server.Log = io.Discard                                   // AccessLog writes the lines
	server.ErrorLog = logadapter.New(logger, slog.LevelError) // http.Server's own errors, and wsgi.errors of every Handler below
	return server
}

func routes(logger *slog.Logger) http.Handler {
	r := chi.NewRouter()
	r.Use(
		chimiddleware.RequestID, // puts the id into the context, so it comes first
		middleware.AccessLog(logadapter.New(logger, slog.LevelInfo)),
	)
	// A Handler needs no Log here, and its ErrorLog is the Server's.
	r.Mount("/", &adapter.Handler{App: application, HandleError: report(logger)})
	return r
}

// report logs what would otherwise be a text on the ErrorLog as a record with
// attributes. The environ is masked. An error of the client's is no error of ours.
func report(logger *slog.Logger) func(env *environ.Environ, err error) {
	return func(env *environ.Environ, err error) {
		level := slog.LevelError
		var request *adapter.RequestError
		if errors.As(err, &request) {
			level = slog.LevelWarn
		}
		logger.Log(env.Context(), level, "request failed", "error", err, "environ", env)
	}
}

// withID adds the id of the request to every record that is logged with a context.
type withID struct{ slog.Handler }

func (h withID) Handle(ctx context.Context, record slog.Record) error {
	if id := chimiddleware.GetReqID(ctx); id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h withID) WithAttrs(attrs []slog.Attr) slog.Handler { return withID{h.Handler.WithAttrs(attrs)} }

func (h withID) WithGroup(name string) slog.Handler { return withID{h.Handler.WithGroup(name)} }

func application(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	switch env.Get("PATH_INFO") {
	case "/fail":
		return nil, errors.New("no database")
	case "/panic":
		panic("no memory")
	case "/upload":
		if _, err := env.Input().ReadN(-1); err != nil {
			return nil, err
		}
	}
	_, _ = env.Errors().WriteString("saying hello\n")
	_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}})
	return adapter.Text("hello\n"), err
}
