package bench

import (
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// Twin is the same work done by a bare handler and by gowsgi.
type Twin struct {
	Bare   http.Handler
	Gowsgi http.Handler
}

const greeting = "hello, world\n"

// Hello looks at the method, the path and one header of the request, sets one
// header and answers with a list of 13 bytes.
func Hello() Twin {
	return Twin{
		Bare: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "" || r.URL.Path == "" || r.Header.Get("User-Agent") == "" {
				return
			}
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", strconv.Itoa(len(greeting)))
			_, _ = io.WriteString(w, greeting)
		}),
		Gowsgi: &adapter.Handler{App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			if env.Get("REQUEST_METHOD") == "" || env.Get("PATH_INFO") == "" || env.Get("HTTP_USER_AGENT") == "" {
				return nil, nil
			}
			if _, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}}); err != nil {
				return nil, err
			}
			return adapter.Text(greeting), nil
		}},
	}
}

// Stream sends 64 chunks of 1 KiB, each flushed.
func Stream() Twin {
	chunk := []byte(strings.Repeat("x", 1<<10))
	return Twin{
		Bare: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			rc := http.NewResponseController(w)
			for range 64 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
				if err := rc.Flush(); err != nil {
					return
				}
			}
		}),
		Gowsgi: &adapter.Handler{App: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}})
			return adapter.Stream(func(yield func([]byte, error) bool) {
				for range 64 {
					if !yield(chunk, nil) {
						return
					}
				}
			}), err
		}},
	}
}

// File sends the file of that name.
func File(name string) Twin {
	return Twin{
		Bare: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f, err := os.Open(name)
			if err != nil {
				http.Error(w, "no file", http.StatusInternalServerError)
				return
			}
			defer f.Close()
			info, err := f.Stat()
			if err != nil {
				http.Error(w, "no file", http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/octet-stream")
			http.ServeContent(w, r, "", info.ModTime(), f)
		}),
		Gowsgi: &adapter.Handler{App: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			f, err := os.Open(name)
			if err != nil {
				return nil, err
			}
			_, err = start("200 OK", adapter.Headers{{"Content-Type", "application/octet-stream"}})
			return adapter.File(f, 0), err
		}},
	}
}

// Upload reads the body by io.Copy and answers with its size.
func Upload() Twin {
	return Twin{
		Bare: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			if err != nil {
				http.Error(w, "bad body", http.StatusBadRequest)
				return
			}
			size := strconv.FormatInt(n, 10)
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", strconv.Itoa(len(size)))
			_, _ = io.WriteString(w, size)
		}),
		Gowsgi: &adapter.Handler{App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			n, err := io.Copy(io.Discard, env.Input())
			if err != nil {
				return nil, err
			}
			_, err = start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}})
			return adapter.Text(strconv.FormatInt(n, 10)), err
		}},
	}
}

// Idle keeps its connection busy: it sends a chunk and waits until the client
// leaves.
func Idle() Twin {
	return Twin{
		Bare: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}),
		Gowsgi: &adapter.Handler{App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}})
			return adapter.Stream(func(yield func([]byte, error) bool) {
				yield([]byte("x"), nil)
				<-env.Context().Done()
			}), err
		}},
	}
}
