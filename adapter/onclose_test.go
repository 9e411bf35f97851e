package adapter_test

import (
	"errors"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

func TestChunksAndCloseBody(t *testing.T) {
	boom := errors.New("boom")
	var closed atomic.Int32
	tests := []struct {
		name  string
		body  adapter.Body
		want  string
		err   error
		close error
	}{
		{"nil", nil, "", nil, nil},
		{"a list", adapter.Text("one", "two"), "onetwo", nil, nil},
		{"a stream", adapter.Stream(seq(boom, "one")), "one", boom, nil},
		{"a stream of nothing", adapter.Stream(nil), "", nil, nil},
		{"one that closes", closing{seq(nil, "one"), &closed, func() error { return boom }}, "one", nil, boom},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := collect(adapter.Chunks(test.body))
			require.Equal(t, test.want, got)
			require.Equal(t, test.err, err)
			require.Equal(t, test.close, adapter.CloseBody(test.body))
		})
	}
	require.EqualValues(t, 1, closed.Load())
}

func collect(chunks iter.Seq2[[]byte, error]) (text string, err error) {
	for chunk, met := range chunks {
		if met != nil {
			err = met
			continue
		}
		text += string(chunk)
	}
	return text, err
}

// TestOnClose checks that fn runs once on every way out, after the Body's own
// Close, and that the response is what it would be without it: the same framing,
// the same bytes. Under Validate as well.
func TestOnClose(t *testing.T) {
	boom := errors.New("boom")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("0123456789"), 0o600))
	stream := "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n"
	list := "HTTP/1.1 200 OK\nContent-Length: "
	tests := []struct {
		name   string
		method string
		body   func(log func(string) func() error) adapter.Body
		want   string
		calls  string
		log    string
	}{
		{"nil", "GET", func(func(string) func() error) adapter.Body { return nil },
			list + "0\nContent-Type: text/plain\n\n", "fn", ""},
		{"a list", "GET", func(func(string) func() error) adapter.Body { return adapter.Text("one", "two") },
			list + "6\nContent-Type: text/plain\n\nonetwo", "fn", ""},
		{"a single text", "GET", func(func(string) func() error) adapter.Body { return adapter.Text("one") },
			list + "3\nContent-Type: text/plain\n\none", "fn", ""},
		{"a list, HEAD", "HEAD", func(func(string) func() error) adapter.Body { return adapter.Bytes([]byte("one")) },
			list + "3\nContent-Type: text/plain\n\n", "fn", ""},
		{"a stream", "GET", func(func(string) func() error) adapter.Body { return adapter.Stream(seq(nil, "one")) },
			stream + "3\none\n0\n\n", "fn", ""},
		{"a stream that fails", "GET", func(func(string) func() error) adapter.Body { return adapter.Stream(seq(boom, "one")) },
			stream + "3\none\n", "fn", "boom"},
		{"a stream that panics", "GET", func(func(string) func() error) adapter.Body {
			return adapter.Stream(func(func([]byte, error) bool) { panic("ouch") })
		}, internalError, "fn", "ouch"},
		{"a file", "GET", func(func(string) func() error) adapter.Body { return adapter.File(open(t, file), 4) },
			list + "10\nContent-Type: text/plain\n\n0123456789", "fn", ""},
		{"a file that is none", "GET", func(log func(string) func() error) adapter.Body {
			return adapter.File(readCloser{strings.NewReader("012345"), log("close")}, 4)
		}, stream + "4\n0123\n2\n45\n0\n\n", "close fn", ""},
		{"one that closes", "GET", func(log func(string) func() error) adapter.Body {
			return closing{seq(nil, "one"), new(atomic.Int32), log("close")}
		}, stream + "3\none\n0\n\n", "close fn", ""},
		{"one that fails to close", "GET", func(log func(string) func() error) adapter.Body {
			return closing{seq(nil, "one"), new(atomic.Int32), func() error { _ = log("close")(); return boom }}
		}, stream + "3\none\n0\n\n", "close fn", "adapter: closing the Body: boom"},
		{"one that panics when it is closed", "GET", func(log func(string) func() error) adapter.Body {
			return closing{seq(nil, "one"), new(atomic.Int32), func() error { _ = log("close")(); panic("ouch") }}
		}, stream + "3\none\n0\n\n", "close fn", "ouch"},
		{"a list twice", "GET", func(log func(string) func() error) adapter.Body {
			return adapter.OnClose(adapter.Text("one"), log("inner"))
		},
			list + "3\nContent-Type: text/plain\n\none", "inner fn", ""},
		{"a file twice", "GET", func(log func(string) func() error) adapter.Body {
			return adapter.OnClose(adapter.File(open(t, file), 4), log("inner"))
		}, list + "10\nContent-Type: text/plain\n\n0123456789", "inner fn", ""},
		{"a stream twice", "GET", func(log func(string) func() error) adapter.Body {
			return adapter.OnClose(adapter.Stream(seq(nil, "one")), log("inner"))
		}, stream + "3\none\n0\n\n", "inner fn", ""},
	}
	for _, test := range tests {
		for name, wrap := range map[string]adapter.Middleware{
			"": func(app adapter.App) adapter.App { return app }, " under Validate": middleware.Validate,
		} {
			t.Run(test.name+name, func(t *testing.T) {
				var calls []string
				log := func(call string) func() error {
					return func() error { calls = append(calls, call); return nil }
				}
				app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
					_, err := start("200 OK", plain)
					return adapter.OnClose(test.body(log), log("fn")), err
				}
				errs := new(wiretest.Buffer)
				srv := wiretest.Serve(t, &adapter.Handler{App: wrap(app), ErrorLog: errs})
				got := srv.Do(test.method + " / HTTP/1.1\nHost: x\n\n")
				require.NoError(t, srv.HTTP.Shutdown(t.Context())) // the handler is done
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("on the wire (-want +got):\n%s", diff)
				}
				require.Equal(t, test.calls, strings.Join(calls, " "))
				require.Contains(t, errs.String(), test.log)
				if test.log == "" {
					require.Empty(t, errs.String())
				}
			})
		}
	}
}

type readCloser struct {
	io.Reader
	close func() error
}

func (r readCloser) Close() error { return r.close() }

func open(t *testing.T, name string) *os.File {
	f, err := os.Open(name)
	require.NoError(t, err)
	return f
}

// Both errors are told, and a Body that is closed twice runs nothing twice.
func TestOnCloseErrors(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	for name, body := range map[string]adapter.Body{
		"body": closing{seq(nil), new(atomic.Int32), func() error { return first }},
		"file": adapter.File(readCloser{strings.NewReader(""), func() error { return first }}, 0),
		"list": adapter.OnClose(adapter.Text(""), func() error { return first }),
		"nil":  adapter.OnClose(nil, func() error { return first }),
	} {
		t.Run(name, func(t *testing.T) {
			ran := 0
			b := adapter.OnClose(body, func() error { ran++; return second })
			err := adapter.CloseBody(b)
			require.ErrorIs(t, err, first)
			require.ErrorIs(t, err, second)
			require.NoError(t, adapter.CloseBody(b))
			require.Equal(t, 1, ran)
		})
	}
	text := adapter.Text("x")
	require.Equal(t, text, adapter.OnClose(text, nil))
	require.Nil(t, adapter.OnClose(nil, nil))
}

// whole is next for one request, and a channel that is closed once next has
// returned: a Shutdown does not wait for the handler of a hijacked connection.
func whole(next http.Handler) (http.Handler, <-chan struct{}) {
	done := make(chan struct{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		next.ServeHTTP(w, r)
	}), done
}

// A server closes a Body whose App has failed beside it, and one that nobody
// reads: of a HEAD, of a connection that was hijacked.
func TestOnCloseOfWhatIsNotSent(t *testing.T) {
	boom := errors.New("boom")
	for name, app := range map[string]func(body adapter.Body) adapter.App{
		"an error beside it": func(body adapter.Body) adapter.App {
			return func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return body, boom }
		},
		"never started": func(body adapter.Body) adapter.App {
			return func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return body, nil }
		},
		"hijacked": func(body adapter.Body) adapter.App {
			hijack := adapter.FromHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err == nil {
					_ = conn.Close()
				}
			}))
			return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_, err := hijack(env, start)
				return body, err
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var closed atomic.Int32
			body := adapter.OnClose(adapter.Text("x"), func() error { closed.Add(1); return nil })
			h, done := whole(&adapter.Handler{App: app(body), ErrorLog: io.Discard})
			wiretest.Serve(t, h).Do(get)
			<-done
			require.EqualValues(t, 1, closed.Load())
		})
	}
	// FromHandler returns nil after a Hijack, and Validate knows it.
	var closed atomic.Int32
	hijack := adapter.FromHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.Close()
	}))
	errs := new(wiretest.Buffer)
	h, done := whole(&adapter.Handler{ErrorLog: errs, App: middleware.Validate(func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		body, err := hijack(env, start)
		return adapter.OnClose(body, func() error { closed.Add(1); return nil }), err
	})})
	wiretest.Serve(t, h).Do(get)
	<-done
	require.EqualValues(t, 1, closed.Load())
	require.Empty(t, errs.String())
}

// copied is a ResponseWriter that notes what is copied to it whole.
type copied struct {
	sink
	from []io.Reader
}

func (c *copied) ReadFrom(r io.Reader) (int64, error) {
	c.from = append(c.from, r)
	return io.Copy(io.Discard, r)
}

// A File goes out by sendfile still: net/http is handed the file itself.
func TestOnCloseKeepsSendfile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte("0123456789"), 0o600))
	f := open(t, name)
	h := &adapter.Handler{App: middleware.Validate(func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", plain)
		return adapter.OnClose(adapter.File(f, 4), func() error { return nil }), err
	})}
	w := &copied{sink: sink{make(http.Header)}}
	r, err := http.NewRequest("GET", "/", nil)
	require.NoError(t, err)
	h.ServeHTTP(w, r)
	require.Len(t, w.from, 1)
	require.Same(t, f, w.from[0].(*io.LimitedReader).R)
	require.Equal(t, "10", w.header.Get("Content-Length"))
	require.ErrorIs(t, f.Close(), os.ErrClosed)
}
