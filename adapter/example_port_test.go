package adapter_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

func ExampleHeaders_Get() {
	headers := adapter.Headers{{"Content-Type", "text/html"}, {"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}}
	fmt.Printf("%q %q %q\n", headers.Get("content-type"), headers.Get("Set-Cookie"), headers.Get("Vary"))
	// Output: "text/html" "a=1" ""
}

func ExampleHeaders_Set() {
	headers := adapter.Headers{{"Content-Type", "text/html"}, {"Vary", "Cookie"}}
	headers.Set("content-type", "text/plain")
	headers.Set("ETag", `"7"`)
	fmt.Println(headers)
	// Output: [[content-type text/plain] [Vary Cookie] [ETag "7"]]
}

func ExampleHeaders_Add() {
	var headers adapter.Headers
	headers.Add("Set-Cookie", "a=1")
	headers.Add("Set-Cookie", "b=2")
	fmt.Println(headers)
	// Output: [[Set-Cookie a=1] [Set-Cookie b=2]]
}

func ExampleHeaders_Del() {
	headers := adapter.Headers{{"Content-Length", "5"}, {"Vary", "Cookie"}}
	headers.Del("content-length")
	fmt.Println(headers)
	// Output: [[Vary Cookie]]
}

func ExampleChunks() {
	for _, body := range []adapter.Body{adapter.Text("one", "two"), nil} {
		n := 0
		for chunk, err := range adapter.Chunks(body) {
			if err != nil {
				fmt.Println(err)
			}
			n += len(chunk)
		}
		fmt.Println(n)
	}
	// Output:
	// 6
	// 0
}

// What an App has opened is closed although another Body answers.
func ExampleCloseBody() {
	opened := adapter.OnClose(adapter.Text("private"), func() error { return errors.New("already closed") })
	forbidding := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		if err := adapter.CloseBody(opened); err != nil {
			_, _ = env.Errors().WriteString(err.Error() + "\n")
		}
		_, err := start("403 Forbidden", nil)
		return adapter.Text("no\n"), err
	}
	var errs bytes.Buffer
	print(&adapter.Handler{App: forbidding, ErrorLog: &errs}, "/")
	fmt.Print(errs.String())
	// Output:
	// 403 no
	// already closed
}

func ExampleOnClose() {
	timed := func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			body, err := app(env, start)
			return adapter.OnClose(body, func() error {
				fmt.Println("done with", env.Get("PATH_INFO"))
				return nil
			}), err
		}
	}
	w := httptest.NewRecorder()
	(&adapter.Handler{App: timed(hello)}).ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
	fmt.Println(w.Body, w.Header().Get("Content-Length")) // the length of a list is still known
	// Output:
	// done with /x
	// hello from /x
	//  14
}

func ExampleGenerate() {
	rows := []string{"ann", "ben"} // of a database, say
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/csv"}})
		return adapter.Generate(func(send func(chunk []byte) error) error {
			for i, row := range rows {
				if err := send(fmt.Appendf(nil, "%d,%s\n", i, row)); err != nil {
					return err // nobody wants more
				}
			}
			return nil // or the error of the database
		}), err
	}
	print(&adapter.Handler{App: app}, "/")
	// Output:
	// 200 0,ann
	// 1,ben
}

// A middleware that changes what is given to start: the headers here.
func ExampleMiddleware_start() {
	private := func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			return app(env, func(status string, headers adapter.Headers, excInfo ...error) (io.Writer, error) {
				headers.Set("Cache-Control", "private")
				headers.Add("Vary", "Cookie")
				return start(status, headers, excInfo...)
			})
		}
	}
	w := httptest.NewRecorder()
	(&adapter.Handler{App: private(hello)}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Header().Get("Cache-Control"), w.Header().Get("Vary"), w.Header().Get("Content-Type"))
	// Output: private Cookie text/plain
}

// A middleware that changes the body. It keeps to the rules for iterating one:
// it asks for a chunk when it is asked for one, takes a nil Body and passes
// Close on. The length of the body changes, so its Content-Length goes.
func ExampleMiddleware_body() {
	upper := func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			body, err := app(env, func(status string, headers adapter.Headers, excInfo ...error) (io.Writer, error) {
				headers.Del("Content-Length")
				return start(status, headers, excInfo...)
			})
			if err != nil {
				return body, err
			}
			changed := adapter.Generate(func(send func(chunk []byte) error) error {
				for chunk, err := range adapter.Chunks(body) {
					if err != nil {
						return err
					}
					if err := send(bytes.ToUpper(chunk)); err != nil {
						return err
					}
				}
				return nil
			})
			return adapter.OnClose(changed, func() error { return adapter.CloseBody(body) }), nil
		}
	}
	print(&adapter.Handler{App: upper(hello)}, "/x")
	// Output: 200 HELLO FROM /X
}

// A middleware that replaces the input. The application reads what was
// compressed as if it never had been.
func ExampleMiddleware_input() {
	gunzip := func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			if env.Get("HTTP_CONTENT_ENCODING") == "gzip" {
				plain, err := gzip.NewReader(env.Input())
				if err != nil {
					return nil, err
				}
				env.Set("wsgi.input", plain)
				env.Delete("HTTP_CONTENT_ENCODING")
				env.Delete("CONTENT_LENGTH")
			}
			return app(env, start)
		}
	}
	echo := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		text, err := env.Input().ReadN(-1)
		if err != nil {
			return nil, err
		}
		_, err = start("200 OK", nil)
		return adapter.Bytes(text), err
	}
	var compressed bytes.Buffer
	z := gzip.NewWriter(&compressed)
	_, _ = io.WriteString(z, "hello\n")
	_ = z.Close()
	r := httptest.NewRequest("POST", "/", &compressed)
	r.Header.Set("Content-Encoding", "gzip")
	w := httptest.NewRecorder()
	(&adapter.Handler{App: gunzip(echo)}).ServeHTTP(w, r)
	fmt.Print(w.Body)
	// Output: hello
}

// A middleware that changes the environ: it believes one proxy, which has put
// the client's address last.
func ExampleMiddleware_environ() {
	proxied := func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			if chain := strings.Split(env.Get("HTTP_X_FORWARDED_FOR"), ","); chain[0] != "" {
				env.Set("REMOTE_ADDR", strings.TrimSpace(chain[len(chain)-1]))
				env.Delete("REMOTE_PORT")
			}
			if env.Get("HTTP_X_FORWARDED_PROTO") == "https" {
				env.Set("wsgi.url_scheme", "https")
			}
			return app(env, start)
		}
	}
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", nil)
		return adapter.Text(env.RequestURL(), " for ", env.Get("REMOTE_ADDR"), "\n"), err
	}
	r := httptest.NewRequest("GET", "/x", nil)
	r.Header.Set("X-Forwarded-For", "10.0.0.1, 2001:db8::7")
	r.Header.Set("X-Forwarded-Proto", "https")
	w := httptest.NewRecorder()
	(&adapter.Handler{App: proxied(app)}).ServeHTTP(w, r)
	fmt.Print(w.Body)
	// Output: https://example.com/x for 2001:db8::7
}
