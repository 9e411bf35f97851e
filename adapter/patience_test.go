package adapter_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// hastiness is how long the servers of these tests wait: so much more than a busy
// machine needs for a step, that only a client that does nothing is meant.
const hastiness = 500 * time.Millisecond

// hasty serves h on a server of NewServer's with little patience.
func hasty(t *testing.T, h http.Handler) (srv *wiretest.Server, log, errs *wiretest.Buffer) {
	t.Helper()
	log, errs = new(wiretest.Buffer), new(wiretest.Buffer)
	s := adapter.NewServer("", nil)
	s.HTTP.Handler, s.Log, s.ErrorLog = h, log, errs
	s.SetPatience(hastiness)
	wiretest.H2C(s.HTTP)
	return wiretest.Client(t, serve(t, s)), log, errs
}

const requestTimeout = "HTTP/1.1 408 Request Timeout\nConnection: close\nContent-Length: 0\nContent-Type: text/plain\n\n"

func readAll(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	if _, err := env.Input().ReadN(-1); err != nil {
		return nil, err
	}
	_, err := start("200 OK", plain)
	return adapter.Text("hello"), err
}

// TestStalledBody: a client that does not send its body is answered, and an App
// that does not read it is not kept by net/http either.
func TestStalledBody(t *testing.T) {
	t.Parallel()
	const head = post + "Content-Length: 100\n\nhello"
	t.Run("read by an App", func(t *testing.T) {
		t.Parallel()
		srv, _, errs := hasty(t, &adapter.Handler{App: readAll})
		require.Equal(t, requestTimeout, srv.Ask(head))
		require.Regexp(t, `^Invalid request \(from 127\.0\.0\.1:\d+\): .*i/o timeout\n$`, errs.String())
	})
	t.Run("chunked", func(t *testing.T) {
		t.Parallel()
		srv, _, _ := hasty(t, &adapter.Handler{App: readAll})
		require.Equal(t, requestTimeout, srv.Ask(post+"Transfer-Encoding: chunked\n\n5\nhello\n"))
	})
	t.Run("read by a handler", func(t *testing.T) {
		t.Parallel()
		met := make(chan error, 1)
		srv, _, _ := hasty(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			met <- err
		}))
		require.Contains(t, srv.Ask(head), "HTTP/1.1 200 OK\n")
		require.ErrorIs(t, <-met, os.ErrDeadlineExceeded)
	})
	t.Run("not read", func(t *testing.T) {
		t.Parallel()
		srv, log, _ := hasty(t, &adapter.Handler{App: answer("200 OK", plain, adapter.Text("hello"))})
		require.Contains(t, srv.Ask(head), "HTTP/1.1 200 OK\n")
		log.Wait(t, `" 200 5 `)
	})
	t.Run("not read, with a long answer", func(t *testing.T) {
		t.Parallel()
		srv, _, _ := hasty(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) }))
		require.True(t, strings.HasSuffix(strings.TrimSuffix(srv.Ask(head), "\n0\n\n"), "yyyy"))
	})
	t.Run("not read by a handler that panics", func(t *testing.T) {
		t.Parallel()
		srv, _, _ := hasty(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		require.Empty(t, srv.Ask(head))
	})
	t.Run("HTTP/2", func(t *testing.T) {
		t.Parallel()
		srv, _, errs := hasty(t, &adapter.Handler{App: readAll})
		c := srv.DialH2()
		c.Open(1, false, "POST", "/")
		c.Body(1, false, "hello")
		require.True(t, strings.HasPrefix(c.Answer(1), "408"))
		require.Regexp(t, `^Invalid request \(from 127\.0\.0\.1:\d+\): .*i/o timeout\n$`, errs.String())
	})
}

// TestDribbledBody: a byte now and then is not enough.
func TestDribbledBody(t *testing.T) {
	t.Parallel()
	srv, _, _ := hasty(t, &adapter.Handler{App: readAll})
	c := srv.Dial()
	c.Send(post + "Content-Length: 1000000\n\n")
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			if _, err := c.Write([]byte("x")); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	require.Contains(t, c.Until("\r\n\r\n"), "HTTP/1.1 408 Request Timeout\n")
	_ = c.Close()
	<-over
}

// unending is a Body that goes on until nobody takes it, and counts its Close.
type unending struct{ closed *atomic.Int32 }

func (unending) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for yield(make([]byte, 1<<20), nil) {
		}
	}
}

func (b unending) Close() error { b.closed.Add(1); return nil }

// TestStalledReader: a client that takes nothing has left.
func TestStalledReader(t *testing.T) {
	t.Parallel()
	large := make([]byte, 64<<20)
	handlers := map[string]http.Handler{
		"an App's stream": nil,
		"an App's list":   &adapter.Handler{App: answer("200 OK", plain, adapter.Bytes(large))},
		"a handler": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, err := w.Write(large)
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				panic(err)
			}
		}),
	}
	for name := range handlers {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
			t.Run(name+", "+proto, func(t *testing.T) {
				t.Parallel()
				var closed atomic.Int32
				h := handlers[name]
				if h == nil {
					h = &adapter.Handler{App: answer("200 OK", plain, unending{&closed})}
				}
				srv, log, errs := hasty(t, h)
				if proto == "HTTP/2.0" {
					srv.DialH2().Open(1, true, "GET", "/")
				} else {
					srv.Dial().Send(get)
				}
				require.Regexp(t, `"GET / `+proto+`" 200 (\d+|-) `, log.Wait(t, "\n"))
				require.Empty(t, errs.String())
				if name == "an App's stream" {
					require.EqualValues(t, 1, closed.Load())
				}
			})
		}
	}
}

// TestFileToStalledReader: sendfile waits no longer.
func TestFileToStalledReader(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/large"
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Truncate(path, 64<<20))
	srv, log, errs := hasty(t, &adapter.Handler{App: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		_, err = start("200 OK", plain)
		return adapter.File(f, 1<<16), err
	}})
	srv.Dial().Send(get)
	require.Contains(t, log.Wait(t, "\n"), `" 200 `)
	require.Empty(t, errs.String())
}

// TestFileInPieces: a file goes out whole, by sendfile, also where it goes out
// piece by piece.
func TestFileInPieces(t *testing.T) {
	path := t.TempDir() + "/large"
	content := strings.Repeat("0123456789", 20000)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	s := adapter.NewServer("", func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		headers := adapter.Headers{{"Content-Length", env.Get("QUERY_STRING")}}
		if env.Get("QUERY_STRING") == "" {
			headers = nil
		}
		_, err = start("200 OK", headers)
		return adapter.File(f, 1<<16), err
	})
	s.Log = io.Discard
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	files := &wiretest.FileListener{Listener: l}
	go func() { _ = s.Serve(files) }()
	defer s.Close()
	client := wiretest.Client(t, l.Addr().String())
	_, body, _ := strings.Cut(client.Ask("GET / HTTP/1.0\n\n"), "\n\n")
	require.True(t, body == content)
	_, body, _ = strings.Cut(client.Ask("GET /?150000 HTTP/1.0\n\n"), "\n\n")
	require.True(t, body == content[:150000])
	require.Greater(t, files.Sent(), int64(340000))
}

// TestPatienceIsForClients: the App's own time does not count, neither before it
// answers nor between chunks, nor between what it reads.
func TestPatienceIsForClients(t *testing.T) {
	t.Parallel()
	pause := func() { time.Sleep(hastiness + hastiness/4) }
	sent := make(chan struct{})
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		<-sent
		if _, err := env.Input().ReadN(3); err != nil {
			return nil, err
		}
		pause()
		if _, err := env.Input().ReadN(-1); err != nil {
			return nil, err
		}
		pause()
		_, err := start("200 OK", plain)
		return adapter.Stream(func(yield func([]byte, error) bool) {
			if yield([]byte("hello"), nil) {
				pause()
				yield([]byte("world"), env.Context().Err())
			}
		}), err
	}
	srv, _, errs := hasty(t, &adapter.Handler{App: app})
	one, two := srv.Dial(), srv.DialH2()
	one.Send(post + "Connection: close\nContent-Length: 5\n\nhello")
	two.Open(1, false, "POST", "/")
	two.Body(1, true, "hello")
	close(sent)
	require.Contains(t, one.All(), "\n5\nhello\n5\nworld\n0\n")
	require.Equal(t, "200 helloworld END", two.Answer(1))
	require.Empty(t, errs.String())
}

// TestOwnPatience: a deadline that a handler sets, or lifts, is its own affair.
func TestOwnPatience(t *testing.T) {
	t.Parallel()
	srv, _, _ := hasty(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		_, _ = w.Write(body)
	}))
	c := srv.Dial()
	c.Send(post + "Connection: close\nContent-Length: 5\n\nhe")
	time.Sleep(hastiness + hastiness/2)
	c.Send("llo")
	require.True(t, strings.HasSuffix(c.All(), "\n\nhello"))
}

// TestPatienceGivesWay to the http.Server's own limits.
func TestPatienceGivesWay(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]time.Duration{"no limit": -1, "another limit": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := adapter.NewServer("", readAll)
			s.Log = io.Discard
			s.HTTP.ReadTimeout = limit
			s.SetPatience(50 * time.Millisecond)
			c := wiretest.Client(t, serve(t, s)).Dial()
			c.Send(post + "Connection: close\nContent-Length: 5\n\nhe")
			time.Sleep(200 * time.Millisecond)
			c.Send("llo")
			require.Contains(t, c.All(), "HTTP/1.1 200 OK\n")
		})
	}
}

// TestPatienceAndUpgrades: a connection that was taken over waits as it likes.
func TestPatienceAndUpgrades(t *testing.T) {
	t.Parallel()
	srv, _, errs := hasty(t, &adapter.Handler{App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		write, err := start("101 Switching Protocols", adapter.Headers{{"Upgrade", "echo"}, {"Connection", "Upgrade"}})
		if err != nil {
			return nil, err
		}
		_, _ = write.Write(nil)
		line, err := env.Input().ReadLine(-1)
		if err == nil {
			_, err = write.Write(line)
		}
		return nil, err
	}})
	c := srv.Dial()
	c.Send("GET / HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: echo\n\n")
	c.Until("\r\n\r\n")
	time.Sleep(hastiness + hastiness/2)
	c.Send("hello\n")
	require.Equal(t, "hello\n", c.All())
	require.Empty(t, errs.String())
}

// TestBodyReadAfterTheHandler: a goroutine that still reads when its handler has
// returned brings nobody down.
func TestBodyReadAfterTheHandler(t *testing.T) {
	t.Parallel()
	for _, proto := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			read := make(chan error, 1)
			srv, log, _ := hasty(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				begun := make(chan struct{})
				go func() {
					close(begun)
					_, err := io.ReadAll(r.Body)
					read <- err
				}()
				<-begun
			}))
			if proto == "HTTP/2" {
				c := srv.DialH2()
				c.Open(1, false, "POST", "/")
			} else {
				srv.Dial().Send(post + "Content-Length: 10\n\n")
			}
			log.Wait(t, "\n")
			require.Error(t, <-read)
		})
	}
}

// TestWrapHasNoPatience: an http.Server's own settings stay as they are.
func TestWrapHasNoPatience(t *testing.T) {
	s := adapter.Wrap(&http.Server{Handler: &adapter.Handler{App: readAll}})
	s.Log = io.Discard
	serve(t, s)
	require.NoError(t, s.Shutdown(context.Background()))
	require.Zero(t, s.Patience())
	require.Zero(t, s.HTTP.ReadTimeout)
	require.Zero(t, s.HTTP.ReadHeaderTimeout)
	require.Zero(t, s.HTTP.WriteTimeout)
	require.Zero(t, s.HTTP.IdleTimeout)
	require.Zero(t, s.HTTP.MaxHeaderBytes)
	require.Nil(t, s.HTTP.HTTP2)
	require.Equal(t, time.Minute, adapter.NewServer("", readAll).Patience())
}
