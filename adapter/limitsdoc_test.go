package adapter_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	chimiddleware "github.com/go-chi/chi/v5/middleware"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// limitRow holds a row of docs/limits.md: its default is that of an untouched
// server, and a client sees what the row says.
type limitRow struct {
	standard string // the column "default"
	sees     string // a part of the column "what the client sees"
	value    func(s *adapter.Server) any
	want     any // value's
	try      func(t *testing.T, s *adapter.Server, client func() *wiretest.Server)
}

const ends = "the connection ends"

var limitRows = map[string]limitRow{
	"request line": {"8192 bytes", "`414 Request URI Too Long`", func(*adapter.Server) any { return adapter.DefaultMaxRequestLine }, 8192,
		func(t *testing.T, _ *adapter.Server, client func() *wiretest.Server) {
			srv, rest := client(), " HTTP/1.1\nHost: x\nConnection: close\n\n"
			fits := strings.Repeat("x", 8192-1-len("GET / HTTP/1.1\r\n"))
			require.Contains(t, srv.Ask("GET /"+fits+rest), "HTTP/1.1 200 OK\n")
			require.Contains(t, srv.Ask("GET /"+fits+"x"+rest), "HTTP/1.1 414 Request URI Too Long\n")
		}},
	"header": {"1 MiB", "`431 Request Header Fields Too Large`", func(s *adapter.Server) any { return []int{s.HTTP.MaxHeaderBytes, http.DefaultMaxHeaderBytes} }, []int{0, 1 << 20},
		func(t *testing.T, _ *adapter.Server, client func() *wiretest.Server) {
			c := client().Dial()
			go func() {
				_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 2<<20)+"\r\n\r\n")
			}()
			require.Contains(t, c.Until("\r\n"), "HTTP/1.1 431 Request Header Fields Too Large\n")
		}},
	"time for a header": {"10 s", ends, func(s *adapter.Server) any { return s.HTTP.ReadHeaderTimeout }, 10 * time.Second,
		func(t *testing.T, s *adapter.Server, client func() *wiretest.Server) {
			s.HTTP.ReadHeaderTimeout = hastiness
			require.Empty(t, client().Ask("GET / HTTP/1.1\nHost: x\nX-Slow: "))
		}},
	"body": {"none", "`413 Request Entity Too Large`", func(*adapter.Server) any { return nil }, nil,
		func(t *testing.T, s *adapter.Server, client func() *wiretest.Server) {
			s.HTTP.Handler = http.MaxBytesHandler(s.HTTP.Handler, 4)
			srv := client()
			require.Contains(t, srv.Ask(post+"Content-Length: 5\n\nhello"), "HTTP/1.1 413 Request Entity Too Large\n")
			require.Contains(t, srv.Ask(post+"Transfer-Encoding: chunked\n\n5\nhello\n0\n\n"), "HTTP/1.1 413 Request Entity Too Large\n")
		}},
	"time for a body": {"1 min for each 64 KiB", "`408 Request Timeout`", func(s *adapter.Server) any { return s.Patience() }, time.Minute,
		func(t *testing.T, s *adapter.Server, client func() *wiretest.Server) {
			s.SetPatience(hastiness)
			require.Contains(t, client().Ask(post+"Content-Length: 5\n\nhell"), "HTTP/1.1 408 Request Timeout\n")
		}},
	"time for a response": {"1 min for each 64 KiB", ends, func(s *adapter.Server) any { return []any{s.Patience(), s.HTTP.HTTP2.WriteByteTimeout} }, []any{time.Minute, time.Minute},
		func(t *testing.T, s *adapter.Server, client func() *wiretest.Server) {
			log := new(wiretest.Buffer)
			s.Log = log
			s.SetPatience(hastiness)
			c := client().Dial()
			c.Send("GET /large HTTP/1.1\nHost: x\n\n")
			log.Wait(t, `" 200 `)
			require.Less(t, len(c.All()), large)
		}},
	"idle connection": {"2 min", ends, func(s *adapter.Server) any { return s.HTTP.IdleTimeout }, 2 * time.Minute,
		func(t *testing.T, s *adapter.Server, client func() *wiretest.Server) {
			s.HTTP.IdleTimeout = hastiness
			require.True(t, strings.HasSuffix(client().Ask(get), "\n\nhello"))
		}},
	"whole request": {"none", "`504 Gateway Timeout`", func(*adapter.Server) any { return nil }, nil,
		func(t *testing.T, s *adapter.Server, client func() *wiretest.Server) {
			r := chi.NewRouter()
			r.Use(chimiddleware.Timeout(time.Millisecond))
			r.Mount("/", &adapter.Handler{App: func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
				<-env.Context().Done()
				return nil, env.Context().Err()
			}})
			s.HTTP.Handler = r
			require.Contains(t, client().Ask(get), "HTTP/1.1 504 Gateway Timeout\n")
		}},
	"connections": {"none", "its connection waits, and idle ones are closed for it", func(s *adapter.Server) any { return s.Spawn }, 0,
		func(t *testing.T, s *adapter.Server, client func() *wiretest.Server) {
			s.Spawn = 1
			srv := client()
			first, second := srv.Dial(), srv.Dial()
			first.Send(get)
			first.Until("\n\r\nhello")
			second.Send(get)
			require.Contains(t, second.Until("\n\r\nhello"), "HTTP/1.1 200 OK\n")
			require.Empty(t, first.All())
		}},
	"streams of a connection": {"250", "the client's library waits", func(s *adapter.Server) any { return s.HTTP.HTTP2.MaxConcurrentStreams }, 0,
		func(t *testing.T, s *adapter.Server, client func() *wiretest.Server) {
			wiretest.H2C(s.HTTP)
			c := client().DialH2()
			var frame [9]byte
			_, err := io.ReadFull(c, frame[:])
			require.NoError(t, err)
			require.EqualValues(t, 4, frame[3], "SETTINGS")
			settings := make([]byte, int(frame[1])<<8|int(frame[2]))
			_, err = io.ReadFull(c, settings)
			require.NoError(t, err)
			most := uint32(0)
			for ; len(settings) >= 6; settings = settings[6:] {
				if binary.BigEndian.Uint16(settings) == 3 { // SETTINGS_MAX_CONCURRENT_STREAMS
					most = binary.BigEndian.Uint32(settings[2:])
				}
			}
			require.EqualValues(t, 250, most)
		}},
	"time for a stop": {"10 s", ends, func(s *adapter.Server) any { return []time.Duration{s.StopTimeout, adapter.DefaultStopTimeout} }, []time.Duration{0, 10 * time.Second},
		func(t *testing.T, s *adapter.Server, _ func() *wiretest.Server) {
			entered, leave := make(chan struct{}), make(chan struct{})
			s.StopTimeout = time.Millisecond
			s.HTTP.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(entered); <-leave })
			defer close(leave)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l := loopback(t)
			stopped := make(chan error, 1)
			go func() { stopped <- s.Run(ctx, l) }()
			c := wiretest.Client(t, l.Addr().String()).Dial()
			c.Send(get)
			<-entered
			cancel()
			require.Empty(t, c.All())
			require.ErrorIs(t, <-stopped, context.DeadlineExceeded)
		}},
}

// large is the size of a response that no connection holds by itself.
const large = 64 << 20

func limitsApp(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	if _, err := env.Input().ReadN(-1); err != nil {
		return nil, err
	}
	_, err := start("200 OK", plain)
	if env.Get("PATH_INFO") == "/large" {
		return adapter.Bytes(make([]byte, large)), err
	}
	return adapter.Text("hello"), err
}

// TestLimits reads docs/limits.md.
func TestLimits(t *testing.T) {
	text, err := os.ReadFile("../docs/limits.md")
	require.NoError(t, err)
	seen := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(line, "|\n"), " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| limit ") {
			continue
		}
		name := strings.TrimSpace(cells[0])
		row, ok := limitRows[name]
		require.True(t, ok, "no test holds the row %q of docs/limits.md", name)
		require.Len(t, cells, 5, name)
		seen++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, row.standard, cells[1])
			require.Contains(t, cells[3], row.sees)
			s := adapter.NewServer("", limitsApp)
			require.Equal(t, row.want, row.value(s))
			s.Log, s.ErrorLog = io.Discard, io.Discard
			row.try(t, s, func() *wiretest.Server { return wiretest.Client(t, serve(t, s)) })
		})
	}
	require.Equal(t, len(limitRows), seen, "rows of docs/limits.md")
}

// TestLimitsForOtherHandlers: a Server of NewServer's has its limits for any
// handler.
func TestLimitsForOtherHandlers(t *testing.T) {
	t.Parallel()
	s := adapter.NewServer("", nil)
	r := chi.NewRouter()
	r.Post("/", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, "too slow", http.StatusRequestTimeout)
		}
	})
	s.HTTP.Handler, s.Log = r, io.Discard
	s.SetPatience(hastiness)
	require.Contains(t, wiretest.Client(t, serve(t, s)).Ask(post+"Content-Length: 5\n\nhell"), "HTTP/1.1 408 Request Timeout\n")
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}
