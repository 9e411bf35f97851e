// Filters has three WSGI middlewares in front of an application that knows of
// none of them: one of each kind.
//
// Look at proxied, which changes the environ, at inflated, which replaces
// wsgi.input, and at compressed, which wraps start, write() and the body with
// its Close. What they do is known from Python: werkzeug's ProxyFix, dulwich's
// GunzipFilter and paste's gzipper.
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
	flags := flag.NewFlagSet("filters", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "the address to listen on")
	proxies := flags.Int("proxies", 0, "the number of proxies in front")
	limit := flags.Int64("limit", 1<<20, "the most bytes of an inflated request")
	_ = flags.Parse(args)

	server := adapter.NewServer(*addr, proxied(*proxies)(inflated(*limit)(compressed(numbered))))
	server.HTTP.BaseContext = func(l net.Listener) context.Context {
		fmt.Fprintf(stdout, "Try curl --compressed --data-binary @main.go http://%s/\n", l.Addr())
		return context.Background()
	}
	return server.Run(ctx)
}

// numbered answers with the lines that it is sent, numbered, under the URL that
// it was asked for.
func numbered(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	var lines [][]byte
	for line, err := range env.Input().Lines() {
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	if _, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}}); err != nil {
		return nil, err
	}
	return adapter.Generate(func(send func(chunk []byte) error) error {
		if err := send(fmt.Appendf(nil, "%s for %s\n", env.RequestURL(), env.Get("REMOTE_ADDR"))); err != nil {
			return err
		}
		for i, line := range lines {
			if err := send(fmt.Appendf(nil, "%d\t%s", i+1, line)); err != nil {
				return err
			}
		}
		return nil
	}), nil
}
