// Command server is the Go server that peers/run measures: bench's twins, as bare
// net/http handlers or through gowsgi.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"

	"github.com/gowsgi/gowsgi/bench"
)

func main() {
	kind := flag.String("kind", "gowsgi", "the kind of handlers: bare or gowsgi")
	addr := flag.String("addr", "127.0.0.1:8080", "the address to listen on")
	headers := flag.Bool("headers", false, "print the headers that the client is to send, and exit")
	flag.Parse()
	if *headers {
		for _, h := range bench.BrowserHeaders {
			fmt.Printf("%s: %s\n", h[0], h[1])
		}
		return
	}
	if err := http.ListenAndServe(*addr, mux(*kind)); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func mux(kind string) *http.ServeMux {
	m := http.NewServeMux()
	for path, twin := range map[string]bench.Twin{"/hello": bench.Hello(), "/stream": bench.Stream(), "/upload": bench.Upload()} {
		if kind == "bare" {
			m.Handle(path, twin.Bare)
		} else {
			m.Handle(path, twin.Gowsgi)
		}
	}
	return m
}
