// Command python serves a Python application to peers/applications.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/python"
)

func main() {
	var c python.Config
	flag.StringVar(&c.App, "app", "", "the application (module:callable)")
	flag.StringVar(&c.Dir, "dir", "", "its directory")
	flag.StringVar(&c.Python, "python", "", "the interpreter")
	flag.IntVar(&c.Workers, "workers", 1, "processes")
	flag.IntVar(&c.Threads, "threads", 0, "requests at once in each")
	flag.BoolVar(&c.Gevent, "gevent", false, "workers run under gevent")
	addr := flag.String("addr", "127.0.0.1:8080", "the address to listen on")
	flag.Parse()
	if err := serve(*addr, c); err != nil {
		fmt.Fprintln(os.Stderr, "python:", err)
		os.Exit(1)
	}
}

func serve(addr string, c python.Config) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app, err := python.Start(ctx, c)
	if err != nil {
		return err
	}
	defer app.Close()
	srv := &http.Server{Addr: addr, Handler: &adapter.Handler{App: app.ServeWSGI}}
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	if err := srv.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}
