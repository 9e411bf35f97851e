package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// recorded returns Records and what it has been told of.
func recorded() (func(http.Handler) http.Handler, chan adapter.Record) {
	records := make(chan adapter.Record, 10)
	return middleware.Records(func(_ context.Context, rec adapter.Record) { records <- rec }), records
}

// next is the next record, without what differs each time.
func next(t *testing.T, records chan adapter.Record) adapter.Record {
	t.Helper()
	select {
	case rec := <-records:
		require.WithinDuration(t, time.Now(), rec.Time, time.Minute)
		require.GreaterOrEqual(t, rec.Duration, time.Duration(0))
		rec.Time, rec.Duration = time.Time{}, 0
		return rec
	case <-time.After(time.Minute):
		t.Fatal("there is no record")
		panic("unreachable")
	}
}

func TestRecords(t *testing.T) {
	upgrade := &adapter.Handler{App: func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		write, err := start("101 Switching Protocols", adapter.Headers{{"Upgrade", "echo"}, {"Connection", "Upgrade"}})
		if err == nil {
			_, err = io.WriteString(write, "hello")
		}
		return nil, err
	}}
	fails := &adapter.Handler{ErrorLog: io.Discard, App: func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) {
		return nil, errors.New("boom")
	}}
	record := func(method, target string, status int, size int64) adapter.Record {
		return adapter.Record{Remote: "127.0.0.1", Method: method, Target: target, Proto: "HTTP/1.1", Status: status, Bytes: size}
	}
	tests := []struct {
		name string
		h    http.Handler
		send string
		want adapter.Record
	}{
		{"a body", says("abc"), "GET /x?y HTTP/1.1\nHost: x\n\n", record("GET", "/x?y", 200, 3)},
		{"HEAD", says("abc"), "HEAD / HTTP/1.1\nHost: x\n\n", record("HEAD", "/", 200, 0)},
		{"nothing", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), get, record("GET", "/", 200, 0)},
		{"1xx is no status", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(201) }), get, record("GET", "/", 201, 0)},
		{"an App that fails", fails, get, record("GET", "/", 500, 21)},
		{"an upgrade", upgrade, "GET / HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: echo\n\n", record("GET", "/", 101, 5)},
		{"a panic", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }), get, record("GET", "/", 0, 0)},
		{"an abort", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "abc")
			panic(http.ErrAbortHandler)
		}), get, record("GET", "/", 200, 3)},
		{"a connection taken over", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			_ = conn.Close()
		}), get, record("GET", "/", 101, 0)},
		{"HTTP/1.0", says("abc"), "GET / HTTP/1.0\n\n", adapter.Record{Remote: "127.0.0.1", Method: "GET", Target: "/", Proto: "HTTP/1.0", Status: 200, Bytes: 3}},
		{"headers", says("abc"), "GET / HTTP/1.1\nHost: x\nUser-Agent: a\nReferer: http://y/?z\nCookie: c\n\n",
			adapter.Record{Remote: "127.0.0.1", Method: "GET", Target: "/", Proto: "HTTP/1.1", Status: 200, Bytes: 3, Referer: "http://y/", UserAgent: "a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			mw, records := recorded()
			wiretest.Serve(t, mw(test.h)).Do(test.send)
			if diff := cmp.Diff(test.want, next(t, records)); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("HTTP/2", func(t *testing.T) {
		mw, records := recorded()
		srv := wiretest.Serve(t, mw(says("abc")), wiretest.H2C)
		response, err := wiretest.H2Client().Get(srv.URL("/x"))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		want := record("GET", "/x", 200, 3)
		want.Proto, want.UserAgent = "HTTP/2.0", "Go-http-client/2.0"
		require.Equal(t, want, next(t, records))
	})
}

// says answers with text.
func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// TestRecordsOfThoseWhoLeft: they got no status.
func TestRecordsOfThoseWhoLeft(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			mw, records := recorded()
			reading := make(chan struct{})
			h := &adapter.Handler{ErrorLog: io.Discard, App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_, _ = env.Input().ReadN(5)
				close(reading)
				_, err := env.Input().ReadN(-1)
				return nil, err
			}}
			srv := wiretest.Serve(t, mw(h), wiretest.H2C)
			if proto == "HTTP/2.0" {
				c := srv.DialH2()
				c.Open(1, false, "POST", "/")
				c.Body(1, false, "hello")
				<-reading
				c.Reset(1, wiretest.H2Cancel)
			} else {
				c := srv.Dial()
				c.Send("POST / HTTP/1.1\nHost: x\nContent-Length: 100\n\nhello")
				<-reading
				require.NoError(t, c.SetLinger(0))
				require.NoError(t, c.Close())
			}
			require.Equal(t, adapter.Record{Remote: "127.0.0.1", Method: "POST", Target: "/", Proto: proto}, next(t, records))
		})
	}
}

// TestRecordsHaveTheContext: what a middleware outside put into it, and the route.
func TestRecordsHaveTheContext(t *testing.T) {
	type key struct{}
	got := make(chan string, 1)
	r := chi.NewRouter()
	r.Use(
		func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "trace-7")))
			})
		},
		middleware.Records(func(ctx context.Context, rec adapter.Record) {
			got <- fmt.Sprint(ctx.Value(key{}), " ", chi.RouteContext(ctx).RoutePattern(), " ", rec.Status)
		}),
	)
	r.Get("/orders/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	wiretest.Serve(t, r).Do("GET /orders/7 HTTP/1.1\nHost: x\n\n")
	require.Equal(t, "trace-7 /orders/{id} 202", <-got)
}

// TestRecordsInSlog: a record is one line, whatever the client says.
func TestRecordsInSlog(t *testing.T) {
	for name, handler := range map[string]func(w io.Writer) slog.Handler{
		"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
		"json": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			log := new(wiretest.Buffer)
			logger := slog.New(handler(log))
			mw := middleware.Records(func(ctx context.Context, rec adapter.Record) {
				logger.LogAttrs(ctx, slog.LevelInfo, "served", slog.Any("request", rec))
			})
			wiretest.Serve(t, mw(says("abc"))).Do("GET /\"x\u0085\u202e?token=s3cret HTTP/1.1\nHost: x\n\n")
			line := log.Wait(t, "\n")
			require.Contains(t, line, `/\"x%C2%85%E2%80%AE`)
			require.Equal(t, 1, strings.Count(line, "\n"))
			require.NotContains(t, line, "s3cret")
		})
	}
}

func TestNoRecords(t *testing.T) {
	h := says("abc")
	require.Equal(t, "HTTP/1.1 200 OK\nContent-Length: 3\nContent-Type: text/plain; charset=utf-8\n\nabc",
		wiretest.Serve(t, middleware.Records(nil)(h)).Do(get))
}
