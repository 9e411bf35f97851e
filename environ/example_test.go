package environ_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/middleware"
	"github.com/gowsgi/gowsgi/secure"
)

func ExampleFromRequest() {
	r := httptest.NewRequest(http.MethodGet, "/caf%C3%A9?q=1", nil)
	r.Header.Set("User-Agent", "curl")
	env := environ.FromRequest(r)
	fmt.Println(env.Get("REQUEST_METHOD"), env.Get("PATH_INFO"), env.Get("QUERY_STRING"), env.Get("HTTP_USER_AGENT"))
	// Output: GET /café q=1 curl
}

// The split of SCRIPT_NAME and PATH_INFO follows chi's Mount and Route.
func ExampleFromRequest_chi() {
	r := chi.NewRouter()
	r.Mount("/legacy", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		env := environ.FromRequest(r)
		fmt.Printf("%q %q\n", env.Get("SCRIPT_NAME"), env.Get("PATH_INFO"))
	}))
	for _, path := range []string{"/legacy/a", "/legacy/", "/legacy"} {
		r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	// Output:
	// "/legacy" "/a"
	// "/legacy" "/"
	// "/legacy" ""
}

func ExampleFromContext() {
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		env, ok := environ.FromContext(r.Context())
		fmt.Println(ok, env.Get("app.stage"))
	})
	middleware.Environ(map[string]any{"app.stage": "test"})(h).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	// Output: true test
}

func ExampleNewContext() {
	ctx := environ.NewContext(context.Background(), environ.New(map[string]any{"PATH_INFO": "/a"}))
	env, _ := environ.FromContext(ctx)
	fmt.Println(env.Get("PATH_INFO"))
	// Output: /a
}

func ExampleNew() {
	env := environ.New(map[string]any{"REMOTE_ADDR": "::1", "HTTP_AUTHORIZATION": "secret"})
	fmt.Println(env)
	// Output: {'REMOTE_ADDR': '::1', (hidden keys: 1)}
}

func ExampleEnviron_Get() {
	env := environ.FromRequest(httptest.NewRequest("GET", "/", nil))
	fmt.Printf("%q %q %q\n", env.Get("PATH_INFO"), env.Get("HTTP_COOKIE"), env.Get("wsgi.version"))
	// Output: "/" "" ""
}

func ExampleEnviron_Value() {
	env := environ.FromRequest(httptest.NewRequest("GET", "/", nil))
	fmt.Println(env.Value("wsgi.version"), env.Value("wsgi.multithread"), env.Value("HTTP_COOKIE"))
	// Output: [1 0] true <nil>
}

func ExampleEnviron_Lookup() {
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Content-Type", "")
	env := environ.FromRequest(r)
	_, typed := env.Lookup("CONTENT_TYPE")
	_, sized := env.Lookup("CONTENT_LENGTH")
	fmt.Println(typed, sized)
	// Output: true false
}

func ExampleEnviron_Set() {
	env := environ.FromRequest(httptest.NewRequest("GET", "/", nil))
	env.Set("REMOTE_USER", "alice")
	env.Set("REQUEST_METHOD", "HEAD")
	env.Set("CONTENT_LENGTH", 5) // an integer is read as its text
	fmt.Println(env.Get("REMOTE_USER"), env.Get("REQUEST_METHOD"), env.Get("CONTENT_LENGTH"))
	// Output: alice HEAD 5
}

func ExampleEnviron_Delete() {
	env := environ.FromRequest(httptest.NewRequest("GET", "/", nil))
	n := env.Len()
	env.Delete("QUERY_STRING")
	_, ok := env.Lookup("QUERY_STRING")
	fmt.Println(ok, n-env.Len())
	// Output: false 1
}

func ExampleEnviron_All() {
	for key, value := range environ.New(map[string]any{"b": 2, "a": 1}).All() {
		fmt.Println(key, value)
	}
	// Output:
	// a 1
	// b 2
}

func ExampleEnviron_Map() {
	env := environ.New(map[string]any{"HTTP_COOKIE": "secret"})
	fmt.Println(env.Map()) // a plain map hides nothing
	// Output: map[HTTP_COOKIE:secret]
}

func ExampleEnviron_Clone() {
	env := environ.New(map[string]any{"PATH_INFO": "/a"})
	clone := env.Clone()
	clone.Set("PATH_INFO", "/b")
	fmt.Println(env.Get("PATH_INFO"), clone.Get("PATH_INFO"))
	// Output: /a /b
}

func ExampleEnviron_SetPolicy() {
	env := environ.New(map[string]any{"REQUEST_METHOD": "GET", "HTTP_COOKIE": "secret"})
	env.SetPolicy(secure.Policy{Allow: []string{"REQUEST_METHOD"}, ShowMaskedKeys: true})
	fmt.Printf("%+v\n", env)
	// Output: {'HTTP_COOKIE': '<MASKED>', 'REQUEST_METHOD': 'GET'}
}

func ExampleEnviron_Request() {
	env := environ.FromRequest(httptest.NewRequest("GET", "/a?b=c", nil))
	fmt.Println(env.Request().URL.Query().Get("b"), env.Context() == env.Request().Context())
	// Output: c true
}

// Middleware has replaced the input; net/http parses what it says now.
func ExampleEnviron_AsRequest() {
	env := environ.FromRequest(httptest.NewRequest("GET", "/?name=Ann", nil))
	env.Set("REQUEST_METHOD", "POST")
	env.Set("CONTENT_TYPE", "application/x-www-form-urlencoded")
	env.Set("wsgi.input", "name=Ben")
	r, err := env.AsRequest()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.FormValue("name"), env.Request().FormValue("name"))
	// Output: Ben Ann
}

func ExampleEnviron_Input() {
	env := environ.FromRequest(httptest.NewRequest("POST", "/", strings.NewReader("hello\nworld")))
	for line, err := range env.Input().Lines() {
		fmt.Printf("%q %v\n", line, err)
	}
	// Output:
	// "hello\n" <nil>
	// "world" <nil>
}

func ExampleEnviron_Errors() {
	var log bytes.Buffer
	env := environ.New(map[string]any{"wsgi.errors": &log})
	fmt.Fprintln(env.Errors(), "disk almost full")
	fmt.Print(log.String())
	// Output: disk almost full
}

func ExampleEnviron_ShiftPath() {
	env := environ.New(map[string]any{"SCRIPT_NAME": "", "PATH_INFO": "/blog/2024/hello"})
	fmt.Printf("%q\n", env.ShiftPath())
	fmt.Printf("%q %q\n", env.Get("SCRIPT_NAME"), env.Get("PATH_INFO"))
	// Output:
	// "blog"
	// "/blog" "/2024/hello"
}

func ExampleEnviron_ApplicationURL() {
	r := httptest.NewRequest("GET", "/app/a%20b?q=1", nil)
	http.StripPrefix("/app", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		env := environ.FromRequest(r)
		fmt.Println(env.ApplicationURL())
		fmt.Println(env.RequestURL())
	})).ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// http://example.com/app
	// http://example.com/app/a%20b?q=1
}

func ExampleInput_ReadN() {
	in := environ.NewInput(strings.NewReader("hello, world"))
	first, _ := in.ReadN(5)
	rest, err := in.ReadN(-1)
	fmt.Printf("%q %q %v\n", first, rest, err)
	// Output: "hello" ", world" <nil>
}

func ExampleInput_ReadLine() {
	in := environ.NewInput(strings.NewReader("one\ntwo"))
	for range 3 {
		line, err := in.ReadLine(-1)
		fmt.Printf("%q %v\n", line, err)
	}
	// Output:
	// "one\n" <nil>
	// "two" <nil>
	// "" EOF
}

func ExampleRoutingArgs() {
	r := chi.NewRouter()
	r.Get("/{year}/files/*", func(_ http.ResponseWriter, r *http.Request) {
		args := environ.FromRequest(r).Value("wsgiorg.routing_args").(environ.RoutingArgs)
		fmt.Println(args.Named["year"], args.Positional)
	})
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/2024/files/a/b.txt", nil))
	// Output: 2024 [a/b.txt]
}
