package adapter_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// closing is a Body that counts how often it was closed.
type closing struct {
	iter.Seq2[[]byte, error]
	closed  *atomic.Int32
	onClose func() error
}

func (c closing) Chunks() iter.Seq2[[]byte, error] { return c.Seq2 }

func (c closing) Close() error {
	c.closed.Add(1)
	if c.onClose != nil {
		return c.onClose()
	}
	return nil
}

// TestClose checks that the Body is closed exactly once on every way out.
func TestClose(t *testing.T) {
	boom := errors.New("boom")
	panicking := func(yield func([]byte, error) bool) {
		yield([]byte("one"), nil)
		panic("ouch")
	}
	tests := []struct {
		name    string
		method  string
		status  string
		seq     iter.Seq2[[]byte, error]
		onClose func() error
		err     error // what the App returns with its Body
		want    string
		log     string
	}{
		{name: "end", seq: seq(nil, "one"), want: "one"},
		{name: "error", seq: seq(boom), want: "500", log: "boom"},
		{name: "error after bytes", seq: seq(boom, "one"), want: "aborted", log: "boom"},
		{name: "panic", seq: panicking, want: "aborted", log: "ouch"},
		{name: "HEAD", method: "HEAD", seq: seq(nil, "one", "two"), want: ""},
		{name: "304", status: "304", seq: seq(nil), want: ""},
		{name: "304 with a body", status: "304", seq: seq(nil, "x"), want: "500", log: "304"},
		{name: "never started", status: "-", seq: seq(nil, "x"), want: "500", log: "has not called start"},
		{name: "an error beside the Body", seq: seq(nil, "one"), err: boom, want: "500", log: "boom"},
		{name: "Close fails", seq: seq(nil, "one"), onClose: func() error { return boom }, want: "one", log: "adapter: closing the Body: boom"},
		{name: "Close panics", seq: seq(nil, "one"), onClose: func() error { panic("ouch") }, want: "one", log: "adapter: closing the Body: adapter: the App panicked: ouch"},
		{name: "abort", seq: func(func([]byte, error) bool) { panic(http.ErrAbortHandler) }, want: "aborted"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var closed atomic.Int32
			app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				switch test.status {
				case "-":
				case "":
					_, _ = start("200 OK", nil)
				default:
					_, _ = start(test.status, nil)
				}
				return closing{test.seq, &closed, test.onClose}, test.err
			}
			errs := new(wiretest.Buffer)
			srv := wiretest.Serve(t, &adapter.Handler{App: app, ErrorLog: errs})
			require.Equal(t, test.want, outcome(t, srv, test.method))
			require.NoError(t, srv.HTTP.Shutdown(t.Context())) // the handler is done
			require.EqualValues(t, 1, closed.Load(), "times closed")
			require.Contains(t, errs.String(), test.log)
			if test.log == "" {
				require.Empty(t, errs.String())
			}
			require.Empty(t, srv.Logs.String())
		})
	}
}

// outcome is the body of a response, its status where that is an error, or that
// it was cut off.
func outcome(t *testing.T, srv *wiretest.Server, method string) string {
	r, err := http.NewRequest(method, srv.URL("/"), nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return "aborted"
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return "aborted"
	case res.StatusCode >= 400:
		return fmt.Sprint(res.StatusCode)
	default:
		return string(body)
	}
}

// TestClientGone cuts the client off in the middle of an endless stream.
func TestClientGone(t *testing.T) {
	tests := []struct {
		name    string
		ignored []error
		log     string
	}{
		{"in silence", nil, ""},
		{"unless nothing is ignored", []error{}, "adapter: writing the response: "},
		{"or something else is", []error{io.ErrClosedPipe}, "adapter: writing the response: "},
	}
	for _, test := range tests {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
			t.Run(test.name+" "+proto, func(t *testing.T) {
				var closed atomic.Int32
				gone := make(chan struct{})
				app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
					_, err := start("200 OK", plain)
					endless := func(yield func([]byte, error) bool) {
						for yield([]byte(strings.Repeat("x", 1<<10)), nil) {
						}
					}
					return closing{endless, &closed, func() error { close(gone); return nil }}, err
				}
				errs := new(wiretest.Buffer)
				done := make(chan struct{})
				h := &adapter.Handler{App: app, ErrorLog: errs, IgnoredErrors: test.ignored}
				srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer close(done)
					h.ServeHTTP(w, r)
				}), wiretest.H2C)
				leave(t, srv, proto)
				<-gone
				<-done
				require.EqualValues(t, 1, closed.Load())
				require.Contains(t, errs.String(), test.log)
				if test.log == "" {
					require.Empty(t, errs.String())
				}
				require.Empty(t, srv.Logs.String())
			})
		}
	}
}

// leave reads the beginning of a response and goes away.
func leave(t *testing.T, srv *wiretest.Server, proto string) {
	if proto == "HTTP/1.1" {
		c := srv.Dial()
		c.Send(get)
		c.Until("xxx")
		require.NoError(t, c.SetLinger(0))
		require.NoError(t, c.Close())
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", srv.URL("/"), nil)
	require.NoError(t, err)
	res, err := wiretest.H2Client().Do(r)
	require.NoError(t, err)
	_, err = io.ReadFull(res.Body, make([]byte, 3))
	require.NoError(t, err)
	cancel()
	_ = res.Body.Close()
}

// TestOwnPipe checks that an App's own EPIPE is an error like any other.
func TestOwnPipe(t *testing.T) {
	own := &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}
	for name, app := range map[string]adapter.App{
		"before bytes": func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return nil, own },
		"after bytes":  answer("200 OK", nil, adapter.Stream(seq(own, "one"))),
	} {
		t.Run(name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			srv := wiretest.Serve(t, &adapter.Handler{App: app, ErrorLog: errs})
			require.NotEqual(t, "one", outcome(t, srv, "GET"))
			require.Contains(t, errs.String(), "write tcp: broken pipe")
		})
	}
}

// TestUploadCutOff resets the connection in the middle of a request body.
func TestUploadCutOff(t *testing.T) {
	errs := new(wiretest.Buffer)
	reading, done := make(chan struct{}), make(chan struct{})
	h := &adapter.Handler{ErrorLog: errs, App: func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
		_, err := env.Input().ReadN(5)
		close(reading)
		if err == nil {
			_, err = env.Input().ReadN(-1)
		}
		return nil, fmt.Errorf("reading the form: %w", err)
	}}
	srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		h.ServeHTTP(w, r)
	}))
	c := srv.Dial()
	c.Send(post + "Content-Length: 100\n\nhello")
	<-reading
	require.NoError(t, c.SetLinger(0))
	require.NoError(t, c.Close())
	<-done
	require.Empty(t, errs.String())
}

// TestHalfClose checks that a client that has closed its sending half, which
// ends the request's context, still gets its answer.
func TestHalfClose(t *testing.T) {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		<-env.Context().Done()
		_, err := start("200 OK", plain)
		return adapter.Stream(seq(nil, "one", "two")), err
	}
	srv := wiretest.Serve(t, &adapter.Handler{App: app})
	require.Equal(t, oneTwo, srv.Do(get))
}

// TestKept uses start, write(), the environ and the input after the App is done.
func TestKept(t *testing.T) {
	type kept struct {
		start adapter.StartResponse
		write io.Writer
		env   *environ.Environ
		input *environ.Input
	}
	var last kept
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		write, err := start("200 OK", plain)
		last = kept{start, write, env, env.Input()}
		return nil, err
	}
	h := &adapter.Handler{App: app}
	srv := wiretest.Serve(t, h)
	srv.Do(post + "X-Mine: yes\nContent-Length: 5\n\nhello")
	_, err := last.write.Write([]byte("late"))
	require.EqualError(t, err, "adapter: the request is over: start and write belong to the call of the App and the iteration of its Body")
	_, err = last.start("200 OK", nil)
	require.EqualError(t, err, "adapter: the request is over: start and write belong to the call of the App and the iteration of its Body")
	_, err = last.input.ReadN(1)
	require.ErrorIs(t, err, http.ErrBodyReadAfterClose)
	require.Equal(t, "yes", last.env.Get("HTTP_X_MINE"))
}

// TestKeptRace lets what an App started go on while other requests are served:
// it gets errors or nothing, and the race detector nothing to say.
func TestKeptRace(t *testing.T) {
	quit := make(chan struct{})
	running := make(chan struct{}, 1000)
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		write, err := start("200 OK", plain)
		in := env.Input()
		running <- struct{}{}
		go func() {
			defer func() { <-running }()
			for {
				select {
				case <-quit:
					return
				default:
					_, _ = write.Write([]byte("BAD"))
					_, _ = in.ReadN(10)
					_ = env.Get("PATH_INFO") + env.String()
				}
				if _, err := start("200 OK", nil, errors.New("late")); err != nil && strings.Contains(err.Error(), "is over") {
					return
				}
			}
		}()
		return adapter.Text("hello"), err
	}
	srv := wiretest.Serve(t, &adapter.Handler{App: app, ErrorLog: io.Discard})
	for range 50 {
		got := srv.Do(post + "Content-Length: 5\n\nhello")
		require.True(t, strings.HasPrefix(got, "HTTP/1.1 200 OK\n"), got)
	}
	close(quit)
}

// TestAbortHandler checks that http.ErrAbortHandler passes through.
func TestAbortHandler(t *testing.T) {
	for name, app := range map[string]adapter.App{
		"panicked": func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { panic(http.ErrAbortHandler) },
		"returned": func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) {
			return nil, fmt.Errorf("giving up: %w", http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			h := &adapter.Handler{App: app, ErrorLog: errs}
			require.PanicsWithError(t, http.ErrAbortHandler.Error(), func() {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			})
			require.Empty(t, errs.String())
		})
	}
}

// TestSentBeforeAsked checks that each chunk is with the client before the next
// is made: the App waits for the client to say so.
func TestSentBeforeAsked(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(proto, func(t *testing.T) {
			seen := make(chan string)
			app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				write, err := start("200 OK", plain)
				if err == nil {
					_, err = io.WriteString(write, "0")
					<-seen
				}
				return adapter.Stream(func(yield func([]byte, error) bool) {
					for _, chunk := range []string{"1", "2"} {
						if !yield([]byte(chunk), nil) {
							return
						}
						<-seen
					}
				}), err
			}
			srv := wiretest.Serve(t, &adapter.Handler{App: app}, wiretest.H2C)
			client := http.DefaultClient
			if proto == "HTTP/2" {
				client = wiretest.H2Client()
			}
			res, err := client.Get(srv.URL("/"))
			require.NoError(t, err)
			defer res.Body.Close()
			for _, want := range []string{"0", "1", "2"} {
				got := make([]byte, 1)
				_, err := io.ReadFull(res.Body, got)
				require.NoError(t, err)
				require.Equal(t, want, string(got))
				seen <- want
			}
		})
	}
}

// TestAbortOverHTTP2 checks that a truncated response is seen as one.
func TestAbortOverHTTP2(t *testing.T) {
	errs := new(wiretest.Buffer)
	h := &adapter.Handler{App: answer("200 OK", plain, adapter.Stream(seq(errors.New("boom"), "one"))), ErrorLog: errs}
	srv := wiretest.Serve(t, h, wiretest.H2C)
	res, err := wiretest.H2Client().Get(srv.URL("/"))
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.ReadAll(res.Body)
	require.Error(t, err)
	require.Contains(t, errs.String(), "boom")
}
