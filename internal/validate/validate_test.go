package validate_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
	"github.com/gowsgi/gowsgi/secure"
)

// TestValidateCatchesApps serves each misbehaving app over a real socket: the
// rule is in ErrorLog, and what of the response is not out yet is a 500.
func TestValidateCatchesApps(t *testing.T) {
	for _, tt := range misbehaving {
		t.Run(tt.name, func(t *testing.T) {
			var log wiretest.Buffer
			srv := wiretest.Serve(t, &adapter.Handler{App: middleware.Validate(tt.app), ErrorLog: &log})
			status, _, _ := strings.Cut(srv.Do(tt.method+" / HTTP/1.1\nHost: x\n\n"), "\n")
			want := "HTTP/1.1 500 Internal Server Error"
			if tt.late {
				want = "HTTP/1.1 200 OK"
			}
			require.Equal(t, want, status)
			lines := strings.Split(log.Wait(t, "PEP 3333"), "\n")
			found := tt.method + " / HTTP/1.1: middleware: Validate: " + tt.want
			if diff := cmp.Diff(found, lines[0]); diff != "" {
				t.Errorf("ErrorLog (-want +got):\n%s", diff)
			}
			require.NotContains(t, log.String(), "s3cret")
		})
	}
}

// goodApps keep to the rules.
func goodApps(t *testing.T) map[string]adapter.App {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("file "), 1000), 0o600))
	open := func() *os.File {
		f, err := os.Open(path)
		require.NoError(t, err)
		return f
	}
	body := func(headers adapter.Headers, make func() adapter.Body) adapter.App {
		return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("200 OK", headers)
			return make(), err
		}
	}
	return map[string]adapter.App{
		"text":            list("200 OK", plain, "body"),
		"texts":           list("200 OK", plain, "bo", "", "dy"),
		"no chunks":       list("200 OK", plain),
		"bytes":           body(plain, func() adapter.Body { return adapter.Bytes([]byte("bo"), []byte("dy")) }),
		"nil Body":        body(plain, func() adapter.Body { return nil }),
		"sized list":      list("200 OK", sized("4"), "bo", "dy"),
		"stream":          stream("200 OK", plain, "", "bo", "", "dy"),
		"empty stream":    stream("200 OK", plain),
		"sized stream":    stream("200 OK", sized("4"), "bo", "dy"),
		"write":           write("200 OK", plain, "body"),
		"write and list":  write("200 OK", sized("8"), "body", "bo", "dy"),
		"many headers":    list("200 OK", append(plain, [2]string{"Set-Cookie", "a=b"}, [2]string{"Set-Cookie", "c=d"}, [2]string{"X_A", "\xe9"}, [2]string{"connection", "Close"}), "body"),
		"no reason":       list("299 ", plain, "body"),
		"no content":      list(noContent, adapter.Headers{{"X-A", "b"}}),
		"not modified":    stream("304 Not Modified", adapter.Headers{{"ETag", `"x"`}}, ""),
		"file on disk":    body(plain, func() adapter.Body { return adapter.File(open(), 0) }),
		"start of a file": body(sized("7"), func() adapter.Body { return adapter.File(open(), 0) }),
		"file in memory":  body(plain, func() adapter.Body { return adapter.File(strings.NewReader("body"), 3) }),
		"http.Handler": adapter.FromHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.Copy(w, open())
		})),
		"lazy stream": lazy(func(start adapter.StartResponse, yield func([]byte, error) bool) {
			if _, err := start("202 Accepted", plain); err != nil {
				yield(nil, err)
				return
			}
			_ = yield([]byte("bo"), nil) && yield([]byte("dy"), nil)
		}),
		"error answer": func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, _ = start("200 OK", sized("9"))
			_, err := start("503 Oops", plain, errMet)
			return adapter.Text("oops"), err
		},
		"excInfo at once": func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("503 Oops", plain, errMet)
			return adapter.Text("oops"), err
		},
		"second attempt": func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			if _, err := start("200 OK", append(plain, [2]string{"X-A", "a\nb"})); err == nil {
				return nil, errors.New("a newline was taken")
			}
			_, err := start("200 OK", plain)
			return adapter.Text("body"), err
		},
		"echo": func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("200 OK", plain)
			return adapter.Stream(env.Input().Lines()), err
		},
		"own error": func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return nil, errMet },
		"own error midway": streamOf("200 OK", plain, func(yield func([]byte, error) bool) {
			_ = yield([]byte("body"), nil) && yield(nil, errMet)
		}),
		"panic": func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { panic(http.ErrAbortHandler) },
		"upgrade": func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			w, err := start("101 Switching Protocols", adapter.Headers{{"Connection", "Upgrade"}, {"Upgrade", "x"}})
			if err != nil {
				return nil, err
			}
			return adapter.Stream(func(yield func([]byte, error) bool) {
				_, _ = io.WriteString(w, "raw ")
				yield([]byte("bytes"), nil)
			}), nil
		},
	}
}

// TestValidateIsTransparent compares what good apps send, byte by byte, and
// log, with and without Validate.
func TestValidateIsTransparent(t *testing.T) {
	requests := map[string]string{
		"HTTP/1.1": "POST /p?q HTTP/1.1\nHost: x\nContent-Length: 9\n\none\ntwo\nx",
		"HTTP/1.0": "GET / HTTP/1.0\n\n",
		"HEAD":     "HEAD / HTTP/1.1\nHost: x\n\n",
	}
	answer := func(t *testing.T, app adapter.App, request string) (response, logged string) {
		var log wiretest.Buffer
		srv := wiretest.Serve(t, &adapter.Handler{App: app, ErrorLog: &log, Policy: &secure.Policy{}})
		return srv.Do(request), log.String()
	}
	for name, app := range goodApps(t) {
		for version, request := range requests {
			t.Run(name+" "+version, func(t *testing.T) {
				want, wantLog := answer(t, app, request)
				got, gotLog := answer(t, middleware.Validate(app), request)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("response (-without +with):\n%s", diff)
				}
				if diff := cmp.Diff(wantLog, gotLog); diff != "" {
					t.Errorf("ErrorLog (-without +with):\n%s", diff)
				}
			})
		}
	}
}

// TestValidateHijack: a handler that takes the connection over calls no start.
func TestValidateHijack(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, "raw")
		_ = conn.Close()
	})
	var log wiretest.Buffer
	srv := wiretest.Serve(t, &adapter.Handler{App: middleware.Validate(adapter.FromHandler(h)), ErrorLog: &log})
	require.Equal(t, "raw", srv.Do("GET / HTTP/1.1\nHost: x\n\n"))
	require.Empty(t, log.String())
}

func TestValidateKeepsBodiesOfTheServer(t *testing.T) {
	bodies := map[string]adapter.Body{
		"text":  adapter.Text("body"),
		"texts": adapter.Text("bo", "dy"),
		"bytes": adapter.Bytes([]byte("body")),
		"file":  adapter.File(strings.NewReader("body"), 0),
	}
	for name, want := range bodies {
		t.Run(name, func(t *testing.T) {
			got, err := callValidated(func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_, err := start("200 OK", plain)
				return want, err
			})
			require.NoError(t, err)
			require.IsType(t, want, got)
		})
	}
}

// callValidated calls app under Validate for a GET.
func callValidated(app adapter.App) (adapter.Body, error) {
	return middleware.Validate(app)(environ.FromRequest(httptest.NewRequest("GET", "/", nil)), noStart)
}

func TestValidateCatchesCalls(t *testing.T) {
	t.Run("no start", func(t *testing.T) {
		_, err := middleware.Validate(starting(nil))(environ.FromRequest(httptest.NewRequest("GET", "/", nil)), nil)
		require.EqualError(t, err, `middleware: Validate: the App was called without a start (PEP 3333, "The Application/Framework Side")`)
	})
	t.Run("no environ", func(t *testing.T) {
		_, err := middleware.Validate(starting(nil))(nil, noStart)
		require.EqualError(t, err, `middleware: Validate: environ key "REQUEST_METHOD" is missing; it has to be a method: a token of HTTP (PEP 3333, "environ Variables")`)
	})
	t.Run("no write()", func(t *testing.T) {
		start := func(string, adapter.Headers, ...error) (io.Writer, error) { return nil, nil }
		_, err := middleware.Validate(starting(nil))(environ.FromRequest(httptest.NewRequest("GET", "/", nil)), start)
		require.EqualError(t, err, `middleware: Validate: the server's start returned no write() (PEP 3333, "The start_response() Callable")`)
	})
	t.Run("no App", func(t *testing.T) {
		require.PanicsWithValue(t, "middleware: Validate: the App is nil", func() { middleware.Validate(nil) })
	})
}

// TestValidateCatchesWhatIsLate uses start and write() when the response is over.
func TestValidateCatchesWhatIsLate(t *testing.T) {
	tests := []struct {
		name string
		body adapter.Body
		err  error
	}{
		{"list", adapter.Text("body"), nil},
		{"file", adapter.File(strings.NewReader("body"), 0), nil},
		{"closed stream", adapter.Stream(chunks("body")), nil},
		{"error", nil, errMet},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var start adapter.StartResponse
			var w io.Writer
			body, err := callValidated(func(_ *environ.Environ, given adapter.StartResponse) (adapter.Body, error) {
				start = given
				w, _ = start("200 OK", plain)
				return tt.body, tt.err
			})
			require.Equal(t, tt.err, err)
			if closer, ok := body.(io.Closer); ok {
				require.NoError(t, closer.Close())
			}
			_, err = start("500 Oops", plain, errMet)
			require.EqualError(t, err, `middleware: Validate: start was called after the response had ended (PEP 3333, "The start_response() Callable")`)
			_, err = io.WriteString(w, "x")
			require.EqualError(t, err, `middleware: Validate: write() was called after the response had ended (PEP 3333, "The write() Callable")`)
		})
	}
}

// TestValidateFollowsAReplacedResponse has a server that keeps back what was
// written (PEP 3333, "Error Handling").
func TestValidateFollowsAReplacedResponse(t *testing.T) {
	_, err := callValidated(func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		w, err := start("200 OK", sized("8"))
		require.NoError(t, err)
		_, err = io.WriteString(w, "body")
		require.NoError(t, err)
		_, err = start("500 Oops", sized("4"), errMet)
		return adapter.Text("oops"), err
	})
	require.NoError(t, err)
}

// fromReader is a write() that can read for itself.
type fromReader struct {
	strings.Builder
	froms int
}

func (w *fromReader) ReadFrom(r io.Reader) (int64, error) {
	w.froms++
	return io.Copy(&w.Builder, r)
}

func TestValidateKeepsReadFrom(t *testing.T) {
	var w fromReader
	start := func(string, adapter.Headers, ...error) (io.Writer, error) { return &w, nil }
	serve := func(headers adapter.Headers, method string) error {
		app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			w, err := start("200 OK", headers)
			if err == nil {
				_, err = w.(io.ReaderFrom).ReadFrom(strings.NewReader("body"))
			}
			return nil, err
		}
		_, err := middleware.Validate(app)(environ.FromRequest(httptest.NewRequest(method, "/", nil)), start)
		return err
	}
	require.NoError(t, serve(sized("4"), "GET"))
	require.Equal(t, 1, w.froms)
	require.Equal(t, "body", w.String())
	require.EqualError(t, serve(sized("3"), "GET"),
		`middleware: Validate: the body has 4 bytes at least, more than its Content-Length (PEP 3333, "Handling the Content-Length Header")`)
	require.NoError(t, serve(plain, "HEAD"))
}

// TestValidateStandsConcurrency is for the race detector: an app that calls
// start and write() from elsewhere misbehaves, and must not race.
func TestValidateStandsConcurrency(t *testing.T) {
	for range 20 {
		var wg sync.WaitGroup
		app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			w, err := start("200 OK", plain)
			for range 2 {
				wg.Go(func() { _, _ = start("200 OK", plain) })
				wg.Go(func() { _, _ = w.Write([]byte("x")) })
			}
			return adapter.Stream(chunks("a", "b", "c")), err
		}
		if body, err := callValidated(app); err == nil {
			_, _ = collect(body.Chunks())
			_ = body.(io.Closer).Close()
		}
		wg.Wait()
	}
}

// FuzzValidateHead checks that Validate lets nothing pass that start refuses,
// and that no header's value is in what it says.
func FuzzValidateHead(f *testing.F) {
	for _, status := range []string{"200 OK", "200", "204 No Content", "304 ", "999 High", " 200 OK", "20\x00 OK", "099 Low", ""} {
		f.Add(status, "X-A", "b")
	}
	for _, name := range []string{"Content-Type", "Content-Length", "Connection", "Upgrade", "Status", "X:A", "X-", "1X", "TE", ""} {
		f.Add("200 OK", name, "12\t")
	}
	f.Fuzz(func(t *testing.T, status, name, value string) {
		const mark = "s3cret"
		if strings.HasPrefix(status, "101") || strings.Contains(status+name, mark) {
			return // a recorder cannot switch protocols
		}
		for _, value := range []string{value, mark + value} {
			headers := append(plain[:1:1], [2]string{name, value})
			_, found, _ := serveValidated(t, "GET", list(status, headers), nil)
			if found != "" {
				require.True(t, strings.HasPrefix(found, "middleware: Validate: "), "start is stricter: %s", found)
			}
			require.NotContains(t, found, mark)
		}
	})
}
