// Program target is the server that docs/reliability.md sends slowhttptest, h2load
// and h2spec to: a gowsgi server as NewServer makes it, with HTTP/1 and HTTP/2
// without TLS on one port of loopback.
package main

import (
	"context"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// large is more than the kernel's buffers of a connection hold.
var large = make([]byte, 16<<20)

// answer reads its input and answers 1 KiB, 1 MiB under /medium and 16 MiB under
// /large.
func answer(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	if _, err := env.Input().ReadN(-1); err != nil {
		return nil, err
	}
	size := map[string]int{"/medium": 1 << 20, "/large": 16 << 20}[env.Get("PATH_INFO")]
	if size == 0 {
		size = 1 << 10
	}
	_, err := start("200 OK", adapter.Headers{{"Content-Type", "application/octet-stream"}})
	return adapter.Bytes(large[:size]), err
}

func main() {
	srv := adapter.NewServer("127.0.0.1:8080", answer)
	srv.Log = io.Discard
	srv.HTTP.Protocols = new(http.Protocols)
	srv.HTTP.Protocols.SetHTTP1(true)
	srv.HTTP.Protocols.SetUnencryptedHTTP2(true)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := srv.Run(ctx); err != nil {
		log.Print(err)
	}
}
