package environ_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/logadapter"
)

type traceKey struct{}

// tracing is a slog.Handler that keeps each message with the trace id that came
// in its context.
type tracing struct {
	slog.Handler
	seen *[]string
}

func (h tracing) Enabled(context.Context, slog.Level) bool { return true }

func (h tracing) Handle(ctx context.Context, r slog.Record) error {
	id, _ := ctx.Value(traceKey{}).(string)
	*h.seen = append(*h.seen, id+": "+r.Message)
	return nil
}

// traced is a request whose context has a trace id.
func traced() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	return r.WithContext(context.WithValue(r.Context(), traceKey{}, "trace-1"))
}

// scribble writes to wsgi.errors in each of its ways.
func scribble(env *environ.Environ) {
	s := env.Errors()
	_, _ = s.Write([]byte("one\n"))
	_, _ = s.WriteString("two\n")
	_ = s.WriteLines([]string{"three\n", "four\n"})
	_ = s.Flush()
	stream, _ := env.Value("wsgi.errors").(io.Writer)
	if stream != nil {
		_, _ = io.WriteString(stream, "five\n")
	}
}

// What wsgi.errors writes is handed to the slog handler with the request's context.
func TestErrorsCarryTheContext(t *testing.T) {
	for _, tt := range []struct {
		name  string
		serve func(log *logadapter.Stream) http.Handler
		want  []string
	}{
		{"Handler.ErrorLog", func(log *logadapter.Stream) http.Handler {
			h := fromHandler(nil)(scribble).(*adapter.Handler)
			h.ErrorLog = log
			return h
		}, []string{"trace-1: one", "trace-1: two", "trace-1: three", "trace-1: four", "trace-1: five"}},
		{"a base value, as it is in the dict", func(log *logadapter.Stream) http.Handler {
			return fromHandler(dict{"wsgi.errors": log})(scribble)
		}, []string{"trace-1: one", "trace-1: two", "trace-1: three", "trace-1: four", ": five"}},
		{"Set", func(log *logadapter.Stream) http.Handler {
			return fromRequest(func(env *environ.Environ) {
				env.Set("wsgi.errors", log)
				scribble(env)
			})
		}, []string{"trace-1: one", "trace-1: two", "trace-1: three", "trace-1: four", ": five"}},
		{"a base value wins over ErrorLog", func(log *logadapter.Stream) http.Handler {
			h := fromHandler(dict{"wsgi.errors": log})(scribble).(*adapter.Handler)
			h.ErrorLog = io.Discard
			return h
		}, []string{"trace-1: one", "trace-1: two", "trace-1: three", "trace-1: four", ": five"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen []string
			log := logadapter.New(slog.New(tracing{seen: &seen}), slog.LevelInfo)
			tt.serve(log).ServeHTTP(httptest.NewRecorder(), traced())
			if diff := cmp.Diff(tt.want, seen); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// memory is an ErrorStream of the application's own.
type memory struct{ strings.Builder }

func (m *memory) WriteLines(lines []string) error {
	for _, line := range lines {
		_, _ = m.WriteString(line)
	}
	return nil
}

func (m *memory) Flush() error {
	_, _ = m.WriteString("flushed\n")
	return nil
}

func TestErrorsOfAnyWriter(t *testing.T) {
	var out bytes.Buffer
	scribble(environ.New(dict{"wsgi.errors": &out}))
	require.Equal(t, "one\ntwo\nthree\nfour\nfive\n", out.String())

	own := new(memory)
	env := environ.New(dict{"wsgi.errors": own})
	require.Same(t, own, env.Errors())
	scribble(env)
	require.Equal(t, "one\ntwo\nthree\nfour\nflushed\nfive\n", own.String())
}

// Without any, it is standard error.
func TestErrorsDefault(t *testing.T) {
	for name, env := range map[string]*environ.Environ{
		"zero": {}, "nil": nil, "literal": environ.New(nil), "no stream": environ.New(dict{"wsgi.errors": 7}),
		"request": environ.FromRequest(traced()),
	} {
		require.NotNil(t, env.Errors(), name)
		require.NoError(t, env.Errors().Flush(), name)
	}
	deleted := environ.FromRequest(traced())
	deleted.Delete("wsgi.errors")
	require.NotNil(t, deleted.Errors())
	require.IsType(t, new(logadapter.Stream), environ.FromRequest(traced()).Value("wsgi.errors"))

	out := child(t, "stderr")
	require.Equal(t, "one\ntwo\nthree\nfour\n", out)
}
