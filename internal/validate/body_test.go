package validate_test

import (
	"errors"
	"io"
	"iter"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// noStart is a start that takes everything.
func noStart(string, adapter.Headers, ...error) (io.Writer, error) { return io.Discard, nil }

// closing is a Body that counts what is done with it.
type closing struct {
	chunks iter.Seq2[[]byte, error]
	asked  int
	closed int
	err    error
}

func (c *closing) Chunks() iter.Seq2[[]byte, error] {
	c.asked++
	return c.chunks
}

func (c *closing) Close() error {
	c.closed++
	return c.err
}

func starting(body adapter.Body) adapter.App {
	return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", plain)
		return body, err
	}
}

// collect returns the chunks of seq and the error they end in.
func collect(seq iter.Seq2[[]byte, error]) (text string, err error) {
	for chunk, met := range seq {
		if met != nil {
			return text, met
		}
		text += string(chunk)
	}
	return text, nil
}

func TestValidateCatchesServers(t *testing.T) {
	tests := []struct {
		name  string
		serve func(body adapter.Body) error
		asked int
		want  string
	}{
		{"as it should be", func(body adapter.Body) error {
			_, err := collect(body.Chunks())
			return errors.Join(err, body.(io.Closer).Close())
		}, 1, ""},
		{"closes early", func(body adapter.Body) error { return body.(io.Closer).Close() }, 0, ""},
		{"stops early", func(body adapter.Body) error {
			for range body.Chunks() {
				break
			}
			return body.(io.Closer).Close()
		}, 1, ""},
		{"closes twice", func(body adapter.Body) error {
			return errors.Join(body.(io.Closer).Close(), body.(io.Closer).Close())
		}, 0, `the server closed a Body twice`},
		{"calls Chunks twice", func(body adapter.Body) error {
			_, first := collect(body.Chunks())
			_, second := collect(body.Chunks())
			return errors.Join(first, second, body.(io.Closer).Close())
		}, 1, `the server called Chunks of a Body twice`},
		{"iterates twice", func(body adapter.Body) error {
			seq := body.Chunks()
			_, first := collect(seq)
			_, second := collect(seq)
			return errors.Join(first, second, body.(io.Closer).Close())
		}, 1, `the server asked for the chunks of a Body twice`},
		{"iterates after Close", func(body adapter.Body) error {
			first := body.(io.Closer).Close()
			_, second := collect(body.Chunks())
			return errors.Join(first, second)
		}, 0, `the server asked for the chunks of a Body that it had closed`},
		{"goes on after Close", func(body adapter.Body) error {
			for _, err := range body.Chunks() {
				if err != nil {
					return err
				}
				if err := body.(io.Closer).Close(); err != nil {
					return err
				}
			}
			return nil
		}, 1, `the server asked for a chunk of a Body that it had closed`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inner := &closing{chunks: chunks("bo", "dy")}
			body, err := callValidated(starting(inner))
			require.NoError(t, err)
			want := ""
			if tt.want != "" {
				want = "middleware: Validate: " + tt.want + ` (PEP 3333, "Specification Details")`
			}
			got := ""
			if err := tt.serve(body); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
			require.Equal(t, tt.asked, inner.asked, "calls of Chunks")
			require.Equal(t, 1, inner.closed, "calls of Close")
		})
	}
}

// TestValidateTellsAtClose shows what nobody has asked for another chunk after.
func TestValidateTellsAtClose(t *testing.T) {
	bodies := map[string]func(seq iter.Seq2[[]byte, error]) adapter.Body{
		"stream":  adapter.Stream,
		"closing": func(seq iter.Seq2[[]byte, error]) adapter.Body { return &closing{chunks: seq} },
	}
	for name, make := range bodies {
		t.Run(name, func(t *testing.T) {
			body, err := callValidated(func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_, err := start("200 OK", plain)
				return make(func(yield func([]byte, error) bool) {
					yield([]byte("x"), nil)
					_, _ = start("200 OK", plain)
				}), err
			})
			require.NoError(t, err)
			for range body.Chunks() {
				break
			}
			require.EqualError(t, body.(io.Closer).Close(),
				`middleware: Validate: start was called again without an error as excInfo (PEP 3333, "The start_response() Callable")`)
		})
	}
}

// TestValidateClosesOnce checks that the wrapped Body is closed once, by the
// server or, where it is kept from the server, by Validate.
func TestValidateClosesOnce(t *testing.T) {
	tests := []struct {
		name     string
		app      func(body adapter.Body) adapter.App
		code     int
		logs     []string
		closeErr error
	}{
		{"in the end", starting, 200, nil, nil},
		{"in the end of two validators", func(body adapter.Body) adapter.App { return middleware.Validate(starting(body)) }, 200, nil, nil},
		{"what Close says", starting, 200, []string{"adapter: closing the Body: met"}, errMet},
		{"kept from the server", func(body adapter.Body) adapter.App {
			return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_, _ = start("bad", plain)
				return body, nil
			}
		}, 500, []string{
			`middleware: Validate: status "bad" is not three digits, a space and a reason (PEP 3333, "The start_response() Callable")`,
			"met",
		}, errMet},
		{"together with an error", func(body adapter.Body) adapter.App {
			return func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return body, errors.New("own") }
		}, 500, []string{"own"}, nil},
		{"after an error of its own", func(body adapter.Body) adapter.App {
			body.(*closing).chunks = func(yield func([]byte, error) bool) { yield(nil, errMet) }
			return starting(body)
		}, 500, []string{"met"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inner := &closing{chunks: chunks("bo", "dy"), err: tt.closeErr}
			code, found, logged := serveValidated(t, "GET", tt.app(inner), nil)
			require.Equal(t, tt.code, code)
			if diff := cmp.Diff(strings.Join(tt.logs, "\n"), found); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			require.Equal(t, "", logged)
			require.Equal(t, 1, inner.closed)
		})
	}
}

func TestValidateKeepsErrors(t *testing.T) {
	body, err := callValidated(starting(adapter.Stream(func(yield func([]byte, error) bool) { yield(nil, errMet) })))
	require.NoError(t, err)
	_, err = collect(body.Chunks())
	require.Equal(t, errMet, err)
	require.NoError(t, body.(io.Closer).Close())
}

func TestValidateReportsUnclosedBodies(t *testing.T) {
	var log wiretest.Buffer
	serve := func(close bool) {
		env := environ.FromRequest(httptest.NewRequest("GET", "/", nil))
		env.Set("wsgi.errors", &log)
		body, err := middleware.Validate(starting(&closing{chunks: chunks("body")}))(env, noStart)
		require.NoError(t, err)
		_, err = collect(body.Chunks())
		require.NoError(t, err)
		if close {
			require.NoError(t, body.(io.Closer).Close())
		}
	}
	serve(true)
	serve(false)
	want := "middleware: Validate: the server has not closed the Body (PEP 3333, \"Specification Details\")\n"
	for deadline := time.Now().Add(wiretest.Patience); log.String() == "" && time.Now().Before(deadline); {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	require.Equal(t, want, log.String())
}
