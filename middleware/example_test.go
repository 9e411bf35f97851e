package middleware_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/middleware"
)

// print asks h for path and prints what it answers.
func print(h http.Handler, path string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	fmt.Printf("%d %s\n", w.Code, strings.TrimSpace(w.Body.String()))
}

func ExampleEnviron() {
	r := chi.NewRouter()
	r.Use(middleware.Environ(map[string]any{"site.name": "old shop"}))
	r.Get("/users/{id}", func(w http.ResponseWriter, r *http.Request) {
		env, _ := environ.FromContext(r.Context())
		fmt.Fprintln(w, env.Get("site.name"), env.Get("PATH_INFO"))
	})
	print(r, "/users/7")
	// Output: 200 old shop /users/7
}

func ExampleAccessLog() {
	log := writer(func(line string) { fmt.Println(line[strings.Index(line, `"`):strings.LastIndex(line, " ")]) })
	h := middleware.AccessLog(log)(http.NotFoundHandler())
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil))
	// Output: "GET /x HTTP/1.1" 404 19
}

func ExampleRecords() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: sameEveryDay}))
	r := chi.NewRouter()
	r.Use(middleware.Records(func(ctx context.Context, rec adapter.Record) {
		logger.LogAttrs(ctx, slog.LevelInfo, "served", slog.Any("request", rec))
	}))
	r.Get("/orders/{id}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "shipped") })
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/orders/7?token=secret", nil))
	// Output: level=INFO msg=served request.method=GET request.path=/orders/7 request.status=200 request.bytes=7 request.remote=192.0.2.1 request.proto=HTTP/1.1
}

func sameEveryDay(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "duration" {
		return slog.Attr{}
	}
	return a
}

type writer func(string)

func (w writer) Write(p []byte) (int, error) { w(string(p)); return len(p), nil }

func ExampleGuardHeaders() {
	h := middleware.Environ(map[string]any{"wsgi.errors": os.Stdout})(
		middleware.GuardHeaders(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Next", "/a\r\nSet-Cookie: evil")
		})))
	print(h, "/")
	// Output:
	// middleware: GuardHeaders refused the response: the value of header "X-Next" has a control character in it
	// 500 Internal Server Error
}

func ExampleQuietDisconnects() {
	h := middleware.QuietDisconnects(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := io.WriteString(w, "hello"); err != nil {
			panic(err) // a client that went away: no stack in the log
		}
	}))
	print(h, "/")
	// Output: 200 hello
}

func ExampleWSGI() {
	server := func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			return app(env, func(status string, headers adapter.Headers, excInfo ...error) (io.Writer, error) {
				return start(status, append(headers, [2]string{"Server", "old/1.0"}), excInfo...)
			})
		}
	}
	r := chi.NewRouter()
	r.Use(middleware.WSGI(server))
	r.Get("/", func(http.ResponseWriter, *http.Request) {})
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Header().Get("Server"))
	// Output: old/1.0
}
