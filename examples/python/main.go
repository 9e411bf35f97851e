// Python is a program on its way from Python to Go: a shop written in Flask is
// mounted under /legacy, and its prices are Go already. Nothing in the shop had
// to be changed for that, and its pages link to Go's by Flask's own url_for.
//
// The shop needs Flask. Install it in this folder, then start the program:
//
//	python3 -m venv legacy/.venv
//	legacy/.venv/bin/pip install -r legacy/requirements.txt
//	go run .
//
// Look at run, at routes, and then at legacy/shop.py.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
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
	flags := flag.NewFlagSet("python", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "the address to listen on")
	dir := flags.String("dir", "legacy", "the folder of shop.py")
	interpreter := flags.String("python", "", "the Python to use (default that of the virtual environment in dir)")
	data := flags.String("data", ".", "the folder for the orders, as seen from dir")
	_ = flags.Parse(args)

	goods, err := readGoods(*dir)
	if err != nil {
		return err
	}
	shop, err := python.Start(ctx, python.Config{
		App:      "shop:app",
		Dir:      *dir,
		Python:   *interpreter,
		Env:      []string{"SHOP_SECRET=" + rand.Text(), "SHOP_DATA=" + *data},
		Threads:  4,
		ErrorLog: stdout,
	})
	if err != nil {
		return err
	}
	if err := errors.Join(serve(ctx, *addr, routes(shop.ServeWSGI, goods), stdout), shop.Close()); err != nil {
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
			fmt.Fprintf(stdout, whatToTry, "http://"+l.Addr().String())
			return context.Background()
		},
	})
	server.Log, server.ErrorLog = stdout, stdout
	return server.Run(ctx)
}

const whatToTry = `Listening; Ctrl-C stops. Try:

  curl %[1]s/new                     Go
  curl %[1]s/legacy/                 Flask; better in a browser
  curl %[1]s/legacy/price/tea        Go, which Flask's page links to
  curl -N %[1]s/legacy/orders        Flask; each order is sent as it comes in

`

func routes(shop adapter.App, goods goods) http.Handler {
	r := chi.NewRouter()
	r.Get("/new", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "This is Go.")
	})
	r.Get("/legacy/price/{sku}", goods.price) // Go's by now
	r.Head("/legacy/price/{sku}", goods.price)
	r.Mount("/legacy", &adapter.Handler{App: shop})
	return r
}
