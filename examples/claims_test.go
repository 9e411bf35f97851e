package examples

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/venvtest"
	"github.com/gowsgi/gowsgi/middleware"
	"github.com/gowsgi/gowsgi/python"
	"github.com/gowsgi/gowsgi/secure"
)

// claims has a test for each point of the README's sections "Known differences" and
// "Limits". Its keys are the points' first sentences.
var claims = map[string]func(t *testing.T){
	"Header names go out in canonical form and sorted.": func(t *testing.T) {
		answer := serve(t, says("200 OK", "", "x-two", "2", "A-one", "1")).get("/")
		require.Regexp(t, `(?s)^HTTP/1.1 200 OK\r\nA-One: 1\r\n.*X-Two: 2\r\n`, answer)
	},
	"Reason phrases are net/http's own.": func(t *testing.T) {
		require.Contains(t, serve(t, says("200 Fine", "")).get("/"), "HTTP/1.1 200 OK\r\n")
	},
	"An HTTP/1.0 request gets an HTTP/1.0 response.": func(t *testing.T) {
		require.Contains(t, serve(t, says("200 OK", "")).send("GET / HTTP/1.0\r\n\r\n"), "HTTP/1.0 200 OK\r\n")
	},
	"A 304 has no Content-Type.": func(t *testing.T) {
		answer := serve(t, says("304 Not Modified", "", "Content-Type", "text/x", "ETag", "1")).get("/")
		require.Contains(t, answer, "Etag: 1\r\n")
		require.NotContains(t, answer, "Content-Type")
	},
	"`Pragma: no-cache` implies `Cache-Control: no-cache`.": func(t *testing.T) {
		answer := serve(t, shows("HTTP_CACHE_CONTROL")).get("/", "Pragma: no-cache")
		require.Contains(t, answer, "\r\n\r\n\"no-cache\"")
	},
	"Requests are checked more strictly.": func(t *testing.T) {
		server := serve(t, says("200 OK", ""))
		require.Contains(t, server.send("GET /\r\n\r\n"), "HTTP/1.1 400 ")
		require.Contains(t, server.send("GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 400 ")
		require.Contains(t, server.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "HTTP/1.1 400 ")
		require.Contains(t, server.get("/", "Expect: magic"), "HTTP/1.1 417 ")
		require.Empty(t, server.access.String())
	},
	"A generator that yields nothing has a `Content-Length: 0`.": func(t *testing.T) {
		nothing := adapter.Stream(func(func([]byte, error) bool) {})
		require.Contains(t, serve(t, returns(nothing)).get("/"), "Content-Length: 0\r\n")
	},
	"A HEAD request may have a body.": func(t *testing.T) {
		answer := serve(t, says("200 OK", "")).send("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab")
		require.Contains(t, answer, "HTTP/1.1 200 OK\r\n")
	},

	"The access line counts the bytes of the body.": func(t *testing.T) {
		server := serve(t, says("200 OK", "12345"))
		server.get("/")
		require.Contains(t, server.line(), `"GET / HTTP/1.1" 200 5 `)
	},
	"`SERVER_NAME` is the address that the server listens on.": func(t *testing.T) {
		require.Contains(t, serve(t, shows("SERVER_NAME")).get("/"), "\r\n\r\n\"127.0.0.1\"")
	},
	"A HEAD that is answered with an empty list has no Content-Length.": func(t *testing.T) {
		server := serve(t, says("200 OK"))
		require.NotContains(t, server.send("HEAD / HTTP/1.0\r\n\r\n"), "Content-Length")
		require.Contains(t, server.get("/"), "Content-Length: 0\r\n")
	},
	"The body of a HEAD is not sent.": func(t *testing.T) {
		answer := serve(t, says("200 OK", "12345")).send("HEAD / HTTP/1.0\r\n\r\n")
		require.Contains(t, answer, "Content-Length: 5\r\n")
		require.True(t, strings.HasSuffix(answer, "\r\n\r\n"), answer)
	},
	"No Content-Type is guessed where the application gives none.": func(t *testing.T) {
		require.NotContains(t, serve(t, says("200 OK", "<html><script>")).get("/"), "Content-Type")
	},
	"`SCRIPT_NAME` says where the application is mounted.": func(t *testing.T) {
		r := chi.NewRouter()
		r.Mount("/legacy", &adapter.Handler{App: shows("SCRIPT_NAME", "PATH_INFO")})
		require.Contains(t, wrap(t, &http.Server{Handler: r}).get("/legacy/a"), "\"/legacy\"\"/a\"")
	},
	"`start` refuses more than pywsgi does.": func(t *testing.T) {
		for _, bad := range []struct{ status, name, value string }{
			{"200 OK", "X-A", "a\x00b"},
			{"200 O\x1bK", "X-A", "b"},
			{"200 OK", "X A", "b"},
			{"200 OK", "Transfer-Encoding", "chunked"},
			{"103 Early Hints", "X-A", "b"},
		} {
			require.Contains(t, serve(t, says(bad.status, "", bad.name, bad.value)).get("/"), "HTTP/1.1 500 ", bad)
		}
		require.Contains(t, serve(t, says("200 OK", "", "X-A", "a\tb")).get("/"), "X-A: a\tb\r\n")
		twice := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, first := start("200 OK", nil)
			_, second := start("200 OK", nil)
			return adapter.Text(fmt.Sprint(first == nil, second == nil)), nil
		}
		require.Contains(t, serve(t, twice).get("/"), "true false")
	},
	"A Content-Length is enforced.": func(t *testing.T) {
		more := serve(t, says("200 OK", "12345", "Content-Length", "3")).get("/")
		require.True(t, strings.HasSuffix(more, "\r\n\r\n123"), more)
		require.Contains(t, serve(t, says("200 OK", "12", "Content-Length", "3")).get("/"), "HTTP/1.1 500 ")
		short := adapter.Stream(func(yield func([]byte, error) bool) { yield([]byte("12"), nil) })
		response, err := http.Get(serve(t, returns(short, "Content-Length", "3")).url + "/")
		require.NoError(t, err)
		defer response.Body.Close()
		_, err = io.ReadAll(response.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	},
	"An application that never calls start is answered with a 500.": func(t *testing.T) {
		silent := func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return nil, nil }
		require.Contains(t, serve(t, silent).get("/"), "HTTP/1.1 500 ")
	},
	"`wsgi.multithread` is true.": func(t *testing.T) {
		require.Contains(t, serve(t, shows("wsgi.multithread")).get("/"), "\r\n\r\ntrue")
	},
	"`wsgi.input_terminated` is absent on an upgrade, where pywsgi has it as false.": func(t *testing.T) {
		server := serve(t, shows("wsgi.input_terminated"))
		require.Contains(t, server.get("/"), "\r\n\r\ntrue")
		require.Contains(t, server.get("/", "Upgrade: websocket"), "\r\n\r\n<nil>")
	},
	"A `Proxy` header is dropped.": func(t *testing.T) {
		require.Contains(t, serve(t, shows("HTTP_PROXY")).get("/", "Proxy: evil"), "\r\n\r\n<nil>")
	},
	"The access line escapes every byte that could forge or break a line.": func(t *testing.T) {
		server := serve(t, says("200 OK", ""))
		server.get("/\"\xff\\")
		require.Contains(t, server.line(), `"GET /\x22\xff\x5c HTTP/1.1" 200 - `)
	},
	"A masked environ prints without its id: `<environ.Environ (keys: 2)>`.": func(t *testing.T) {
		env := environ.New(map[string]any{"a": 1, "b": 2})
		env.SetPolicy(secure.Default)
		require.Equal(t, "<environ.Environ (keys: 2)>", fmt.Sprint(env))
	},

	"Workers for Python applications need a Unix system.": func(t *testing.T) {
		_, err := python.Start(t.Context(), python.Config{App: "hello", Python: "/no/such/python3"})
		unix := runtime.GOOS != "windows" && runtime.GOOS != "plan9"
		require.Error(t, err)
		require.Equal(t, !unix, errors.Is(err, errors.ErrUnsupported), err)
	},
	"A Python application sees the strings of the environ.": func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "shows.py"), []byte(`
def application(environ, start_response):
    start_response("200 OK", [])
    return [repr([environ.get("shop." + key) for key in ("name", "stock", "opened")]).encode()]
`), 0o600))
		app, err := python.Start(t.Context(), python.Config{
			App: "shows", Dir: dir, Python: venvtest.Newest(t, venvtest.Version{3, 9}).Path, Workers: 1,
		})
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skipf("NOT TESTED: %v", err)
		}
		require.NoError(t, err)
		defer app.Close()
		base := map[string]any{"shop.name": "Teas", "shop.stock": 7, "shop.opened": time.Now()}
		server := wrap(t, &http.Server{Handler: &adapter.Handler{App: app.ServeWSGI, Environ: base}})
		require.Contains(t, server.get("/"), "\r\n\r\n['Teas', None, None]")
	},
	"A client that speaks HTTP/1.0 cannot see that a stream was cut off.": func(t *testing.T) {
		app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("200 OK", nil)
			return adapter.Stream(func(yield func([]byte, error) bool) {
				_ = yield([]byte("part"), nil) && yield(nil, errors.New("failed"))
			}), err
		}
		server := serve(t, app)
		require.Regexp(t, "\r\n\r\npart$", server.send("GET / HTTP/1.0\r\n\r\n"))
		response, err := http.Get(server.url + "/")
		require.NoError(t, err)
		defer response.Body.Close()
		_, err = io.ReadAll(response.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	},
	"An upgrade needs HTTP/1.1.": func(t *testing.T) {
		app := says("101 Switching Protocols", "", "Connection", "Upgrade", "Upgrade", "echo")
		require.Contains(t, serve(t, app).send("GET / HTTP/1.0\r\n\r\n"), "HTTP/1.0 500 ")
		overTLS := httptest.NewUnstartedServer(&adapter.Handler{App: app, ErrorLog: io.Discard})
		overTLS.EnableHTTP2 = true
		overTLS.StartTLS()
		defer overTLS.Close()
		response, err := overTLS.Client().Get(overTLS.URL)
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, "HTTP/2.0 500", response.Proto+" "+response.Status[:3])
	},
	"`environ.FromContext` sees chi's mounts only with `middleware.Environ` in that router's `Use`.": func(t *testing.T) {
		mounted := func(outer chi.Router) http.Handler {
			inner := chi.NewRouter()
			inner.Get("/a", func(w http.ResponseWriter, r *http.Request) {
				env, _ := environ.FromContext(r.Context())
				fmt.Fprintf(w, "%q", env.Get("SCRIPT_NAME"))
			})
			inner.Handle("/b", &adapter.Handler{App: shows("SCRIPT_NAME")})
			outer.Mount("/m", inner)
			return outer
		}
		plain := mounted(chi.NewRouter())
		used := chi.NewRouter()
		used.Use(middleware.Environ(nil))
		require.Contains(t, wrap(t, &http.Server{Handler: plain}).get("/m/a"), "\r\n\r\n\"\"")
		require.Contains(t, wrap(t, &http.Server{Handler: middleware.Environ(nil)(plain)}).get("/m/a"), "\r\n\r\n\"\"")
		require.Contains(t, wrap(t, &http.Server{Handler: mounted(used)}).get("/m/a"), "\r\n\r\n\"/m\"")
		behind := chi.NewRouter()
		behind.Use(middleware.Environ(nil), middleware.WSGI(func(app adapter.App) adapter.App { return app }))
		require.Contains(t, wrap(t, &http.Server{Handler: mounted(behind)}).get("/m/a"), "\r\n\r\n\"\"")
		for _, router := range []http.Handler{plain, behind} {
			require.Contains(t, wrap(t, &http.Server{Handler: router}).get("/m/b"), "\r\n\r\n\"/m\"")
		}
	},
	"A pattern is no mount.": func(t *testing.T) {
		h := &adapter.Handler{App: shows("SCRIPT_NAME", "PATH_INFO")}
		mux := http.NewServeMux()
		mux.Handle("/legacy/", h)
		mux.Handle("/other/", http.StripPrefix("/other", h))
		server := wrap(t, &http.Server{Handler: mux})
		require.Contains(t, server.get("/legacy/a"), `"""/legacy/a"`)
		require.Contains(t, server.get("/other/a"), `"/other""/a"`)
	},
	"With chi, a path that has a Go handler for another method is a 405 and does not reach your fallback.": func(t *testing.T) {
		fallback := &adapter.Handler{App: says("200 OK", "")}
		r := chi.NewRouter()
		r.Get("/new", func(http.ResponseWriter, *http.Request) {})
		r.NotFound(fallback.ServeHTTP)
		server := wrap(t, &http.Server{Handler: r})
		require.Contains(t, server.send("POST /new HTTP/1.0\r\n\r\n"), "HTTP/1.0 405 ")
		require.Contains(t, server.send("HEAD /new HTTP/1.0\r\n\r\n"), "HTTP/1.0 405 ")
		require.Contains(t, server.send("HEAD /old HTTP/1.0\r\n\r\n"), "HTTP/1.0 200 ")
	},
	"The body of a request may have any size.": func(t *testing.T) {
		app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			if _, err := env.Input().ReadN(-1); err != nil {
				return nil, err
			}
			_, err := start("200 OK", nil)
			return nil, err
		}
		limited := http.MaxBytesHandler(&adapter.Handler{App: app, ErrorLog: io.Discard}, 3)
		server := wrap(t, &http.Server{Handler: limited})
		require.Contains(t, server.send("POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"), "HTTP/1.0 200 ")
		require.Contains(t, server.send("POST / HTTP/1.0\r\nContent-Length: 4\r\n\r\nabcd"), "HTTP/1.0 413 ")
	},
	"`adapter.Wrap` leaves the time limits of your server as they are.": func(t *testing.T) {
		require.Zero(t, wrap(t, new(http.Server)).HTTP.ReadHeaderTimeout)
		require.NotZero(t, serve(t, nil).HTTP.ReadHeaderTimeout)
		require.NotZero(t, serve(t, nil).HTTP.IdleTimeout)
	},
	"`OPTIONS *` reaches an application that is the whole server.": func(t *testing.T) {
		const options = "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
		app := shows("PATH_INFO")
		require.Contains(t, serve(t, app).send(options), `"*"`)
		r := chi.NewRouter()
		r.NotFound((&adapter.Handler{App: app, Environ: map[string]any{"SCRIPT_NAME": ""}}).ServeHTTP)
		server := wrap(t, &http.Server{Handler: r})
		require.NotContains(t, server.send(options), `"*"`)
		require.Empty(t, server.access.String())
		require.Contains(t, wrap(t, &http.Server{Handler: r, DisableGeneralOptionsHandler: true}).send(options), `"*"`)
	},
}

func TestClaims(t *testing.T) {
	for claim, test := range claims {
		t.Run(claim, test)
	}
}

func TestEveryClaimIsTested(t *testing.T) {
	_, text, _ := strings.Cut(read(t, root+"/README.md"), "\n## Known differences from pywsgi\n")
	text, _, _ = strings.Cut(text, "\n## Other ways\n")
	points := regexp.MustCompile(`\n- `).Split(text, -1)[1:]
	require.Len(t, points, len(claims))
	for _, point := range points {
		point = strings.Join(strings.Fields(point), " ")
		tested := false
		for claim := range claims {
			tested = tested || strings.HasPrefix(point, claim)
		}
		require.True(t, tested, point)
	}
}

// says returns an application that answers with a status. The rest is a body, nil if
// there is none, and headers as names and values.
func says(status string, rest ...string) adapter.App {
	var body adapter.Body
	if len(rest) > 0 {
		body, rest = adapter.Text(rest[0]), rest[1:]
	}
	return answers(status, body, rest)
}

func returns(body adapter.Body, headers ...string) adapter.App {
	return answers("200 OK", body, headers)
}

func answers(status string, body adapter.Body, fields []string) adapter.App {
	return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		var headers adapter.Headers
		for i := 0; i < len(fields); i += 2 {
			headers = append(headers, [2]string{fields[i], fields[i+1]})
		}
		_, err := start(status, headers)
		return body, err
	}
}

// shows returns an application that answers with the values of some keys.
func shows(keys ...string) adapter.App {
	return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		var text strings.Builder
		for _, key := range keys {
			fmt.Fprintf(&text, "%#v", env.Value(key))
		}
		_, err := start("200 OK", nil)
		return adapter.Text(text.String()), err
	}
}

type server struct {
	*adapter.Server
	t      *testing.T
	url    string
	access *logged
}

func serve(t *testing.T, app adapter.App) *server { return begin(t, adapter.NewServer("", app)) }

func wrap(t *testing.T, existing *http.Server) *server { return begin(t, adapter.Wrap(existing)) }

func begin(t *testing.T, s *adapter.Server) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	access := new(logged)
	s.Log, s.ErrorLog = access, io.Discard
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return &server{s, t, "http://" + l.Addr().String(), access}
}

func (s *server) dial(request string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(s.t, err)
	s.t.Cleanup(func() { conn.Close() })
	_, err = io.WriteString(conn, request)
	require.NoError(s.t, err)
	return conn
}

// send sends a request as it is and returns all that comes back.
func (s *server) send(request string) string {
	s.t.Helper()
	conn := s.dial(request)
	require.NoError(s.t, conn.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	require.NoError(s.t, err)
	return string(answer)
}

func (s *server) get(target string, headers ...string) string {
	s.t.Helper()
	head := append([]string{"GET " + target + " HTTP/1.1", "Host: a", "Connection: close"}, headers...)
	return s.send(strings.Join(head, "\r\n") + "\r\n\r\n")
}

// line is the access line, which is written once the response is out.
func (s *server) line() string {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.access.String() != "" }, 30*time.Second, time.Millisecond)
	return s.access.String()
}

type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
