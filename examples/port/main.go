// Port is the Go version of app.py, which lies beside it, line by line and in the
// same order.
//
// Look at both at once. Three things differ: errors are returned, a generator is a
// func that yields, and guests has a lock, because requests run in parallel.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"sync"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

var (
	mu     sync.Mutex
	guests []string
	plain  = [2]string{"Content-Type", "text/plain"}
)

func index(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	_, err := start("200 OK", adapter.Headers{plain})
	return adapter.Text(fmt.Sprintf("Guests so far: %d\n", len(everyone()))), err
}

func sign(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	body, err := env.Input().ReadN(-1)
	if err != nil {
		return nil, err
	}
	form, _ := url.ParseQuery(string(body))
	name := form.Get("name")
	if name == "" {
		env.Errors().WriteString("a guest without a name\n")
		_, err := start("400 Bad Request", adapter.Headers{plain})
		return adapter.Text("Who are you?\n"), err
	}
	add(name)
	place := env.Get("SCRIPT_NAME") + "/guests"
	_, err = start("303 See Other", adapter.Headers{plain, {"Location", place}})
	return nil, err
}

func listing(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	_, err := start("200 OK", adapter.Headers{plain})
	return adapter.Stream(func(yield func([]byte, error) bool) {
		for _, name := range everyone() {
			if !yield([]byte(name+"\n"), nil) {
				return
			}
		}
	}), err
}

func missing(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	_, err := start("404 Not Found", adapter.Headers{plain})
	return adapter.Text("Nothing here.\n"), err
}

var routes = map[[2]string]adapter.App{
	{"GET", "/"}:       index,
	{"POST", "/sign"}:  sign,
	{"GET", "/guests"}: listing,
}

func application(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	asked := [2]string{env.Get("REQUEST_METHOD"), env.Get("PATH_INFO")}
	view, ok := routes[asked]
	if !ok {
		view = missing
	}
	return view(env, start)
}

func add(name string) {
	mu.Lock()
	defer mu.Unlock()
	guests = append(guests, name)
}

func everyone() []string {
	mu.Lock()
	defer mu.Unlock()
	return slices.Clone(guests)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("port", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "the address to listen on")
	_ = flags.Parse(args)
	server := adapter.NewServer(*addr, application)
	server.HTTP.BaseContext = func(l net.Listener) context.Context {
		fmt.Fprintf(stdout, "Listening on http://%s\n", l.Addr())
		return context.Background()
	}
	return server.Run(ctx)
}
