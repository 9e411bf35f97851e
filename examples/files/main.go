// Files serves a folder with the wsgi.file_wrapper of its environ, as a WSGI
// application would. A regular file has a Content-Length and goes out by sendfile
// where the connection allows it; any other io.Reader is sent block by block.
//
// Look at serve.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"mime"
	"net"
	"os"
	"os/signal"
	"path"
	"strings"

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
	flags := flag.NewFlagSet("files", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "the address to listen on")
	dir := flags.String("dir", ".", "the folder to serve")
	_ = flags.Parse(args)

	root, err := os.OpenRoot(*dir) // no file outside the folder can be opened
	if err != nil {
		return err
	}
	defer root.Close()
	server := adapter.NewServer(*addr, serve(root))
	server.HTTP.BaseContext = func(l net.Listener) context.Context {
		fmt.Fprintf(stdout, "Serving %s on http://%s\n", *dir, l.Addr())
		return context.Background()
	}
	return server.Run(ctx)
}

// serve answers with the file that PATH_INFO names. It does not close the file: the
// server does so when the response ends, also when that fails.
func serve(root *os.Root) adapter.App {
	return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		name := strings.TrimPrefix(env.Get("PATH_INFO"), "/")
		file, err := open(root, name)
		if err != nil {
			_, err := start("404 Not Found", adapter.Headers{{"Content-Type", "text/plain"}})
			return adapter.Text("No such file.\n"), err
		}
		wrap := env.Value("wsgi.file_wrapper").(func(io.Reader, int) adapter.Body) // or adapter.File
		_, err = start("200 OK", adapter.Headers{{"Content-Type", contentType(name)}})
		return wrap(file, 64<<10), err
	}
}

func open(root *os.Root, name string) (*os.File, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is not a file", name)
	}
	return root.Open(name)
}

func contentType(name string) string {
	if found := mime.TypeByExtension(path.Ext(name)); found != "" {
		return found
	}
	return "application/octet-stream"
}
