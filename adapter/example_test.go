package adapter_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// hello is an application in the WSGI shape.
func hello(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	if _, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}}); err != nil {
		return nil, err
	}
	return adapter.Text("hello from ", env.Get("SCRIPT_NAME"), env.Get("PATH_INFO"), "\n"), nil
}

// print asks h for path and prints what it answers.
func print(h http.Handler, path string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	fmt.Printf("%d %s", w.Code, w.Body)
}

func ExampleHandler() {
	r := chi.NewRouter()
	r.Get("/new", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "already Go") })
	r.Mount("/legacy", &adapter.Handler{App: hello})
	print(r, "/new")
	print(r, "/legacy/page")
	// Output:
	// 200 already Go
	// 200 hello from /legacy/page
}

func ExampleText() {
	print(&adapter.Handler{App: hello}, "/x")
	// Output: 200 hello from /x
}

func ExampleBytes() {
	print(&adapter.Handler{App: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", nil)
		return adapter.Bytes([]byte("one "), []byte("two\n")), err
	}}, "/")
	// Output: 200 one two
}

func ExampleStream() {
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		return adapter.Stream(func(yield func([]byte, error) bool) {
			if _, err := start("200 OK", nil); err != nil { // a generator may start late
				yield(nil, err)
				return
			}
			for i := range 3 {
				if !yield(fmt.Appendf(nil, "line %d\n", i), nil) {
					return // the client is gone
				}
			}
		}), nil
	}
	print(&adapter.Handler{App: app}, "/")
	// Output:
	// 200 line 0
	// line 1
	// line 2
}

func ExampleFile() {
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", nil)
		return adapter.File(strings.NewReader("from a file\n"), 8192), err
	}
	print(&adapter.Handler{App: app}, "/")
	// Output: 200 from a file
}

func ExampleFromHandler() {
	upper := func(app adapter.App) adapter.App { // a WSGI middleware
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			env.Set("HTTP_X_USER", strings.ToUpper(env.Get("HTTP_X_USER")))
			return app(env, start)
		}
	}
	greet := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello", r.Header.Get("X-User")) })
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-User", "ada")
	w := httptest.NewRecorder()
	(&adapter.Handler{App: upper(adapter.FromHandler(greet))}).ServeHTTP(w, r)
	fmt.Print(w.Body)
	// Output: hello ADA
}

func ExampleNewServer() {
	srv := adapter.NewServer("127.0.0.1:0", hello)
	srv.Log = io.Discard
	l, err := net.Listen("tcp", srv.HTTP.Addr)
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- srv.Serve(l) }()
	res, err := http.Get("http://" + l.Addr().String() + "/page")
	if err == nil {
		_, _ = io.Copy(os.Stdout, res.Body)
		_ = res.Body.Close()
	}
	fmt.Println(srv.Shutdown(context.Background()), <-done)
	// Output:
	// hello from /page
	// <nil> http: Server closed
}

func ExampleWrap() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		env, _ := environ.FromContext(r.Context()) // there is one below a Server
		fmt.Fprintln(w, env.Get("REQUEST_METHOD"), env.Get("site.name"))
	})
	srv := adapter.Wrap(&http.Server{Addr: "127.0.0.1:0", Handler: mux})
	srv.Environ = map[string]any{"site.name": "old shop"}
	srv.Log = io.Discard
	ctx, stop := context.WithCancel(context.Background())
	stop() // a program would stop on a signal
	fmt.Println(srv.Run(ctx))
	// Output: <nil>
}

func ExampleRecord() {
	rec := adapter.Record{
		Time: time.Date(2026, 11, 23, 6, 42, 6, 0, time.UTC), Remote: "::1",
		Method: "GET", Target: "/a\"b", Proto: "HTTP/1.1",
		Status: 200, Bytes: 12, Duration: 1500 * time.Microsecond,
	}
	fmt.Println(rec)
	// Output: ::1 - - [2026-11-23 06:42:06] "GET /a\x22b HTTP/1.1" 200 12 0.001500
}

func ExampleRecord_LogValue() {
	rec := adapter.Record{
		Remote: "::1", Method: "GET", Target: "/orders?token=secret", Proto: "HTTP/1.1",
		Status: 200, Bytes: 12, Duration: 1500 * time.Microsecond,
	}
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime})
	slog.New(handler).Info("served", "request", rec)
	// Output: level=INFO msg=served request.method=GET request.path=/orders request.status=200 request.bytes=12 request.duration=1.5ms request.remote=::1 request.proto=HTTP/1.1
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func ExampleCombinedFormat() {
	h := &adapter.Handler{App: hello, Log: os.Stdout, FormatRequest: func(rec adapter.Record) string {
		rec.Time = time.Date(2026, 11, 23, 6, 42, 6, 0, time.UTC) // so that the example is the same every day
		return adapter.CombinedFormat(rec)
	}}
	r := httptest.NewRequest("GET", "/page", nil)
	r.Header.Set("Referer", "https://shop.example/cart?session=secret")
	r.Header.Set("User-Agent", "Mozilla/5.0")
	h.ServeHTTP(httptest.NewRecorder(), r)
	// Output: 192.0.2.1 - - [23/Nov/2026:06:42:06 +0000] "GET /page HTTP/1.1" 200 17 "https://shop.example/cart" "Mozilla/5.0"
}

func ExamplePanicError() {
	h := &adapter.Handler{
		App:         func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { panic("out of cheese") },
		HandleError: func(_ *environ.Environ, err error) { fmt.Println(err) },
	}
	print(h, "/")
	// Output:
	// adapter: the App panicked: out of cheese
	// 500 Internal Server Error
}
