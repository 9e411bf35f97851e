// Django is a site written in Django, with its admin, inside a Go program. Go
// serves the site's static files, and is the place for whatever comes next.
//
// The site needs Django, a database and an administrator. Make them in this
// folder, then start the program:
//
//	cd legacy
//	python3 -m venv .venv
//	.venv/bin/pip install -r requirements.txt
//	.venv/bin/python manage.py migrate
//	.venv/bin/python manage.py collectstatic
//	.venv/bin/python manage.py createsuperuser
//	cd ..
//	go run .
//
// Look at run, and at routes.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/python"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("django", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "the address to listen on")
	dir := flags.String("dir", "legacy", "the folder of manage.py")
	interpreter := flags.String("python", "", "the Python to use (default that of the virtual environment in dir)")
	data := flags.String("data", "legacy", "the folder of the database and of the collected static files")
	prefix := flags.String("prefix", "/", "the path of the site")
	_ = flags.Parse(args)

	folder, err := filepath.Abs(*data) // the workers run in dir
	if err != nil {
		return err
	}
	static, err := os.OpenRoot(filepath.Join(folder, "static")) // nothing outside of it is served
	if err != nil {
		return fmt.Errorf("%w: manage.py collectstatic makes it", err)
	}
	defer static.Close()
	site, err := python.Start(ctx, python.Config{
		App:      "club.wsgi:application",
		Dir:      *dir,
		Python:   *interpreter,
		Env:      []string{"CLUB_SECRET=" + rand.Text(), "CLUB_DATA=" + folder},
		ErrorLog: stdout,
	})
	if err != nil {
		return err
	}
	if err := errors.Join(serve(ctx, *addr, routes(*prefix, site.ServeWSGI, static.FS()), stdout), site.Close()); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "Stopped.")
	return nil
}

func serve(ctx context.Context, addr string, handler http.Handler, stdout io.Writer) error {
	server := adapter.Wrap(&http.Server{
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(l net.Listener) context.Context {
			fmt.Fprintf(stdout, "Listening; Ctrl-C stops. Try http://%s in a browser.\n", l.Addr())
			return context.Background()
		},
	})
	server.Log, server.ErrorLog = stdout, stdout
	return server.Run(ctx)
}

// routes has the static files at the path that STATIC_URL names, and the site
// below prefix. Whatever else is routed here is taken over from the site.
func routes(prefix string, site adapter.App, static fs.FS) http.Handler {
	r := chi.NewRouter()
	r.Handle("/static/*", http.StripPrefix("/static", files(static)))
	r.Mount(prefix, &adapter.Handler{App: site})
	return r
}

// files serves files that browsers may keep for ever, since Django's pages name
// each by a hash of its contents. It lists no folders.
func files(static fs.FS) http.Handler {
	server := http.FileServerFS(static)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		server.ServeHTTP(w, r)
	})
}
