package adapter_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// TestFromHandlerBehaves compares Handler{App: FromHandler(h)} with h on the
// wire. Write boundaries may differ; what a client sees may not.
func TestFromHandlerBehaves(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file.bin")
	require.NoError(t, os.WriteFile(name, []byte(strings.Repeat("0123456789", 1000)), 0o600))
	long := strings.Repeat("long", 5000)
	handlers := map[string]http.HandlerFunc{
		"nothing":    func(http.ResponseWriter, *http.Request) {},
		"small":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>hello") },
		"status":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) },
		"http.Error": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"not found":  http.NotFound,
		"redirect":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/there", http.StatusFound) },
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"no content, length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "7")
			w.WriteHeader(http.StatusNoContent)
			if _, err := io.WriteString(w, "x"); err != http.ErrBodyNotAllowed {
				panic(err)
			}
		},
		"not modified": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) },
		"length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2")
			fmt.Fprint(w, "ok")
			if _, err := fmt.Fprint(w, "more"); err != http.ErrContentLength {
				panic(err)
			}
		},
		"long": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, long) },
		"long, in bits": func(w http.ResponseWriter, _ *http.Request) {
			for range 5000 {
				fmt.Fprint(w, "long")
			}
		},
		"flushed": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "one")
			w.(http.Flusher).Flush()
			fmt.Fprint(w, "two")
		},
		"flushed first": func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			fmt.Fprint(w, "two")
		},
		"typed as nothing": func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			fmt.Fprint(w, "<html>")
		},
		"encoded": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, "<html>")
		},
		"headers after the fact": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			w.Header().Set("X-Late", "1")
			fmt.Fprint(w, "x")
		},
		"cookies": func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		},
		"trailers": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			fmt.Fprint(w, "body")
			w.Header().Set("X-Sum", "4")
			w.Header().Set(http.TrailerPrefix+"X-More", "5")
		},
		"trailers, set before a long body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			w.Header().Set("X-Sum", "early")
			w.Header().Set(http.TrailerPrefix+"X-More", "5")
			fmt.Fprint(w, long)
		},
		"trailers, set between the status and a long body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum, X-Other")
			w.WriteHeader(http.StatusOK)
			w.Header().Set("X-Sum", "4")
			w.Header().Set(http.TrailerPrefix+"X-More", "5")
			fmt.Fprint(w, long)
			w.Header().Set("X-Other", "6")
		},
		"trailers, set within a long body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			fmt.Fprint(w, "a short beginning")
			w.Header().Set("X-Sum", "4")
			w.Header().Set(http.TrailerPrefix+"X-More", "5")
			fmt.Fprint(w, long)
		},
		"early hints": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</a.css>")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Del("Link")
			fmt.Fprint(w, "x")
		},
		"body":  func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) },
		"form":  func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.FormValue("a")) },
		"file":  func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) },
		"close": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") },
		"identity": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Transfer-Encoding", "chunked")
			fmt.Fprint(w, "x")
		},
		"path":      func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL, r.RequestURI, r.Host, r.Method) },
		"read from": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, strings.NewReader(long)) },
	}
	requests := []string{
		"GET /file.bin?a=b%20c HTTP/1.1\nHost: x\n\n",
		"HEAD /file.bin HTTP/1.1\nHost: x\n\n",
		"GET / HTTP/1.0\n\n",
		"POST / HTTP/1.1\nHost: x\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 5\n\na=b+c",
		"GET /file.bin HTTP/1.1\nHost: x\nRange: bytes=10-19\n\n",
	}
	for name, h := range handlers {
		for _, request := range requests {
			t.Run(name+" "+request[:10], func(t *testing.T) {
				want := wiretest.Serve(t, h).Do(request)
				got := wiretest.Serve(t, &adapter.Handler{App: adapter.FromHandler(h)}).Do(request)
				if diff := cmp.Diff(inOrder(unchunk(t, want)), inOrder(unchunk(t, got))); diff != "" {
					t.Errorf("bare against FromHandler (-bare +got):\n%s", diff)
				}
			})
		}
	}
}

// inOrder sorts the lines of a head: what net/http adds stands elsewhere than
// what a handler gives.
func inOrder(raw string) string {
	head, body, _ := strings.Cut(raw, "\n\n")
	lines := strings.Split(head, "\n")
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n") + "\n\n" + body
}

// unchunk puts a chunked body together, since its boundaries are nobody's promise.
func unchunk(t *testing.T, raw string) string {
	head, body, ok := strings.Cut(raw, "\n\n")
	if strings.HasPrefix(head, "HTTP/1.1 103") {
		next, rest, _ := strings.Cut(body, "\n\n")
		head, body = head+"\n\n"+next, rest
	}
	if !ok || !strings.Contains(head, "Transfer-Encoding: chunked") || body == "" {
		return raw
	}
	wire := strings.ReplaceAll("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n"+body, "\n", "\r\n")
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(wire)), nil)
	require.NoError(t, err)
	whole, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return head + "\n\n" + string(whole) + fmt.Sprint(res.Trailer)
}

func TestFromHandlerStreams(t *testing.T) {
	seen := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			fmt.Fprint(w, "x")
			w.(http.Flusher).Flush()
			<-seen
		}
	})
	srv := wiretest.Serve(t, &adapter.Handler{App: adapter.FromHandler(h)})
	res, err := http.Get(srv.URL("/"))
	require.NoError(t, err)
	defer res.Body.Close()
	for range 3 {
		_, err := io.ReadFull(res.Body, make([]byte, 1))
		require.NoError(t, err)
		seen <- struct{}{}
	}
}

func TestFromHandlerHijacks(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		line, _ := rw.ReadString('\n')
		fmt.Fprintf(conn, "raw %s", line)
		if _, err := w.Write([]byte("x")); err != http.ErrHijacked {
			panic(err)
		}
	})
	errs := new(wiretest.Buffer)
	srv := wiretest.Serve(t, &adapter.Handler{App: adapter.FromHandler(h), ErrorLog: errs})
	require.Equal(t, "raw early\n", srv.Do(get+"early\n"))
	require.Empty(t, errs.String()+srv.Logs.String())
}

func TestFromHandlerDeadline(t *testing.T) {
	var reading, writing, duplex error
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		rc := http.NewResponseController(w)
		reading, writing, duplex = rc.SetReadDeadline(time.Time{}), rc.SetWriteDeadline(time.Time{}), rc.EnableFullDuplex()
	})
	wiretest.Serve(t, &adapter.Handler{App: adapter.FromHandler(h)}).Do(get)
	require.NoError(t, errors.Join(reading, writing, duplex))
}

func TestFromHandlerPanics(t *testing.T) {
	errs := new(wiretest.Buffer)
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("ouch") })
	srv := wiretest.Serve(t, &adapter.Handler{App: adapter.FromHandler(h), ErrorLog: errs})
	require.Equal(t, internalError, srv.Do(get))
	require.Contains(t, errs.String(), "panicked: ouch")
}

// TestFromHandlerRefuses: what net/http would rewrite in silence is a 500.
func TestFromHandlerRefuses(t *testing.T) {
	errs := new(wiretest.Buffer)
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-A", "a\r\nb") })
	srv := wiretest.Serve(t, &adapter.Handler{App: adapter.FromHandler(h), ErrorLog: errs})
	require.Equal(t, internalError, srv.Do(get))
	require.Contains(t, errs.String(), `adapter: the value of header "X-A" has a control character in it`)
}

// TestFromHandlerRequest checks that what WSGI middleware Set shows in the
// handler's request.
func TestFromHandlerRequest(t *testing.T) {
	tests := []struct {
		name string
		set  map[string]any
		del  string
		want string
	}{
		{"nothing", nil, "", "GET /a/b?q x:1 h=1 t= l=0 body= 127.0.0.1"},
		{"method and query", map[string]any{"REQUEST_METHOD": "PUT", "QUERY_STRING": "z"}, "", "PUT /a/b?z x:1 h=1 t= l=0 body= 127.0.0.1"},
		{"headers", map[string]any{"HTTP_X_H": "2", "HTTP_HOST": "y", "CONTENT_TYPE": "t/t"}, "", "GET /a/b?q y h=2 t=t/t l=0 body= 127.0.0.1"},
		{"a header gone", nil, "HTTP_X_H", "GET /a/b?q x:1 h= t= l=0 body= 127.0.0.1"},
		{"rewritten", map[string]any{"PATH_INFO": "/c"}, "", "GET /c?q x:1 h=1 t= l=0 body= 127.0.0.1"},
		{"shifted", map[string]any{"SCRIPT_NAME": "/a", "PATH_INFO": "/b"}, "", "GET /b?q x:1 h=1 t= l=0 body= 127.0.0.1"},
		{"address", map[string]any{"REMOTE_ADDR": "::1", "REMOTE_PORT": "7"}, "", "GET /a/b?q x:1 h=1 t= l=0 body= [::1]:7"},
		{"body", map[string]any{"wsgi.input": strings.NewReader("new"), "CONTENT_LENGTH": "3"}, "", "GET /a/b?q x:1 h=1 t= l=3 body=new 127.0.0.1"},
	}
	show := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		addr := r.RemoteAddr
		if strings.HasPrefix(addr, "127.0.0.1:") {
			addr = "127.0.0.1"
		}
		if _, ok := environ.FromContext(r.Context()); !ok {
			panic("no environ")
		}
		fmt.Fprintf(w, "%s %s %s h=%s t=%s l=%d body=%s %s", r.Method, r.URL, r.Host, r.Header.Get("X-H"), r.Header.Get("Content-Type"), r.ContentLength, body, addr)
	})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				for key, value := range test.set {
					env.Set(key, value)
				}
				if test.del != "" {
					env.Delete(test.del)
				}
				return adapter.FromHandler(show)(env, start)
			}
			got := wiretest.Serve(t, &adapter.Handler{App: app}).Do("GET /a/b?q HTTP/1.1\nHost: x:1\nX-H: 1\n\n")
			_, body, _ := strings.Cut(got, "\n\n")
			require.Equal(t, test.want, body)
		})
	}
}

// TestFromHandlerLiteral runs a handler without any server at all.
func TestFromHandlerLiteral(t *testing.T) {
	env := environ.New(map[string]any{
		"REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/a b", "QUERY_STRING": "q", "SERVER_NAME": "s", "SERVER_PORT": "80",
		"SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "h", "CONTENT_LENGTH": "5", "wsgi.input": strings.NewReader("hello"),
	})
	var status string
	start := func(s string, _ adapter.Headers, _ ...error) (io.Writer, error) { status = s; return io.Discard, nil }
	body, err := adapter.FromHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprint(w, r.Method, " ", r.URL.Path, " ", r.Host, " ", string(b))
	}))(env, start)
	require.NoError(t, err)
	require.Equal(t, "200 OK", status)
	var got []byte
	for chunk, err := range body.Chunks() {
		require.NoError(t, err)
		got = append(got, chunk...)
	}
	require.Equal(t, "POST /a b h hello", string(got))
}

// TestFromHandlerInChi rewrites the path in front of a chi sub-router.
func TestFromHandlerInChi(t *testing.T) {
	old := func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			if env.Get("PATH_INFO") == "/old" {
				env.Set("PATH_INFO", "/new")
			}
			return app(env, start)
		}
	}
	r := chi.NewRouter()
	r.Route("/api", func(r chi.Router) {
		r.Use(func(next http.Handler) http.Handler { return &adapter.Handler{App: old(adapter.FromHandler(next))} })
		r.Get("/new", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
	})
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/api/old", nil))
	require.Equal(t, "/api/new", w.Body.String())
}

// TestFromHandlerHeaderOutside: as for a handler that runs alone, what
// middleware outside has set shows, and may be deleted; and none of the handler's
// is left in an answer that is not the handler's.
func TestFromHandlerHeaderOutside(t *testing.T) {
	tests := map[string]http.HandlerFunc{
		"sees": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, w.Header().Get("X-Outer")) },
		"deletes": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Del("X-Outer")
			w.Header().Add("Vary", "Cookie")
		},
		"sets after the status": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			w.Header().Set("X-Outer", "late")
			w.Header().Del("Vary")
		},
		"flushes": func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() },
		"hints": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</a.css>")
			w.WriteHeader(http.StatusEarlyHints)
		},
	}
	outside := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Outer", "yes")
			w.Header().Set("Vary", "Origin")
			h.ServeHTTP(w, r)
		})
	}
	for name, h := range tests {
		t.Run(name, func(t *testing.T) {
			want := wiretest.Serve(t, outside(h)).Do(get)
			got := wiretest.Serve(t, outside(&adapter.Handler{App: adapter.FromHandler(h)})).Do(get)
			require.ElementsMatch(t, strings.Split(want, "\n"), strings.Split(got, "\n"))
		})
	}
	for name, h := range map[string]http.HandlerFunc{
		"panics":  func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Mine", "1"); panic("ouch") },
		"refused": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Mine", "\n") },
	} {
		t.Run(name, func(t *testing.T) {
			got := wiretest.Serve(t, outside(&adapter.Handler{App: adapter.FromHandler(h), ErrorLog: io.Discard})).Do(get)
			require.Equal(t, strings.Replace(internalError, "\n\nI", "\nVary: Origin\nX-Outer: yes\n\nI", 1), got)
		})
	}
}
