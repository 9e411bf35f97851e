package environ_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// outcome is what reading a body came to.
type outcome struct {
	Text string
	Err  string // its kind
}

func kindOf(err error) string {
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &tooLarge):
		return "too large"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut short"
	case errors.Is(err, io.EOF):
		return "EOF"
	default:
		return "malformed"
	}
}

// wholeBody reads to the end in each of the ways there are.
var wholeBody = map[string]func(in *environ.Input) ([]byte, error){
	"ReadN":   func(in *environ.Input) ([]byte, error) { return in.ReadN(-1) },
	"ReadAll": func(in *environ.Input) ([]byte, error) { return io.ReadAll(in) },
	"WriteTo": func(in *environ.Input) ([]byte, error) {
		var out bytes.Buffer
		_, err := in.WriteTo(&out)
		return out.Bytes(), err
	},
	"Lines": func(in *environ.Input) (all []byte, err error) {
		for line, err := range in.Lines() {
			if all = append(all, line...); err != nil {
				return all, err
			}
		}
		return all, nil
	},
	"ReadLine, limited": func(in *environ.Input) (all []byte, err error) {
		for {
			line, err := in.ReadLine(3)
			if all = append(all, line...); err == io.EOF {
				return all, nil
			} else if err != nil {
				return all, err
			}
		}
	},
}

func TestBodies(t *testing.T) {
	const (
		post    = "POST / HTTP/1.1\nHost: x\nConnection: close\n"
		chunked = post + "Transfer-Encoding: chunked\n\n"
	)
	limit := func(app http.Handler) http.Handler { return http.MaxBytesHandler(app, 5) }
	for _, tt := range []struct {
		name   string
		router func(http.Handler) http.Handler
		raw    string
		want   outcome
	}{
		{"Content-Length", nil, post + "Content-Length: 7\n\none\r\ntwo", outcome{"one\r\ntw", ""}},
		{"no more than Content-Length", nil, post + "Content-Length: 3\n\nonetwo", outcome{"one", ""}},
		{"Content-Length 0", nil, post + "Content-Length: 0\n\nhello", outcome{"", ""}},
		{"no body", nil, post + "\nhello", outcome{"", ""}},
		{"no body, GET", nil, "GET / HTTP/1.1\nHost: x\n\n", outcome{"", ""}},
		{"no length, HTTP/1.0", nil, "POST / HTTP/1.0\n\nhello", outcome{"", ""}},
		{"Content-Length, HTTP/1.0", nil, "POST / HTTP/1.0\nContent-Length: 5\n\nhello", outcome{"hello", ""}},
		{"a body with GET", nil, "GET / HTTP/1.1\nHost: x\nContent-Length: 5\n\nhello", outcome{"hello", ""}},
		{"chunked", nil, chunked + wiretest.Chunked("one", "t", "wo"), outcome{"onetwo", ""}},
		{"chunked, nothing", nil, chunked + wiretest.Chunked(), outcome{"", ""}},
		{"chunked, an extension", nil, chunked + "3;a=b\none\n0\n\n", outcome{"one", ""}},
		{"chunked, a trailer", nil, chunked + "3\none\n0\nX-Sum: 1\n\n", outcome{"one", ""}},

		{"cut short", nil, post + "Content-Length: 10\n\nhello", outcome{"hello", "cut short"}},
		{"cut short at once", nil, post + "Content-Length: 10\n\n", outcome{"", "cut short"}},
		{"a length that no body has", nil, post + "Content-Length: 9223372036854775807\n\nhello", outcome{"hello", "cut short"}},
		{"chunked, cut before the last", nil, chunked + "3\none\n", outcome{"one", "cut short"}},
		{"chunked, cut in a chunk", nil, chunked + "5\none", outcome{"one", "cut short"}},
		{"chunked, cut in a size", nil, chunked + "3\none\n1", outcome{"one", "cut short"}},
		{"chunked, cut at once", nil, chunked, outcome{"", "cut short"}},
		{"chunked, cut in the trailer", nil, chunked + "3\none\n0\nX-Sum: 1\n", outcome{"one", "malformed"}},
		{"chunked, cut in the last line", nil, chunked + "3\none\n0\n", outcome{"one", "malformed"}},

		{"chunked, no size", nil, chunked + "3\none\nno size\n\n", outcome{"one", "malformed"}},
		{"chunked, a negative size", nil, chunked + "3\none\n-3\nbad\n0\n\n", outcome{"one", "malformed"}},
		{"chunked, a size beyond all", nil, chunked + "3\none\nfffffffffffffffff\nbad\n0\n\n", outcome{"one", "malformed"}},
		{"chunked, more than its size", nil, chunked + "3\noneone\n0\n\n", outcome{"one", "malformed"}},
		{"chunked, an empty size", nil, chunked + "3\none\n\n0\n\n", outcome{"one", "malformed"}},

		{"at the limit", limit, post + "Content-Length: 5\n\nhello", outcome{"hello", ""}},
		{"over the limit", limit, post + "Content-Length: 6\n\nhello!", outcome{"hello", "too large"}},
		{"chunked, over the limit", limit, chunked + wiretest.Chunked("one", "two"), outcome{"onetw", "too large"}},
	} {
		for by, read := range wholeBody {
			t.Run(tt.name+"/"+by, func(t *testing.T) {
				got := mustSee(t, fromRequest, tt.router, tt.raw, func(env *environ.Environ) outcome {
					body, err := read(env.Input())
					require.Equal(t, kindOf(err), kindOf(env.Input().Err()))
					again, errAgain := env.Input().ReadN(-1)
					require.Empty(t, again)
					require.Equal(t, kindOf(err), kindOf(errAgain), "it stays")
					return outcome{string(body), kindOf(err)}
				})
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		}
	}
}

// A body arrives as the client sends it: nothing waits for more than was asked.
func TestInputIsInteractive(t *testing.T) {
	lines := make(chan string)
	srv := wiretest.Serve(t, fromRequest(func(env *environ.Environ) {
		defer close(lines)
		for line := range env.Input().Lines() {
			lines <- string(line)
		}
	}))
	c := srv.Dial()
	c.Send("POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n")
	for _, line := range []string{"one", "two"} {
		c.Send("4\n" + line + "\xff\n") // a byte that is not a newline yet
		c.Send("1\n")
		_, err := io.WriteString(c, "\n\r\n")
		require.NoError(t, err)
		require.Equal(t, line+"\xff\n", <-lines)
	}
	c.Send("0\n\n")
	_, open := <-lines
	require.False(t, open)
}

// A client that resets its HTTP/2 stream has sent no whole body.
func TestBodyOverHTTP2(t *testing.T) {
	for _, tt := range []struct {
		name string
		body io.Reader
		want outcome
	}{
		{"whole", strings.NewReader("one\ntwo"), outcome{"one\ntwo", ""}},
		{"of unknown length", io.MultiReader(strings.NewReader("one\n"), strings.NewReader("two")), outcome{"one\ntwo", ""}},
		{"given up", io.MultiReader(strings.NewReader("one\n"), errReader{}), outcome{"", "malformed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := make(chan outcome, 1)
			srv := wiretest.Serve(t, fromRequest(func(env *environ.Environ) {
				body, err := env.Input().ReadN(-1)
				if err != nil {
					body = nil // how much of it came is the network's business
				}
				found <- outcome{string(body), kindOf(err)}
			}), wiretest.H2C)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL("/"), tt.body)
			require.NoError(t, err)
			client := wiretest.H2Client()
			defer client.CloseIdleConnections()
			if answer, err := client.Do(r); err == nil {
				_ = answer.Body.Close()
			}
			require.Equal(t, tt.want, <-found)
		})
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("gave up") }

// What middleware has read ahead of a body is not lost to the App.
func TestInputIsSharedDownstream(t *testing.T) {
	peek := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			env, _ := environ.FromContext(r.Context())
			line, err := env.Input().ReadLine(-1)
			require.NoError(t, err)
			require.Equal(t, "one\n", string(line))
			next.ServeHTTP(w, r)
		})
	}
	for by, env := range map[string]maker{"FromRequest": fromRequest, "Clone": fromClone, "Handler": fromHandler(nil)} {
		t.Run(by, func(t *testing.T) {
			var got string
			app := inside(middleware.Environ(nil), peek)(env(func(env *environ.Environ) {
				p, err := env.Input().ReadN(-1)
				require.NoError(t, err)
				got = string(p)
			}))
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("one\ntwo\nthree"))
			app.ServeHTTP(httptest.NewRecorder(), r)
			require.Equal(t, "two\nthree", got)
		})
	}

	t.Run("a body that cannot be compared", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Body = uncomparable{Reader: strings.NewReader("one\ntwo"), notes: []string{"a"}}
		app := middleware.Environ(nil)(fromRequest(func(env *environ.Environ) {
			require.Equal(t, "one\ntwo", string(must(env.Input().ReadN(-1))))
		}))
		app.ServeHTTP(httptest.NewRecorder(), r)
	})

	t.Run("a body that middleware has replaced", func(t *testing.T) {
		replace := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Body = io.NopCloser(strings.NewReader("replaced"))
				next.ServeHTTP(w, r)
			})
		}
		app := inside(middleware.Environ(nil), peek, replace)(fromHandler(nil)(func(env *environ.Environ) {
			require.Equal(t, "replaced", string(must(env.Input().ReadN(-1))))
		}))
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("one\ntwo")))
	})
}

type uncomparable struct {
	io.Reader
	notes []string
}

func (uncomparable) Close() error { return nil }
