package adapter_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

type sendFunc = func(chunk []byte) error

// sending is a gen that sends chunks and returns err.
func sending(err error, chunks ...string) func(send sendFunc) error {
	return func(send sendFunc) error {
		for _, chunk := range chunks {
			if err := send([]byte(chunk)); err != nil {
				return err
			}
		}
		return err
	}
}

func TestGenerate(t *testing.T) {
	boom := errors.New("boom")
	head := "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n"
	tests := []struct {
		name    string
		method  string
		headers adapter.Headers
		gen     func(send sendFunc) error
		want    string
		log     string
	}{
		{"chunks", "GET", plain, sending(nil, "one", "", "two"), head + "3\none\n3\ntwo\n0\n\n", ""},
		{"nothing", "GET", plain, sending(nil), "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 0\n\n", ""},
		{"an error", "GET", plain, sending(boom), internalError, "boom"},
		{"an error after bytes", "GET", plain, sending(boom, "one"), head + "3\none\n", "boom"},
		{"a panic", "GET", plain, func(sendFunc) error { panic("ouch") }, internalError, "panicked: ouch"},
		{"a panic after bytes", "GET", plain, func(send sendFunc) error { _ = send([]byte("one")); panic("ouch") }, head + "3\none\n", "panicked: ouch"},
		{"HEAD", "HEAD", plain, sending(nil, "one", "two"), "HTTP/1.1 200 OK\nContent-Type: text/plain\n\n", ""},
		{"HEAD, and an error that nobody hears", "HEAD", plain, func(send sendFunc) error {
			_ = send([]byte("one"))
			_ = send([]byte("two"))
			return boom
		}, "HTTP/1.1 200 OK\nContent-Type: text/plain\n\n", ""},
		{"as much as was declared", "GET", adapter.Headers{{"Content-Type", "text/plain"}, {"Content-Length", "6"}}, sending(nil, "one", "two"),
			"HTTP/1.1 200 OK\nContent-Length: 6\nContent-Type: text/plain\n\nonetwo", ""},
	}
	for _, test := range tests {
		for name, wrap := range map[string]adapter.Middleware{
			"": func(app adapter.App) adapter.App { return app }, " under Validate": middleware.Validate,
		} {
			t.Run(test.name+name, func(t *testing.T) {
				errs := new(wiretest.Buffer)
				srv := wiretest.Serve(t, &adapter.Handler{App: wrap(answer("200 OK", test.headers, adapter.Generate(test.gen))), ErrorLog: errs})
				got := srv.Do(test.method + " / HTTP/1.1\nHost: x\n\n")
				require.NoError(t, srv.HTTP.Shutdown(t.Context()))
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("on the wire (-want +got):\n%s", diff)
				}
				require.Contains(t, errs.String(), test.log)
				if test.log == "" {
					require.Empty(t, errs.String())
				}
			})
		}
	}
}

// A generator may start the response late, as Stream's may.
func TestGenerateStartsLate(t *testing.T) {
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		return adapter.Generate(func(send sendFunc) error {
			if _, err := start("200 OK", plain); err != nil {
				return err
			}
			return send([]byte("one"))
		}), nil
	}
	require.Equal(t, "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n3\none\n0\n\n", wiretest.Serve(t, &adapter.Handler{App: app}).Do(get))
}

const (
	nobody    = "adapter: nobody wants more of the Body: return from gen"
	generated = "adapter: send was called after gen had returned"
)

// Whoever stops asking is told nothing more, whatever gen does with what send
// has told it; gen has returned then.
func TestGenerateStopped(t *testing.T) {
	boom := errors.New("boom")
	for name, after := range map[string]func(send sendFunc, err error) error{
		"returns it":      func(_ sendFunc, err error) error { return err },
		"wraps it":        func(_ sendFunc, err error) error { return fmt.Errorf("sending: %w", err) },
		"fails otherwise": func(sendFunc, error) error { return boom },
		"returns nil":     func(sendFunc, error) error { return nil },
		"ignores it": func(send sendFunc, _ error) error {
			for range 3 {
				if err := send([]byte("more")); err == nil || err.Error() != nobody {
					return fmt.Errorf("another error: %w", err)
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			met, returned := "", false
			body := adapter.Generate(func(send sendFunc) error {
				defer func() { returned = true }()
				err := send([]byte("one"))
				met = fmt.Sprint(err)
				return after(send, err)
			})
			got := ""
			for chunk, err := range body.Chunks() {
				require.NoError(t, err)
				got += string(chunk)
				break
			}
			require.True(t, returned)
			require.Equal(t, "one", got)
			require.Equal(t, nobody, met)
		})
	}
}

// Nobody who asks, nothing that runs.
func TestGenerateNotAsked(t *testing.T) {
	called := false
	body := adapter.Generate(func(sendFunc) error { called = true; return nil })
	_ = body.Chunks()
	require.NoError(t, adapter.CloseBody(body))
	errs := new(wiretest.Buffer)
	h := &adapter.Handler{ErrorLog: errs, App: func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return body, errors.New("boom") }}
	require.Equal(t, internalError, wiretest.Serve(t, h).Do(get))
	require.False(t, called)
}

// A send that somebody kept is an error, and never more than that: net/http
// has recycled its buffers by then.
func TestGenerateSendIsKept(t *testing.T) {
	sends := make(chan sendFunc, 1)
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", plain)
		return adapter.Generate(func(send sendFunc) error {
			sends <- send
			return send([]byte("one"))
		}), err
	}
	srv := wiretest.Serve(t, &adapter.Handler{App: app, ErrorLog: io.Discard})
	for range 20 {
		srv.Do(get)
		send := <-sends
		require.EqualError(t, send([]byte("BAD")), generated)
	}
}

// Goroutines that go on when gen has returned get an error, and the race
// detector has nothing to say.
func TestGenerateRace(t *testing.T) {
	var running sync.WaitGroup
	app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", plain)
		return adapter.Generate(func(send sendFunc) error {
			for range 4 {
				running.Go(func() {
					for send([]byte("x")) == nil {
					}
				})
			}
			for range 10 {
				if err := send([]byte("y")); err != nil {
					return err
				}
			}
			return nil
		}), err
	}
	srv := wiretest.Serve(t, &adapter.Handler{App: app, ErrorLog: io.Discard})
	for range 20 {
		res, err := http.Get(srv.URL("/"))
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.GreaterOrEqual(t, len(body), 10)
	}
	running.Wait()
}

// Goroutines that gen waits for may send, also to somebody who pulls.
func TestGenerateFromGoroutines(t *testing.T) {
	gen := func(send sendFunc) error {
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for range 5 {
					_ = send([]byte("x"))
				}
			})
		}
		all.Wait()
		return nil
	}
	got, err := collect(adapter.Generate(gen).Chunks())
	require.NoError(t, err)
	require.Equal(t, "xxxxxxxxxxxxxxx", got)

	next, stop := iter.Pull2(adapter.Generate(gen).Chunks())
	for range 5 {
		chunk, err, ok := next()
		require.True(t, ok)
		require.NoError(t, err)
		require.Equal(t, "x", string(chunk))
	}
	stop()
}

// gen is at work while a client reads, and has returned when the Body is closed.
func TestGenerateClientGone(t *testing.T) {
	for _, ignore := range []bool{false, true} {
		t.Run(fmt.Sprint("ignores the error: ", ignore), func(t *testing.T) {
			var order []string
			var mu sync.Mutex
			note := func(s string) {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, s)
			}
			done := make(chan struct{})
			app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_, err := start("200 OK", plain)
				body := adapter.Generate(func(send sendFunc) error {
					defer note("gen has returned")
					for {
						if err := send(make([]byte, 64<<10)); err != nil {
							if ignore {
								require.Error(t, send(nil))
								return nil
							}
							return err
						}
					}
				})
				return adapter.OnClose(body, func() error { note("closed"); close(done); return nil }), err
			}
			errs := new(wiretest.Buffer)
			srv := wiretest.Serve(t, &adapter.Handler{App: app, ErrorLog: errs})
			res, err := http.Get(srv.URL("/"))
			require.NoError(t, err)
			_, err = io.ReadFull(res.Body, make([]byte, 1))
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			<-done
			require.NoError(t, srv.HTTP.Shutdown(t.Context()))
			require.Equal(t, []string{"gen has returned", "closed"}, order)
			require.Empty(t, errs.String())
		})
	}
}

// Each chunk is wanted before send returns, and its memory is gen's again then.
func TestGenerateReusesItsMemory(t *testing.T) {
	app := answer("200 OK", plain, adapter.Generate(func(send sendFunc) error {
		buf := make([]byte, 1)
		for c := range 10 {
			buf[0] = '0' + byte(c)
			if err := send(buf); err != nil {
				return err
			}
		}
		buf[0] = 'X'
		return nil
	}))
	for name, client := range map[string]*http.Client{"HTTP/1.1": http.DefaultClient, "HTTP/2": wiretest.H2Client()} {
		srv := wiretest.Serve(t, &adapter.Handler{App: app}, wiretest.H2C)
		res, err := client.Get(srv.URL("/"))
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, "0123456789", string(body), name)
	}
}

// A panic of whoever asks passes through gen, and a gen that holds it up
// cannot go on.
func TestGeneratePanicOutside(t *testing.T) {
	var met []string
	body := adapter.Generate(func(send sendFunc) error {
		func() {
			defer func() { met = append(met, fmt.Sprint(recover())) }()
			_ = send([]byte("one"))
		}()
		met = append(met, fmt.Sprint(send([]byte("two"))))
		return nil
	})
	require.Panics(t, func() {
		for range body.Chunks() {
			panic("outside")
		}
	})
	require.Equal(t, []string{"outside", nobody}, met)
}

// gen runs in the goroutine that asks: nothing is left behind where nobody asks
// to the end.
func TestGenerateLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		var chunks atomic.Int32
		for range adapter.Generate(func(send sendFunc) error {
			for send([]byte("x")) == nil {
				chunks.Add(1)
			}
			return nil
		}).Chunks() {
			if chunks.Load() == 3 {
				break
			}
		}
	})
}
