package bench

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/seam"
	"github.com/gowsgi/gowsgi/middleware"
)

// serve measures h alone, without a network.
func serve(b *testing.B, h http.Handler, target string) {
	w, r := NewSink(), Browser("GET", target, nil)
	b.ReportAllocs()
	for b.Loop() {
		w.Reset()
		h.ServeHTTP(w, r)
	}
}

func pair(b *testing.B, bare, gowsgi http.Handler, target string) {
	b.Run("bare", func(b *testing.B) { serve(b, bare, target) })
	b.Run("gowsgi", func(b *testing.B) { serve(b, gowsgi, target) })
}

func BenchmarkHello(b *testing.B) { pair(b, Hello().Bare, Hello().Gowsgi, "/hello?x=1") }

func BenchmarkHelloInChi(b *testing.B) {
	bare, mounted := chi.NewRouter(), chi.NewRouter()
	bare.Mount("/legacy", Hello().Bare)
	mounted.Mount("/legacy", Hello().Gowsgi)
	pair(b, bare, mounted, "/legacy/hello?x=1")
}

func BenchmarkGet(b *testing.B) {
	r := Browser("GET", "/hello?x=1", nil)
	r.Header.Set("X-Trace-Context", "1")
	env := environ.FromRequest(r)
	for name, key := range map[string]string{"common": "HTTP_USER_AGENT", "rare": "HTTP_X_TRACE_CONTEXT", "computed": "PATH_INFO"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if env.Get(key) == "" {
					b.Fatal(key)
				}
			}
		})
	}
}

// cgiMap fills a map with the environ that net/http/cgi gives its child process.
// Like that package, it first makes strings of the form name=value.
func cgiMap(r *http.Request) map[string]any {
	port := "80"
	if _, p, err := net.SplitHostPort(r.Host); err == nil {
		port = p
	}
	env := []string{
		"SERVER_SOFTWARE=go", "SERVER_PROTOCOL=HTTP/1.1", "HTTP_HOST=" + r.Host, "GATEWAY_INTERFACE=CGI/1.1",
		"REQUEST_METHOD=" + r.Method, "QUERY_STRING=" + r.URL.RawQuery, "REQUEST_URI=" + r.URL.RequestURI(),
		"PATH_INFO=" + r.URL.Path, "SCRIPT_NAME=", "SERVER_PORT=" + port,
	}
	if host, port, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		env = append(env, "REMOTE_ADDR="+host, "REMOTE_HOST="+host, "REMOTE_PORT="+port)
	}
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		env = append(env, "SERVER_NAME="+host)
	} else {
		env = append(env, "SERVER_NAME="+r.Host)
	}
	for name, values := range r.Header {
		name = strings.Map(upperAndUnderscore, name)
		if name == "PROXY" {
			continue
		}
		sep := ", "
		if name == "COOKIE" {
			sep = "; "
		}
		env = append(env, "HTTP_"+name+"="+strings.Join(values, sep))
	}
	values := make(map[string]any, len(env))
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		values[name] = value
	}
	return values
}

func upperAndUnderscore(c rune) rune {
	switch {
	case 'a' <= c && c <= 'z':
		return c - 'a' + 'A'
	case c == '-' || c == '=':
		return '_'
	}
	return c
}

func BenchmarkMap(b *testing.B) {
	r := Browser("GET", "/hello?x=1", nil)
	b.Run("cgi", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if len(cgiMap(r)) == 0 {
				b.Fatal("empty")
			}
		}
	})
	env := environ.FromRequest(r)
	b.Run("gowsgi", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if len(env.Map()) == 0 {
				b.Fatal("empty")
			}
		}
	})
}

func BenchmarkAll(b *testing.B) {
	env := environ.FromRequest(Browser("GET", "/hello?x=1", nil))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range env.All() {
			n++
		}
		if n == 0 {
			b.Fatal("empty")
		}
	}
}

func BenchmarkText(b *testing.B) {
	env := environ.FromRequest(Browser("GET", "/hello?x=1", nil))
	b.ReportAllocs()
	for b.Loop() {
		if len(env.String()) == 0 {
			b.Fatal("empty")
		}
	}
}

// body reads data in pieces of at most 4 KiB, as from a connection. Setting at
// to 0 starts it again.
type body struct {
	data []byte
	at   int
}

func (r *body) Read(p []byte) (int, error) {
	if r.at == len(r.data) {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 4<<10)], r.data[r.at:])
	r.at += n
	return n, nil
}

// upload returns a func that reads a request of 64 KiB as if from a connection,
// so that its Body is of net/http's own type.
func upload(b *testing.B) func() *http.Request {
	raw := append([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n"), make([]byte, 64<<10)...)
	src := &body{data: raw}
	br := bufio.NewReader(src)
	return func() *http.Request {
		src.at = 0
		br.Reset(src)
		r, err := http.ReadRequest(br)
		if err != nil {
			b.Fatal(err)
		}
		return r
	}
}

func BenchmarkRead64K(b *testing.B) {
	buf := make([]byte, 32<<10)
	drain := func(b *testing.B, r io.Reader) {
		for {
			if _, err := r.Read(buf); err == io.EOF {
				return
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	twoWays(b, drain)
}

func BenchmarkCopy64K(b *testing.B) {
	w := struct{ io.Writer }{io.Discard}
	twoWays(b, func(b *testing.B, r io.Reader) {
		if _, err := io.Copy(w, r); err != nil {
			b.Fatal(err)
		}
	})
}

// twoWays measures read on the Body of an upload and on an Input over it.
func twoWays(b *testing.B, read func(*testing.B, io.Reader)) {
	b.Run("bare", func(b *testing.B) {
		next := upload(b)
		b.ReportAllocs()
		for b.Loop() {
			read(b, next().Body)
		}
	})
	b.Run("gowsgi", func(b *testing.B) {
		next := upload(b)
		env := environ.FromRequest(next())
		inside, in := env.Inside(seam.Pass{}), env.Input()
		b.ReportAllocs()
		for b.Loop() {
			inside.ResetInput(next().Body)
			read(b, in)
		}
	})
}

func BenchmarkLines(b *testing.B) {
	data := bytes.Repeat([]byte("a line of the usual length, give or take a few characters\n"), 1<<20/58)
	src := &body{data: data}
	b.Run("scanner", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			src.at = 0
			s := bufio.NewScanner(src)
			for s.Scan() {
			}
		}
	})
	// The caller may keep a line of Scanner.Text, as it may one of ReadLine.
	b.Run("scannertext", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			src.at = 0
			s := bufio.NewScanner(src)
			for s.Scan() {
				n += len(s.Text())
			}
		}
		if n == 0 {
			b.Fatal("empty")
		}
	})
	b.Run("gowsgi", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			src.at = 0
			in := environ.NewInput(src)
			for {
				if _, err := in.ReadLine(-1); err != nil {
					break
				}
			}
		}
	})
}

func BenchmarkMiddleware(b *testing.B) {
	h := Hello().Bare
	b.Run("bare", func(b *testing.B) { serve(b, h, "/hello") })
	b.Run("AccessLog", func(b *testing.B) { serve(b, middleware.AccessLog(io.Discard)(h), "/hello") })
	b.Run("GuardHeaders", func(b *testing.B) { serve(b, middleware.GuardHeaders(h), "/hello") })
	b.Run("QuietDisconnects", func(b *testing.B) { serve(b, middleware.QuietDisconnects(h), "/hello") })
	b.Run("Environ", func(b *testing.B) { serve(b, middleware.Environ(nil)(h), "/hello") })
}

func BenchmarkFromHandler(b *testing.B) {
	h := Hello().Bare
	pair(b, h, &adapter.Handler{App: adapter.FromHandler(h)}, "/hello")
}

// BenchmarkReadRequest measures how long net/http takes to parse a request, to
// which the other results can be compared.
func BenchmarkReadRequest(b *testing.B) {
	var raw bytes.Buffer
	if err := Browser("GET", "/hello?x=1", nil).Write(&raw); err != nil {
		b.Fatal(err)
	}
	src := bytes.NewReader(raw.Bytes())
	br := bufio.NewReader(src)
	b.ReportAllocs()
	for b.Loop() {
		src.Reset(raw.Bytes())
		br.Reset(src)
		if _, err := http.ReadRequest(br); err != nil {
			b.Fatal(err)
		}
	}
}

// TestTwinsAgree checks that both halves of a twin give the same answer.
func TestTwinsAgree(t *testing.T) {
	for name, twin := range map[string]Twin{"Hello": Hello(), "Stream": Stream(), "Upload": Upload()} {
		var got []string
		for _, h := range []http.Handler{twin.Bare, twin.Gowsgi} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, Browser("POST", "/hello", strings.NewReader("body")))
			got = append(got, w.Result().Status+w.Header().Get("Content-Length")+w.Body.String())
		}
		if got[0] != got[1] {
			t.Errorf("%s: bare %.80q, gowsgi %.80q", name, got[0], got[1])
		}
	}
}
