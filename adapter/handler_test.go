package adapter_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/logadapter"
	"github.com/gowsgi/gowsgi/secure"
)

// where answers with SCRIPT_NAME and PATH_INFO.
func where(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	_, err := start("200 OK", nil)
	return adapter.Text(env.Get("SCRIPT_NAME") + " " + env.Get("PATH_INFO")), err
}

func TestMounts(t *testing.T) {
	at := func(script string) http.Handler {
		return &adapter.Handler{App: where, Environ: map[string]any{"SCRIPT_NAME": script}}
	}
	r := chi.NewRouter()
	r.Mount("/legacy", &adapter.Handler{App: where})
	r.Handle("/pattern/*", &adapter.Handler{App: where})
	r.Handle("/given/*", at("/given"))
	r.Route("/api", func(r chi.Router) {
		r.Mount("/v1", &adapter.Handler{App: where})
		r.Get("/here", func(http.ResponseWriter, *http.Request) {})
	})
	r.NotFound(at("").ServeHTTP)
	srv := wiretest.Serve(t, r)
	tests := []struct{ path, want string }{
		{"/legacy", "/legacy "},
		{"/legacy/", "/legacy /"},
		{"/legacy/a%20b", "/legacy /a b"},
		{"/pattern/x", " /pattern/x"},
		{"/given/x", "/given /x"},
		{"/api/v1/x", "/api/v1 /x"},
		{"/api/elsewhere", " /api/elsewhere"},
		{"/elsewhere?q", " /elsewhere"},
		{"/", " /"},
	}
	for _, test := range tests {
		res, err := http.Get(srv.URL(test.path))
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, test.want, string(body), test.path)
	}
}

func TestOutsideOfMount(t *testing.T) {
	srv := wiretest.Serve(t, &adapter.Handler{App: where, Environ: map[string]any{"SCRIPT_NAME": "/legacy"}})
	require.Equal(t, "HTTP/1.1 404 Not Found\nConnection: close\nContent-Length: 19\nContent-Type: text/plain\n\n404 page not found\n",
		srv.Do("GET /legacyx HTTP/1.1\nHost: x\n\n"))
	require.Contains(t, srv.Do("GET /legacy/x HTTP/1.1\nHost: x\n\n"), "\n\n/legacy /x")
}

func TestRequestLine(t *testing.T) {
	line := func(n int) string {
		return "GET /" + strings.Repeat("x", n-len("GET / HTTP/1.1\r\n")) + " HTTP/1.1\nHost: x\n\n"
	}
	const tooLong = "HTTP/1.1 414 Request URI Too Long\nConnection: close\nContent-Length: 0\nContent-Type: text/plain\n\n"
	tests := []struct {
		limit, length int
		want          string
	}{
		{0, 8191, "HTTP/1.1 200 OK\n"},
		{0, 8192, tooLong},
		{100, 99, "HTTP/1.1 200 OK\n"},
		{100, 100, tooLong},
		{-1, 20000, "HTTP/1.1 200 OK\n"},
	}
	for _, test := range tests {
		srv := wiretest.Serve(t, &adapter.Handler{App: where, MaxRequestLine: test.limit})
		got := srv.Do(line(test.length))
		require.Equal(t, test.want, got[:min(len(got), len(test.want))], "%+v", test)
	}
}

func TestHooks(t *testing.T) {
	boom := errors.New("boom")
	var handled error
	var handledEnv *environ.Environ
	var rec adapter.Record
	log := new(wiretest.Buffer)
	h := &adapter.Handler{
		App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			if env.Get("QUERY_STRING") == "fail" {
				return nil, boom
			}
			_, err := start("200 OK", nil)
			return adapter.Text(env.Get("REMOTE_USER")), err
		},
		Log:            log,
		PrepareEnviron: func(env *environ.Environ) { env.Set("REMOTE_USER", "bob") },
		HandleError:    func(env *environ.Environ, err error) { handled, handledEnv = err, env },
		FormatRequest:  func(r adapter.Record) string { rec = r; return "line" },
	}
	srv := wiretest.Serve(t, h)
	require.Equal(t, "HTTP/1.1 200 OK\nContent-Length: 3\n\nbob", srv.Do("GET /a%22?b HTTP/1.1\nHost: x\n\n"))
	require.Equal(t, "line\n", log.String())
	require.NoError(t, handled)
	want := adapter.Record{Remote: "127.0.0.1", Method: "GET", Target: "/a%22?b", Proto: "HTTP/1.1", Status: 200, Bytes: 3}
	require.WithinDuration(t, time.Now(), rec.Time, wiretest.Patience)
	require.Positive(t, rec.Duration)
	rec.Time, rec.Duration = time.Time{}, 0
	if diff := cmp.Diff(want, rec); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	require.Equal(t, internalError, srv.Do("GET /?fail HTTP/1.1\nHost: x\n\n"))
	require.Equal(t, boom, handled)
	require.Equal(t, "bob", handledEnv.Get("REMOTE_USER"))
}

// TestHandleErrorPanics: a hook that fails is no reason to lose the request.
func TestHandleErrorPanics(t *testing.T) {
	errs := new(wiretest.Buffer)
	h := &adapter.Handler{ErrorLog: errs, HandleError: func(*environ.Environ, error) { panic("hook") }}
	require.Equal(t, internalError, wiretest.Serve(t, h).Do(get))
	require.Contains(t, errs.String(), "panicked: hook")
}

var accessLine = regexp.MustCompile(`^127\.0\.0\.1 - - \[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] "(.*)" (\d{3}) (\d+|-) \d+\.\d{6}$`)

func TestAccessLine(t *testing.T) {
	tests := []struct{ name, send, want string }{
		{"body", "GET /x?y HTTP/1.1\nHost: x\n\n", `GET /x?y HTTP/1.1 200 2`},
		{"no body", "HEAD / HTTP/1.1\nHost: x\n\n", `HEAD / HTTP/1.1 200 -`},
		{"quotes", "GET /\"\\ HTTP/1.1\nHost: x\n\n", `GET /\x22\x5c HTTP/1.1 200 2`},
		{"high bytes", "GET /\xe9 HTTP/1.1\nHost: x\n\n", `GET /\xe9 HTTP/1.1 200 2`},
		{"error", "GET /fail HTTP/1.0\n\n", `GET /fail HTTP/1.0 500 21`},
		{"cut off", "GET /cut HTTP/1.1\nHost: x\n\n", `GET /cut HTTP/1.1 200 1`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log := new(wiretest.Buffer)
			h := &adapter.Handler{Log: log, ErrorLog: io.Discard, App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_, _ = start("200 OK", nil)
				switch env.Get("PATH_INFO") {
				case "/fail":
					return nil, errors.New("boom")
				case "/cut":
					return adapter.Stream(seq(errors.New("boom"), "x")), nil
				}
				return adapter.Text("ok"), nil
			}}
			wiretest.Serve(t, h).Do(test.send)
			got := strings.TrimSuffix(log.Wait(t, "\n"), "\n")
			m := accessLine.FindStringSubmatch(got)
			require.NotNil(t, m, got)
			require.Equal(t, test.want, strings.Join(m[1:], " "))
		})
	}
}

func TestRecordString(t *testing.T) {
	at := time.Date(2026, 11, 23, 6, 42, 6, 0, time.UTC)
	tests := []struct {
		rec  adapter.Record
		want string
	}{
		{adapter.Record{Time: at, Remote: "::1", Method: "GET", Target: "/", Proto: "HTTP/1.1", Status: 200, Bytes: 12, Duration: 1500 * time.Microsecond},
			`::1 - - [2026-11-23 06:42:06] "GET / HTTP/1.1" 200 12 0.001500`},
		{adapter.Record{Time: at}, `- - - [2026-11-23 06:42:06] "  " 000 - 0.000000`},
		{adapter.Record{Time: at, Remote: "1\n2", Method: "a\r\n", Target: "\x1b\"", Proto: "b", Status: 7}, `1\x0a2 - - [2026-11-23 06:42:06] "a\x0d\x0a \x1b\x22 b" 007 - 0.000000`},
	}
	for _, test := range tests {
		require.Equal(t, test.want, test.rec.String())
	}
}

// TestErrorsCarryContext checks that wsgi.errors and error records give the
// request's context to the slog handler.
func TestErrorsCarryContext(t *testing.T) {
	type key struct{}
	var b bytes.Buffer
	handler := traced{slog.NewTextHandler(&b, nil), func(ctx context.Context) string { s, _ := ctx.Value(key{}).(string); return s }}
	h := &adapter.Handler{
		ErrorLog: logadapter.New(slog.New(handler), slog.LevelError),
		App: func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
			_, _ = env.Errors().WriteString("from the App\n")
			return nil, errors.New("boom")
		},
	}
	srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "trace-7")))
	}))
	srv.Do(get)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], `level=ERROR msg="from the App" trace=trace-7`)
	require.Contains(t, lines[1], "boom")
	require.Contains(t, lines[1], "trace=trace-7")
}

type traced struct {
	slog.Handler
	trace func(context.Context) string
}

func (h traced) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(slog.String("trace", h.trace(ctx)))
	return h.Handler.Handle(ctx, r)
}

// TestPolicy checks whose policy an error record is printed under.
func TestPolicy(t *testing.T) {
	errs := new(wiretest.Buffer)
	h := &adapter.Handler{ErrorLog: errs, Policy: &secure.Policy{Allow: []string{"PATH_INFO"}}}
	wiretest.Serve(t, h).Do("GET /x HTTP/1.1\nHost: x\nCookie: secret\n\n")
	require.Contains(t, errs.String(), "\n{'PATH_INFO': '/x', (hidden keys: ")
	require.NotContains(t, errs.String(), "secret")
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte("0123456789"), 0o600))
	open := func(t *testing.T, skip int64) *os.File {
		f, err := os.Open(name)
		require.NoError(t, err)
		_, err = f.Seek(skip, io.SeekStart)
		require.NoError(t, err)
		return f
	}
	tests := []struct {
		name    string
		headers adapter.Headers
		reader  func(t *testing.T) io.Reader
		method  string
		want    string
		log     string
	}{
		{"on disk", nil, func(t *testing.T) io.Reader { return open(t, 0) }, "GET", "HTTP/1.1 200 OK\nContent-Length: 10\n\n0123456789", ""},
		{"from its position on", nil, func(t *testing.T) io.Reader { return open(t, 7) }, "GET", "HTTP/1.1 200 OK\nContent-Length: 3\n\n789", ""},
		{"no more than its length", adapter.Headers{{"Content-Length", "4"}}, func(t *testing.T) io.Reader { return open(t, 0) }, "GET", "HTTP/1.1 200 OK\nContent-Length: 4\n\n0123", ""},
		{"less than its length", adapter.Headers{{"Content-Length", "40"}}, func(t *testing.T) io.Reader { return open(t, 0) }, "GET", internalError, "sent 10 bytes"},
		{"HEAD", nil, func(t *testing.T) io.Reader { return open(t, 0) }, "HEAD", "HTTP/1.1 200 OK\nContent-Length: 10\n\n", ""},
		{"a reader", nil, func(*testing.T) io.Reader { return strings.NewReader("abcdef") }, "GET", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n4\nabcd\n2\nef\n0\n\n", ""},
		{"a reader and a length", adapter.Headers{{"Content-Length", "5"}}, func(*testing.T) io.Reader { return strings.NewReader("abcdef") }, "GET", "HTTP/1.1 200 OK\nContent-Length: 5\n\nabcde", ""},
		{"a reader that fails", nil, func(*testing.T) io.Reader {
			return io.MultiReader(strings.NewReader("ab"), failing{})
		}, "GET", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nab\n", "disk on fire"},
		{"a directory", nil, func(t *testing.T) io.Reader {
			f, err := os.Open(filepath.Dir(name))
			require.NoError(t, err)
			return f
		}, "GET", internalError, "is a directory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			r := &countingCloser{Reader: test.reader(t)}
			app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_, err := start("200 OK", test.headers)
				wrap := env.Value("wsgi.file_wrapper").(func(io.Reader, int) adapter.Body)
				if f, ok := r.Reader.(*os.File); ok {
					return wrap(f, 4), err
				}
				return wrap(r, 4), err
			}
			srv := wiretest.Serve(t, &adapter.Handler{App: app, ErrorLog: errs})
			got := srv.Do(test.method + " / HTTP/1.1\nHost: x\n\n")
			require.NoError(t, srv.HTTP.Shutdown(t.Context())) // the handler is done
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("on the wire (-want +got):\n%s", diff)
			}
			require.Contains(t, errs.String(), test.log)
			if test.log == "" {
				require.Empty(t, errs.String())
			}
			if f, ok := r.Reader.(*os.File); ok {
				require.ErrorIs(t, f.Close(), os.ErrClosed)
			} else {
				require.Equal(t, 1, r.closed)
			}
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }

type countingCloser struct {
	io.Reader
	closed int
}

func (c *countingCloser) Close() error { c.closed++; return nil }

// TestOuterHeaders checks what becomes of headers that a router's middleware set.
func TestOuterHeaders(t *testing.T) {
	h := &adapter.Handler{App: answer("200 OK", adapter.Headers{{"X-A", "app"}, {"Vary", "Cookie"}, {"Set-Cookie", "b=2"}}, nil)}
	srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"X-A", "X-B", "Vary", "Set-Cookie"} {
			w.Header().Set(name, "outer")
		}
		h.ServeHTTP(w, r)
	}))
	require.Equal(t, "HTTP/1.1 200 OK\nContent-Length: 0\nSet-Cookie: outer\nSet-Cookie: b=2\nVary: outer\nVary: Cookie\nX-A: app\nX-B: outer\n\n", srv.Do(get))
}

// TestSecretsStayOut sends secrets everywhere a request has room for them and
// looks for them in everything that is logged.
func TestSecretsStayOut(t *testing.T) {
	apps := map[string]adapter.App{
		"error": func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return nil, errors.New("boom") },
		"panic": func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) { panic(env) },
		"format": func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
			return nil, fmt.Errorf("%#v %+v", env, *env)
		},
		"write()": func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			env.Set("KEY", "s3cret")
			write, err := start("200 OK", nil)
			return nil, fmt.Errorf("%v %+v %#v %s %q %d %p %v", write, write, write, write, write, write, start, err)
		},
		"header": answer("200 OK", adapter.Headers{{"X-A", "s3cret\n"}}, nil),
		"status": answer("200 s3cret\n", nil, nil),
	}
	for name, app := range apps {
		t.Run(name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			srv := wiretest.Serve(t, &adapter.Handler{App: app, ErrorLog: errs, Log: errs})
			srv.Do("POST / HTTP/1.1\nHost: x\nCookie: s3cret\nAuthorization: s3cret\nX-Key: s3cret\nContent-Type: s3cret\nContent-Length: 6\n\ns3cret")
			require.Contains(t, errs.Wait(t, `" 500 `), "hidden keys")
			require.NotContains(t, errs.String()+srv.Logs.String(), "s3cret")
		})
	}
}

// TestPreface: a client that tries HTTP/2 without TLS is told that it is none.
func TestPreface(t *testing.T) {
	srv := wiretest.Serve(t, &adapter.Handler{App: where})
	require.Equal(t, "HTTP/1.1 400 Bad Request\nContent-Length: 0\nContent-Type: text/plain\nConnection: close\n\n", srv.Do("PRI * HTTP/2.0\n\nSM\n\n"))
}

// TestPlainWriterAsErrors: many requests write to one plain writer, a record at
// a time.
func TestPlainWriterAsErrors(t *testing.T) {
	var b bytes.Buffer
	h := &adapter.Handler{
		Environ: map[string]any{"wsgi.errors": &b},
		App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, _ = env.Errors().WriteString("a line\n")
			_, err := start("200 OK", nil)
			return nil, err
		},
	}
	srv := wiretest.Serve(t, h)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { srv.Do(get) })
	}
	all.Wait()
	require.NoError(t, srv.HTTP.Shutdown(t.Context()))
	require.Equal(t, strings.Repeat("a line\n", 20), b.String())
}
