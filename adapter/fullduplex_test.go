package adapter_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// byNetHTTP is a handler that answers like an App that streams "one" and "two".
func byNetHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	for _, chunk := range []string{"one", "two"} {
		fmt.Fprint(w, chunk)
		w.(http.Flusher).Flush()
	}
}

// inFullDuplex is byNetHTTP, which does not wait for the body of the request.
func inFullDuplex(w http.ResponseWriter, r *http.Request) {
	if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
		panic(err)
	}
	byNetHTTP(w, r)
}

// TestResponseEndsBeforeTheBody holds the body of a request back until the
// response to it is complete (RFC 9110, 10.1.1).
func TestResponseEndsBeforeTheBody(t *testing.T) {
	fails := func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return nil, errors.New("boom") }
	const (
		expect  = "POST / HTTP/1.1\nHost: x\nExpect: 100-continue\nContent-Length: 5\n\n"
		length  = "POST / HTTP/1.1\nHost: x\nContent-Length: 5\n\n"
		chunked = "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n"
	)
	bare, duplex := http.HandlerFunc(byNetHTTP), http.HandlerFunc(inFullDuplex)
	stream := &adapter.Handler{App: unread}
	list := &adapter.Handler{App: answer("200 OK", plain, adapter.Text("onetwo"))}
	tests := []struct {
		name    string
		h       http.Handler
		request string
		want    string
	}{
		{"bare, 100-continue", bare, expect, "onetwo"},
		{"App, 100-continue", stream, expect, "onetwo"},
		{"App, 100-continue, in chunks", stream, strings.Replace(chunked, "Host", "Expect: 100-continue\nHost", 1), "onetwo"},
		{"App, 100-continue, a list", list, expect, "onetwo"},
		{"App, 100-continue, an error", &adapter.Handler{App: fails, ErrorLog: io.Discard}, expect, "Internal Server Error"},
		{"FromHandler, 100-continue", &adapter.Handler{App: adapter.FromHandler(bare)}, expect, "onetwo"},
		{"App, a body", stream, length, "onetwo"},
		{"App, a part of a body", stream, length + "he", "onetwo"},
		{"App, a body in chunks", stream, chunked + "5\nhello\n", "onetwo"},
		{"FromHandler in full duplex", &adapter.Handler{App: adapter.FromHandler(duplex)}, length, "onetwo"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := wiretest.Serve(t, test.h).Dial()
			c.Send(test.request)
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			require.NoError(t, err)
			defer res.Body.Close()
			got, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Equal(t, test.want, string(got))
			require.True(t, res.Close, "Connection: close")
			require.NoError(t, c.CloseWrite())
			require.Empty(t, c.All(), "after the response")
		})
	}
}

// TestGoClientExpectsContinue: Go's client does not send its body before it has
// the response, and gets all of that.
func TestGoClientExpectsContinue(t *testing.T) {
	for name, h := range map[string]http.Handler{"bare": http.HandlerFunc(byNetHTTP), "App": &adapter.Handler{App: unread}} {
		t.Run(name, func(t *testing.T) {
			srv := wiretest.Serve(t, h)
			tr := &http.Transport{ExpectContinueTimeout: time.Hour}
			defer tr.CloseIdleConnections()
			body, w := io.Pipe()
			defer w.Close()
			req, err := http.NewRequest("POST", srv.URL("/"), body)
			require.NoError(t, err)
			req.Header.Set("Expect", "100-continue")
			res, err := (&http.Client{Transport: tr, Timeout: wiretest.Patience}).Do(req)
			require.NoError(t, err)
			defer res.Body.Close()
			got, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Equal(t, "onetwo", string(got))
		})
	}
}

// TestConversation sends each line of a body after the answer to the one before.
func TestConversation(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, "go on\n")
		w.(http.Flusher).Flush()
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			fmt.Fprintln(w, lines.Text())
			w.(http.Flusher).Flush()
		}
	}
	for name, h := range map[string]http.Handler{
		"App":         &adapter.Handler{App: streaming},
		"FromHandler": &adapter.Handler{App: adapter.FromHandler(http.HandlerFunc(handler))},
	} {
		t.Run(name, func(t *testing.T) {
			c := wiretest.Serve(t, h).Dial()
			c.Send(post + "Content-Length: 8\n\n")
			require.Equal(t, "HTTP/1.1 200 OK\nConnection: close\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n6\ngo on\n\n", c.Until("go on\n\r\n"))
			_, _ = io.WriteString(c, "one\n")
			require.Equal(t, "4\none\n\n", c.Until("one\n\r\n"))
			_, _ = io.WriteString(c, "two\n")
			require.Equal(t, "4\ntwo\n\n0\n\n", c.All())
		})
	}
}

// TestWhoMayAskAgain says after which responses a connection is kept, in the head
// and in fact.
func TestWhoMayAskAgain(t *testing.T) {
	reads := func(read func(*environ.Input)) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			read(env.Input())
			_, err := start("200 OK", plain)
			return adapter.Stream(seq(nil, "one", "two")), err
		}
	}
	lines := func(in *environ.Input) {
		for range in.Lines() {
			continue
		}
	}
	all := func(in *environ.Input) { _, _ = in.ReadN(-1) }
	four := func(in *environ.Input) { _, _ = in.ReadN(4) }
	five := func(in *environ.Input) { _, _ = in.ReadN(5) }
	nothing := func(*environ.Input) {}
	handler := func(read bool) adapter.App {
		return adapter.FromHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if read {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			fmt.Fprint(w, long)
		}))
	}
	const (
		length  = "POST / HTTP/1.1\nHost: x\nContent-Length: 5\n\nhello"
		chunked = "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n"
		expect  = "POST / HTTP/1.1\nHost: x\nExpect: 100-continue\nContent-Length: 5\n\nhello"
	)
	tests := []struct {
		name    string
		app     adapter.App
		request string
		kept    bool
	}{
		{"no body", reads(nothing), "GET / HTTP/1.1\nHost: x\n\n", true},
		{"an empty body", reads(nothing), "POST / HTTP/1.1\nHost: x\nContent-Length: 0\n\n", true},
		{"read whole", reads(all), length, true},
		{"read by lines", reads(lines), length, true},
		{"read by its length", reads(five), length, true},
		{"read in chunks", reads(all), chunked, true},
		{"read after 100 Continue", reads(all), expect, true},
		{"unread", reads(nothing), length, false},
		{"unread in chunks", reads(nothing), chunked, false},
		{"read in part", reads(four), length, false},
		{"read in part, in chunks", reads(four), chunked, false},
		{"unread, a list", answer("200 OK", plain, adapter.Text("hello")), length, true},
		{"FromHandler, read", handler(true), length, true},
		{"FromHandler, read in chunks", handler(true), chunked, true},
		{"FromHandler, unread", handler(false), length, true},
		{"FromHandler, unread in chunks", handler(false), chunked, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := wiretest.Serve(t, &adapter.Handler{App: test.app}).Do(test.request + test.request)
			want := 1
			if test.kept {
				want = 2
			}
			require.Equal(t, want, strings.Count(got, "HTTP/1.1 200 OK"), got)
			require.Equal(t, !test.kept, strings.Contains(got, "Connection: close"), got)
		})
	}
}

// TestWhoMayAskAgainOverHTTP10 is that for a client that asked for it.
func TestWhoMayAskAgainOverHTTP10(t *testing.T) {
	app := func(read bool) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			if read {
				_, _ = env.Input().ReadN(-1)
			}
			_, err := start("200 OK", adapter.Headers{{"Content-Length", "6"}, {"Connection", "keep-alive"}})
			return adapter.Stream(seq(nil, "one", "two")), err
		}
	}
	const request = "POST / HTTP/1.0\nConnection: keep-alive\nContent-Length: 5\n\nhello"
	got := wiretest.Serve(t, &adapter.Handler{App: app(true)}).Do(request + request)
	require.Equal(t, strings.Repeat("HTTP/1.0 200 OK\nConnection: keep-alive\nContent-Length: 6\n\nonetwo", 2), got)
	got = wiretest.Serve(t, &adapter.Handler{App: app(false)}).Do(request + request)
	require.Equal(t, "HTTP/1.0 200 OK\nConnection: close\nContent-Length: 6\n\nonetwo", got)
}

// TestHijackedBytes hands a connection on whose request has a body that nobody
// has read: its bytes are the new owner's.
func TestHijackedBytes(t *testing.T) {
	over := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Content-Length", "1000")
		w.(http.Flusher).Flush()
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		go func() {
			defer conn.Close()
			<-over
			body := make([]byte, 5)
			_, err := io.ReadFull(rw, body)
			fmt.Fprintf(conn, "%s %v", body, err)
		}()
	})
	for name, h := range map[string]http.Handler{"bare": handler, "FromHandler": &adapter.Handler{App: adapter.FromHandler(handler)}} {
		t.Run(name, func(t *testing.T) {
			over = make(chan struct{})
			srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(over)
				h.ServeHTTP(w, r)
			}))
			c := srv.Dial()
			c.Send(post + "Content-Length: 5\n\n")
			c.Until("\r\n\r\n")
			select {
			case <-over:
			case <-time.After(wiretest.Patience / 2):
				t.Error("the response waits for the body")
			}
			c.Send("hello")
			require.Equal(t, "hello <nil>", c.All())
			require.Empty(t, srv.Logs.String())
		})
	}
}

// TestUnreadBodyIsNoReset sends a body of which the server reads nothing. The
// client sees the response and then the end of the connection; a reset, which a
// close with unread bytes gives, may destroy the response on its way (RFC 9112, 9.6).
func TestUnreadBodyIsNoReset(t *testing.T) {
	body := strings.Repeat("x", 1<<20)
	framed := map[string]string{
		"a length": fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body),
		"chunks":   fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body),
	}
	answers := map[string]adapter.App{
		"a stream": unread,
		"a list":   answer("200 OK", plain, adapter.Text("hello")),
		"an error": func(*environ.Environ, adapter.StartResponse) (adapter.Body, error) { return nil, errors.New("boom") },
		"a 413": func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
			return nil, &http.MaxBytesError{Limit: 1}
		},
	}
	for name, app := range answers {
		for by, replace := range replacing {
			for how, request := range framed {
				if strings.HasPrefix(by, "another") && how == "a length" {
					continue // its length says that nothing is left
				}
				t.Run(name+"/"+by+"/"+how, func(t *testing.T) {
					h := &adapter.Handler{App: app, ErrorLog: io.Discard}
					srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, replace(w, r)) }))
					c := srv.Dial()
					go func() { _, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\n"+request) }()
					var got bytes.Buffer
					_, err := io.Copy(&got, c)
					require.False(t, errors.Is(err, syscall.ECONNRESET), "%v after %q", err, got.String())
					require.NoError(t, err)
					require.Contains(t, got.String(), "Connection: close\r\n")
				})
			}
		}
	}
}
