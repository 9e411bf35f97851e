package adapter_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/gowsgi/gowsgi/adapter"
)

func ExampleListen() {
	dir, err := os.MkdirTemp("", "gowsgi")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "app.sock")
	l, err := adapter.Listen("unix:" + path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(l.Addr().Network())
	_, err = adapter.Listen("unix:" + path)
	fmt.Println(err != nil, "- somebody listens there")
	fmt.Println(l.Close())
	_, err = os.Stat(path)
	fmt.Println(os.IsNotExist(err))
	// Output:
	// unix
	// true - somebody listens there
	// <nil>
	// true
}

func ExampleServer_OnListen() {
	srv := adapter.NewServer("127.0.0.1:0", hello) // the system chooses a port
	srv.Log = io.Discard
	ready := make(chan string, 1)
	srv.OnListen = func(addr net.Addr) { ready <- "http://" + addr.String() }
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- srv.Run(ctx) }()
	res, err := http.Get(<-ready + "/page")
	if err == nil {
		_, _ = io.Copy(os.Stdout, res.Body)
		_ = res.Body.Close()
	}
	stop()
	fmt.Println(<-done)
	// Output:
	// hello from /page
	// <nil>
}
