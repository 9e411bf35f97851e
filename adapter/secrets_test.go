package adapter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/secure"
)

// TestQueryInErrorRecords: the request line shows no more of the query than the
// policy lets the environ show.
func TestQueryInErrorRecords(t *testing.T) {
	boom := failing500(errors.New("boom"))
	own := func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
		env.SetPolicy(secure.Policy{Allow: []string{"QUERY_STRING"}})
		return nil, errors.New("boom")
	}
	hook := func(*environ.Environ, error) { panic("ouch") }
	tests := []struct {
		name string
		h    *adapter.Handler
		path string
		want string
	}{
		{"the default", &adapter.Handler{App: boom}, "/x?token=s3cret", "GET /x? HTTP/1.1: boom"},
		{"no query", &adapter.Handler{App: boom}, "/x", "GET /x HTTP/1.1: boom"},
		{"an empty query", &adapter.Handler{App: boom}, "/x?", "GET /x? HTTP/1.1: boom"},
		{"two question marks", &adapter.Handler{App: boom}, "/x?a?token=s3cret", "GET /x? HTTP/1.1: boom"},
		{"an absolute target", &adapter.Handler{App: boom}, "http://bob:s3cret@x/y?token=s3cret", "GET http://x/y? HTTP/1.1: boom"},
		{"an absolute target without a path", &adapter.Handler{App: boom}, "http://bob:s3cret@x?token=s3cret@y", "GET http://x? HTTP/1.1: boom"},
		{"other keys allowed", &adapter.Handler{App: boom, Policy: &secure.Policy{Allow: []string{"PATH_INFO"}}}, "/x?token=s3cret", "GET /x? HTTP/1.1: boom"},
		{"nothing allowed, keys named", &adapter.Handler{App: boom, Policy: &secure.Default}, "/x?token=s3cret", "GET /x? HTTP/1.1: boom"},
		{"allowed", &adapter.Handler{App: boom, Policy: &secure.Policy{Allow: []string{"QUERY_STRING"}}}, "/x?a=b", "GET /x?a=b HTTP/1.1: boom"},
		{"masking is off", &adapter.Handler{App: boom, Policy: &secure.Policy{Off: true}}, "/x?a=b", "GET /x?a=b HTTP/1.1: boom"},
		{"allowed by the environ's own policy", &adapter.Handler{App: own}, "/x?a=b", "GET /x?a=b HTTP/1.1: boom"},
		{"HandleError panics", &adapter.Handler{App: boom, HandleError: hook}, "/x?token=s3cret", "GET /x? HTTP/1.1: adapter: the App panicked: ouch"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			test.h.ErrorLog = errs
			wiretest.Serve(t, test.h).Do("GET " + test.path + " HTTP/1.1\nHost: x\n\n")
			line, _, _ := strings.Cut(errs.String(), "\n")
			require.Equal(t, test.want, line)
			require.NotContains(t, errs.String(), "s3cret")
		})
	}
}

// TestServerPolicyInErrorRecords: so does the server's policy.
func TestServerPolicyInErrorRecords(t *testing.T) {
	for want, policy := range map[string]*secure.Policy{
		"GET /x? HTTP/1.1: boom\n":    nil,
		"GET /x?a=b HTTP/1.1: boom\n": {Allow: []string{"QUERY_STRING"}},
	} {
		logs := new(wiretest.Buffer)
		srv := adapter.NewServer("", failing500(errors.New("boom")))
		srv.Policy, srv.ErrorLog, srv.Log = policy, logs, new(wiretest.Buffer)
		fetch(t, http.DefaultClient, "http://"+serve(t, srv)+"/x?a=b")
		require.True(t, strings.HasPrefix(logs.String(), want), logs.String())
	}
}

// hostile is what a client's value may hold when an App makes an error of it.
const hostile = "no user \"é\"\n127.0.0.1 - - [2026-01-01 00:00:00] \"GET /forged HTTP/1.1\" 200 1 0.100000\r\x1b[2J\x00\x7f\u0085\u2028\u202e\xff\tend"

// escaped is hostile as it may be logged.
const escaped = `no user "é"\n127.0.0.1 - - [2026-01-01 00:00:00] "GET /forged HTTP/1.1" 200 1 0.100000\r\x1b[2J\x00\x7f\u0085\u2028\u202e\xff\tend`

// TestErrorRecordsCannotBeForged: an error's text is one piece of one line, and a
// terminal that shows it is left alone. Stacks stay readable.
func TestErrorRecordsCannotBeForged(t *testing.T) {
	tests := []struct {
		name  string
		app   adapter.App
		want  string
		stack bool
	}{
		{"an error", failing500(errors.New(hostile)), "GET / HTTP/1.1: " + escaped + "\n", false},
		{"errors joined", failing500(errors.Join(errors.New("one"), errors.New("two"))), `GET / HTTP/1.1: one\ntwo` + "\n", false},
		{"a panic", func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { panic(hostile) },
			"GET / HTTP/1.1: adapter: the App panicked: " + escaped + "\n", true},
		{"a panic with an error", func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { panic(errors.New(hostile)) },
			"GET / HTTP/1.1: adapter: the App panicked: " + escaped + "\n", true},
		{"a panic with a value", func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) {
			panic(struct{ Name string }{hostile})
		}, "GET / HTTP/1.1: adapter: the App panicked: {" + escaped + "}\n", true},
		{"a stack of the App's own", failing500(&adapter.PanicError{Value: 7, Stack: []byte("frame\n\tfile\x1b[2J\r\n")}),
			"GET / HTTP/1.1: adapter: the App panicked: 7\n", false},
		{"Close", func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			_, err := start("200 OK", nil)
			return closerBody{adapter.Text("x"), errors.New(hostile)}, err
		}, "GET / HTTP/1.1: adapter: closing the Body: " + escaped + "\n", false},
		{"the input", func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
			env.Request().Body = http.MaxBytesReader(nil, &failingBody{errors.New(hostile)}, 10)
			_, err := env.Input().ReadN(-1)
			return nil, err
		}, "): environ: reading wsgi.input: ", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			srv := wiretest.Serve(t, &adapter.Handler{App: test.app, ErrorLog: errs})
			srv.Do(get)
			require.NoError(t, srv.HTTP.Shutdown(t.Context())) // the handler is done
			got := errs.String()
			require.Contains(t, got, test.want)
			require.NotContains(t, got, "\n127.0.0.1 - -")
			for _, r := range strings.NewReplacer("\n", "", "\t", "").Replace(got) {
				require.True(t, unicode.IsPrint(r), "%q in %q", r, got)
			}
			if test.stack {
				require.Regexp(t, `\n\t\S+/secrets_test\.go:\d+ `, got)
			}
		})
	}
}

type closerBody struct {
	adapter.Body
	err error
}

func (b closerBody) Close() error { return b.err }

type failingBody struct{ err error }

func (b *failingBody) Read([]byte) (int, error) { return 0, b.err }
func (b *failingBody) Close() error             { return nil }

// secretBase is a base environ that must not be printed.
var secretBase = map[string]any{"db.password": "s3cret"}

// keepers are values that keep a base environ, or another's, by their names.
func keepers(t *testing.T) map[string]any {
	h := &adapter.Handler{App: where, Environ: secretBase, ErrorLog: new(wiretest.Buffer)}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)) // sets it up
	var ctx context.Context
	srv := adapter.Wrap(&http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })})
	srv.Environ, srv.Log = secretBase, new(wiretest.Buffer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.ErrorIs(t, srv.Serve(l), net.ErrClosed) // sets it up; what runs must not be looked into
	request := httptest.NewRequest("GET", "/", nil)
	srv.HTTP.Handler.ServeHTTP(httptest.NewRecorder(), request.WithContext(srv.HTTP.BaseContext(l)))
	cancelled, cancel := context.WithCancel(srv.HTTP.BaseContext(l))
	cancel()
	type key struct{}
	return map[string]any{
		"a Handler": h, "a Handler's value": reflect.ValueOf(h).Elem().Interface(), "a new Handler": &adapter.Handler{Environ: secretBase},
		"a Server": srv, "a Server's value": reflect.ValueOf(srv).Elem().Interface(), "a new Server": &adapter.Server{Environ: secretBase},
		"a slice": []*adapter.Handler{h}, "a struct": struct{ H http.Handler }{h}, "a map": map[string]any{"h": h, "s": srv},
		"an http.Server": &http.Server{Handler: h},
		"a base context": srv.HTTP.BaseContext(l), "a request's context": ctx, "a cancelled context": cancelled,
		"a context with a value": context.WithValue(ctx, key{}, "v"), "a struct with a context": struct{ Ctx context.Context }{ctx},
	}
}

// TestBaseEnvironsStayOut prints all that keeps a base environ.
func TestBaseEnvironsStayOut(t *testing.T) {
	for name, v := range keepers(t) {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t", "%T"} {
				fmt.Fprintf(&out, verb+"\n", v)
			}
			text, err := json.Marshal(v)
			fmt.Fprintln(&out, string(text), err)
			for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
				slog.New(handler).Info("m", "v", v)
			}
			for _, secret := range []string{"s3cret", fmt.Sprintf("%x", "s3cret"), fmt.Sprintf("%X", "s3cret"), "db.password", fmt.Sprintf("%x", "db.password")} {
				require.NotContains(t, out.String(), secret)
			}
		})
	}
	// go-spew asks values for their text before it looks inside.
	require.Implements(t, (*fmt.Stringer)(nil), adapter.Handler{})
	require.Implements(t, (*fmt.Stringer)(nil), adapter.Server{})
	require.Equal(t, "gowsgi", fmt.Sprint(&adapter.Handler{}))
	require.Equal(t, "gowsgi", fmt.Sprint(&adapter.Server{}))
}

// TestReflectionFindsNoBaseEnviron: a context's methods are not asked by the diffs
// of testify and go-cmp.
func TestReflectionFindsNoBaseEnviron(t *testing.T) {
	for name, v := range keepers(t) {
		ctx, ok := v.(context.Context)
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			said := new(said)
			assert.Equal(said, context.Background(), ctx)
			assert.Equal(said, []any{ctx}, []any{7})
			func() {
				defer func() { _ = recover() }()
				said.Errorf("%s", cmp.Diff(ctx, nil, cmp.Exporter(func(reflect.Type) bool { return true })))
			}()
			require.NotEmpty(t, said.text.String())
			require.NotContains(t, said.text.String(), "s3cret")
		})
	}
}

// said keeps what a failed assertion says.
type said struct{ text strings.Builder }

func (s *said) Errorf(format string, args ...any) { fmt.Fprintf(&s.text, format, args...) }
