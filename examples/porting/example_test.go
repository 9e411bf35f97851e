package porting

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/middleware"
)

// ask calls app and prints what it answers. The headers are pairs.
func ask(app adapter.App, method, target, body string, headers ...string) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h := &adapter.Handler{App: middleware.Validate(app)}
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Body)
}

var plain = [2]string{"Content-Type", "text/plain"}

func Example_testing() {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{plain})
		return adapter.Text("You asked for ", env.Get("PATH_INFO")), err
	}
	ask(app, "GET", "/page", "")
	// Output: 200 text/plain You asked for /page
}

func Example_environ() {
	env := environ.New(map[string]any{"REQUEST_METHOD": "GET", "HTTP_ACCEPT": "text/html"})
	fmt.Println(env.Get("REQUEST_METHOD"), cmp.Or(env.Get("HTTP_COOKIE"), "no cookie"))
	if _, ok := env.Lookup("HTTP_ACCEPT"); ok {
		fmt.Println("it has an Accept")
	}
	env.Set("REMOTE_USER", "ann")
	env.Delete("HTTP_ACCEPT")
	for key, value := range env.All() {
		fmt.Println(key, value)
	}
	// Output:
	// GET no cookie
	// it has an Accept
	// REMOTE_USER ann
	// REQUEST_METHOD GET
}

func Example_query() {
	form, err := url.ParseQuery("name=Ann&tag=a&tag=b+%26+c")
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(form.Get("name"), strings.Join(form["tag"], ", "))
	fmt.Println(cmp.Or(form.Get("color"), "none"))
	// Output:
	// Ann a, b & c
	// none
}

func Example_urlencode() {
	query := url.Values{"name": {"Ann B"}, "tag": {"a", "b/c"}}
	fmt.Println(query.Encode())
	// Output: name=Ann+B&tag=a&tag=b%2Fc
}

func Example_quote() {
	fmt.Println(url.PathEscape("a b/ü"))
	fmt.Println((&url.URL{Path: "/a b/ü"}).EscapedPath())
	fmt.Println(url.QueryEscape("a b/ü"))
	path, err := url.PathUnescape("/caf%C3%A9+1")
	if err != nil {
		fmt.Println(err)
	}
	value, err := url.QueryUnescape("caf%C3%A9+1")
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(path, value)
	// Output:
	// a%20b%2F%C3%BC
	// /a%20b/%C3%BC
	// a+b%2F%C3%BC
	// /café+1 café 1
}

func Example_urlsplit() {
	parts, err := url.Parse("https://ann@example.com:8443/a%20b?q=1#top")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(parts.Scheme, parts.Hostname(), parts.Port(), parts.User.Username())
	fmt.Println(parts.EscapedPath(), parts.RawQuery, parts.Fragment)
	fmt.Println(parts.ResolveReference(&url.URL{Path: "../c"}))
	// Output:
	// https example.com 8443 ann
	// /a%20b q=1 top
	// https://ann@example.com:8443/c
}

func Example_form() {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		r, err := env.AsRequest()
		if err != nil {
			return nil, err
		}
		if err := r.ParseForm(); err != nil {
			return nil, err
		}
		name := cmp.Or(r.PostForm.Get("name"), "nobody")
		_, err = start("200 OK", adapter.Headers{plain})
		return adapter.Text("hello ", name), err
	}
	ask(app, "POST", "/", "name=Ann+B", "Content-Type", "application/x-www-form-urlencoded")
	// Output: 200 text/plain hello Ann B
}

func Example_upload() {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		r, err := env.AsRequest()
		if err != nil {
			return nil, err
		}
		if err := r.ParseMultipartForm(1 << 20); err != nil { // what is more goes to files
			return nil, err
		}
		defer r.MultipartForm.RemoveAll()
		name := r.FormValue("name")
		upload, header, err := r.FormFile("file")
		if err != nil {
			return nil, err
		}
		defer upload.Close()
		content, err := io.ReadAll(upload)
		if err != nil {
			return nil, err
		}
		_, err = start("200 OK", adapter.Headers{plain})
		return adapter.Text(fmt.Sprintf("%s sent %s: %s", name, header.Filename, content)), err
	}
	body := "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAnn\r\n" +
		"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--x--\r\n"
	ask(app, "POST", "/", body, "Content-Type", "multipart/form-data; boundary=x")
	// Output: 200 text/plain Ann sent a.txt: hello
}

func Example_input() {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		stream := env.Input()
		first, err := stream.ReadLine(-1)
		if err != nil {
			return nil, err
		}
		three, err := stream.ReadN(3)
		if err != nil {
			return nil, err
		}
		n := 0
		for _, err := range stream.Lines() {
			if err != nil {
				return nil, err
			}
			n++
		}
		_, err = start("200 OK", adapter.Headers{plain})
		return adapter.Text(fmt.Sprintf("%s, %s and %d lines", bytes.TrimSpace(first), three, n)), err
	}
	ask(app, "POST", "/", "one\ntwo\nthree\nfour\n")
	// Output: 200 text/plain one, two and 3 lines
}

func Example_cookies() {
	env := environ.New(map[string]any{"HTTP_COOKIE": "lang=en; session=abc"})
	r, err := env.AsRequest()
	if err != nil {
		fmt.Println(err)
		return
	}
	if cookie, err := r.Cookie("session"); err == nil {
		fmt.Println(cookie.Value)
	}
	answer := http.Cookie{Name: "session", Value: "def", Path: "/", SameSite: http.SameSiteLaxMode}
	headers := adapter.Headers{plain, {"Set-Cookie", answer.String()}}
	fmt.Println(headers.Get("Set-Cookie"))
	// Output:
	// abc
	// session=def; Path=/; SameSite=Lax
}

func Example_basicAuth() {
	env := environ.New(map[string]any{"HTTP_AUTHORIZATION": "Basic YW5uOnNlc2FtZQ=="})
	r, err := env.AsRequest()
	if err != nil {
		fmt.Println(err)
		return
	}
	user, password, ok := r.BasicAuth()
	if ok {
		fmt.Println(user, password)
	}
	// Output: ann sesame
}

func Example_latin1() {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		path := env.Get("PATH_INFO")
		_, err := start("200 OK", adapter.Headers{plain})
		return adapter.Text(path), err
	}
	ask(app, "GET", "/caf%C3%A9", "")
	// Output: 200 text/plain /café
}

func Example_shiftPath() {
	env := environ.New(map[string]any{"SCRIPT_NAME": "", "PATH_INFO": "/blog/2024/hello"})
	name := env.ShiftPath()
	fmt.Println(name, env.Get("SCRIPT_NAME"), env.Get("PATH_INFO"))
	// Output: blog /blog /2024/hello
}

func Example_urls() {
	env := environ.New(map[string]any{
		"wsgi.url_scheme": "https", "HTTP_HOST": "example.com", "SCRIPT_NAME": "/shop",
		"PATH_INFO": "/a b", "QUERY_STRING": "q=1",
	})
	fmt.Println(env.ApplicationURL())
	fmt.Println(env.RequestURL())
	// Output:
	// https://example.com/shop
	// https://example.com/shop/a%20b?q=1
}

func Example_start() {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		if env.Get("REQUEST_METHOD") != "GET" {
			_, err := start("405 Method Not Allowed", adapter.Headers{plain, {"Allow", "GET"}})
			return adapter.Text("only GET"), err
		}
		_, err := start("200 OK", adapter.Headers{plain})
		return adapter.Text("hello, ", "world"), err
	}
	ask(app, "GET", "/", "")
	ask(app, "PUT", "/", "")
	// Output:
	// 200 text/plain hello, world
	// 405 text/plain only GET
}

func Example_status() {
	status := func(code int) string { return fmt.Sprintf("%d %s", code, http.StatusText(code)) }
	fmt.Println(status(http.StatusNotFound))
	// Output: 404 Not Found
}

func Example_headers() {
	headers := adapter.Headers{{"Content-Type", "text/html"}}
	headers.Set("content-type", "text/plain")
	headers.Add("Set-Cookie", "a=1")
	headers.Add("Set-Cookie", "b=2")
	headers.Add("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "a b.txt"}))
	headers.Del("ETag")
	if headers.Get("Vary") == "" {
		headers.Set("Vary", "Cookie")
	}
	fmt.Println(headers.Get("CONTENT-TYPE"))
	for _, field := range headers {
		if field[0] == "Set-Cookie" {
			fmt.Println(field[1])
		}
	}
	fmt.Println(headers.Get("Content-Disposition"))
	fmt.Println(headers.Get("Vary"))
	// Output:
	// text/plain
	// a=1
	// b=2
	// attachment; filename="a b.txt"
	// Cookie
}

func Example_generator() {
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{plain})
		return adapter.Stream(func(yield func([]byte, error) bool) {
			for i := range 3 {
				if !yield(fmt.Appendf(nil, "%d ", i), nil) {
					return
				}
			}
		}), err
	}
	ask(app, "GET", "/", "")
	// Output: 200 text/plain 0 1 2
}

func Example_finally() {
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{plain})
		return adapter.Generate(func(send func(chunk []byte) error) error {
			defer fmt.Println("cleaned up")
			for _, row := range []string{"ann ", "ben "} {
				if err := send([]byte(row)); err != nil {
					return err
				}
			}
			return nil
		}), err
	}
	ask(app, "GET", "/", "")
	// Output:
	// cleaned up
	// 200 text/plain ann ben
}

func Example_close() {
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{plain})
		return adapter.OnClose(adapter.Text("hello"), func() error {
			fmt.Println("closed")
			return nil
		}), err
	}
	ask(app, "GET", "/", "")
	// Output:
	// closed
	// 200 text/plain hello
}

func Example_excInfo() {
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		if _, err := start("200 OK", adapter.Headers{plain}); err != nil {
			return nil, err
		}
		if err := errors.New("no such table"); err != nil {
			_, err = start("503 Service Unavailable", adapter.Headers{plain}, err)
			return adapter.Text("try again later"), err
		}
		return adapter.Text("hello"), nil
	}
	ask(app, "GET", "/", "")
	// Output: 503 text/plain try again later
}

func Example_raise() {
	app := func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) {
		return nil, errors.New("no such table")
	}
	h := &adapter.Handler{App: app, HandleError: func(_ *environ.Environ, err error) { fmt.Println("logged:", err) }}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code)
	// Output:
	// logged: no such table
	// 500
}

func Example_write() {
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		write, err := start("200 OK", adapter.Headers{plain})
		if err != nil {
			return nil, err
		}
		_, err = io.WriteString(write, "hello, ")
		return adapter.Text("world"), err
	}
	ask(app, "GET", "/", "")
	// Output: 200 text/plain hello, world
}

func Example_fileWrapper() {
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		file := strings.NewReader("the file") // os.Open(name), in an application
		_, err := start("200 OK", adapter.Headers{plain})
		return adapter.File(file, 8192), err
	}
	ask(app, "GET", "/", "")
	// Output: 200 text/plain the file
}

func Example_redirect() {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		place := env.Get("SCRIPT_NAME") + "/login?" + url.Values{"next": {env.Get("PATH_INFO")}}.Encode()
		_, err := start("303 See Other", adapter.Headers{plain, {"Location", place}})
		return adapter.Text("go to ", place), err
	}
	ask(app, "GET", "/private", "")
	// Output: 303 text/plain go to /login?next=%2Fprivate
}

func Example_json() {
	var asked struct {
		Name string `json:"name"`
		Age  int    `json:"age"`
	}
	if err := json.Unmarshal([]byte(`{"name": "Ann", "age": 7}`), &asked); err != nil {
		fmt.Println(err)
		return
	}
	answer, err := json.Marshal(map[string]any{"name": asked.Name, "next": asked.Age + 1, "tags": []string{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(answer))
	// Output: {"name":"Ann","next":8,"tags":[]}
}

func Example_dates() {
	at := time.Unix(784111777, 0)
	fmt.Println(at.UTC().Format(http.TimeFormat))
	then, err := http.ParseTime("Sun, 06 Nov 1994 08:49:37 GMT")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(then.Unix())
	// Output:
	// Sun, 06 Nov 1994 08:49:37 GMT
	// 784111777
}

func Example_escape() {
	fmt.Println("<b>" + html.EscapeString("Ann & <Ben>") + "</b>")
	// Output: <b>Ann &amp; &lt;Ben&gt;</b>
}

func Example_mimetypes() {
	kind, _, _ := strings.Cut(mime.TypeByExtension(".html"), ";") // without its charset
	fmt.Println(kind)
	// Output: text/html
}

func Example_middleware() {
	stamped := func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			return app(env, func(status string, headers adapter.Headers, excInfo ...error) (io.Writer, error) {
				headers.Set("Content-Type", "text/html")
				return start(status, headers, excInfo...)
			})
		}
	}
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{plain})
		return adapter.Text("<b>hello</b>"), err
	}
	ask(stamped(app), "GET", "/", "")
	// Output: 200 text/html <b>hello</b>
}

func Example_iterator() {
	upper := func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			body, err := app(env, start)
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
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{plain})
		return adapter.OnClose(adapter.Text("hello, ", "world"), func() error {
			fmt.Println("closed")
			return nil
		}), err
	}
	ask(upper(app), "GET", "/", "")
	// Output:
	// closed
	// 200 text/plain HELLO, WORLD
}

func Example_replaceInput() {
	gunzip := func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			if env.Get("HTTP_CONTENT_ENCODING") == "gzip" {
				data, err := gzip.NewReader(env.Input())
				if err != nil {
					return nil, err
				}
				env.Set("wsgi.input", data)
				env.Delete("HTTP_CONTENT_ENCODING")
				env.Delete("CONTENT_LENGTH")
			}
			return app(env, start)
		}
	}
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		text, err := env.Input().ReadN(-1)
		if err != nil {
			return nil, err
		}
		_, err = start("200 OK", adapter.Headers{plain})
		return adapter.Bytes(text), err
	}
	data, _ := hex.DecodeString("1f8b0800000000000003cb48cdc9c9070086a6103605000000")
	ask(gunzip(app), "POST", "/", string(data), "Content-Encoding", "gzip")
	// Output: 200 text/plain hello
}

func Example_dispatch() {
	show := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{plain})
		return adapter.Text(env.Get("SCRIPT_NAME"), " ", env.Get("PATH_INFO")), err
	}
	missing := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("404 Not Found", adapter.Headers{plain})
		return adapter.Text("nothing here"), err
	}
	apps := middleware.Dispatch(missing, map[string]adapter.App{"/blog": show, "/shop": show})
	ask(apps, "GET", "/shop/cart", "")
	ask(apps, "GET", "/other", "")
	// Output:
	// 200 text/plain /shop /cart
	// 404 text/plain nothing here
}

func Example_validator() {
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", nil)
		return adapter.Text("hello"), err
	}
	start := func(string, adapter.Headers, ...error) (io.Writer, error) { return io.Discard, nil }
	env := environ.FromRequest(httptest.NewRequest("GET", "/", nil))
	_, err := middleware.Validate(app)(env, start)
	if err != nil && strings.Contains(err.Error(), `"Content-Type"`) {
		fmt.Println("no Content-Type")
	}
	// Output: no Content-Type
}

func Example_static() {
	files := adapter.FromHandler(http.FileServerFS(os.DirFS("testdata/static")))
	ask(files, "GET", "/hello.txt", "")
	// Output: 200 text/plain; charset=utf-8 hello from a file
}

func Example_errors() {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		fmt.Fprintln(env.Errors(), "disk almost full")
		_, err := start("200 OK", adapter.Headers{plain})
		return adapter.Text("hello"), err
	}
	h := &adapter.Handler{App: app, ErrorLog: os.Stdout}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Body)
	// Output:
	// disk almost full
	// hello
}

func Example_logging() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	logger.Info("started", "workers", 4)
	// Output: level=INFO msg=started workers=4
}

func Example_tempfile() {
	file, err := os.CreateTemp("", "upload-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := io.WriteString(file, "hello"); err != nil {
		fmt.Println(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		fmt.Println(err)
	}
	text, err := io.ReadAll(file)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(string(text))
	// Output: hello
}

func Example_hmac() {
	mac := hmac.New(sha256.New, []byte("key"))
	mac.Write([]byte("ann"))
	signature := hex.EncodeToString(mac.Sum(nil))
	fmt.Println(signature[:16])
	if !hmac.Equal([]byte(signature), []byte("forged")) {
		fmt.Println("forged")
	}
	// Output:
	// 9d77c3180ff81edf
	// forged
}

func Example_lock() {
	var (
		mu    sync.Mutex
		count int
		all   sync.WaitGroup
	)
	for range 10 {
		all.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			count++
		})
	}
	all.Wait()
	fmt.Println(count)
	// Output: 10
}

func Example_local() {
	type userKey struct{}
	show := func(ctx context.Context) { fmt.Println("user", ctx.Value(userKey{})) }
	ctx := context.WithValue(context.Background(), userKey{}, "ann")
	show(ctx)
	// Output: user ann
}

func Example_server() {
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{plain})
		return adapter.Text("served"), err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := adapter.NewServer("", app)
	server.Log = io.Discard
	go server.Serve(l)
	response, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(string(text))
	server.Shutdown(context.Background())
	// Output: served
}
