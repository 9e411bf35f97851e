package adapter_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// echo reads all of its input and returns it.
func echo(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	body, err := env.Input().ReadN(-1)
	if err != nil {
		return nil, err
	}
	_, err = start("200 OK", plain)
	return adapter.Bytes(body), err
}

// stubborn answers 200 whatever its input does.
func stubborn(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	body, err := env.Input().ReadN(-1)
	_, _ = start("200 OK", plain)
	return adapter.Text(fmt.Sprintf("%d bytes, error: %t", len(body), err != nil)), nil
}

// forgetful sees the error, answers nothing and reports nothing.
func forgetful(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
	_, _ = env.Input().ReadN(-1)
	return nil, nil
}

// rewording hides what it met behind an error of its own.
func rewording(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
	if _, err := env.Input().ReadN(-1); err != nil {
		return nil, errors.New("bad form")
	}
	return nil, nil
}

// streaming reads its input line by line after its first chunk.
func streaming(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	if _, err := start("200 OK", plain); err != nil {
		return nil, err
	}
	return adapter.Stream(func(yield func([]byte, error) bool) {
		if !yield([]byte("go on\n"), nil) {
			return
		}
		for line, err := range env.Input().Lines() {
			if !yield(line, err) || err != nil {
				return
			}
		}
	}), nil
}

// unread streams and leaves its input alone.
func unread(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	_, err := start("200 OK", plain)
	return adapter.Stream(seq(nil, "one", "two")), err
}

const (
	badRequest  = "HTTP/1.1 400 Bad Request\nConnection: close\nContent-Length: 0\nContent-Type: text/plain\n\n"
	ok5         = "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\n\nhello"
	oneTwo      = "HTTP/1.1 200 OK\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n3\none\n3\ntwo\n0\n\n"
	oneTwoEnds  = "HTTP/1.1 200 OK\nConnection: close\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n3\none\n3\ntwo\n0\n\n"
	goOn        = "HTTP/1.1 200 OK\nConnection: close\nContent-Type: text/plain\nTransfer-Encoding: chunked\n\n6\ngo on\n\n"
	post        = "POST / HTTP/1.1\nHost: x\n"
	chunkedPost = post + "Transfer-Encoding: chunked\n\n"
)

func TestInput(t *testing.T) {
	tests := []struct {
		name string
		app  adapter.App
		send string
		want string
		log  string // a part of the error log
	}{
		{"a body and the next request", echo, post + "Content-Length: 5\n\nhello" + post + "Content-Length: 5\n\nhello", ok5 + ok5, ""},
		{"a chunked body", echo, chunkedPost + wiretest.Chunked("he", "llo"), ok5, ""},
		{"100-continue", echo, post + "Expect: 100-continue\nContent-Length: 5\n\nhello", "HTTP/1.1 100 Continue\n\n" + ok5, ""},
		{"cut short", echo, post + "Content-Length: 50\n\nhello", badRequest, "): environ: reading wsgi.input: unexpected EOF\n"},
		{"cut short in a chunk", echo, chunkedPost + "5\nhel", badRequest, "): environ: reading wsgi.input: unexpected EOF\n"},
		{"cut short before the last chunk", echo, chunkedPost + "5\nhello\n", badRequest, "): environ: reading wsgi.input: unexpected EOF\n"},
		{"a bad chunk", echo, chunkedPost + "xyz\nhello\n0\n\n" + get, badRequest, "): environ: reading wsgi.input: invalid byte in chunk length\n"},
		{"a chunk without its end", echo, chunkedPost + "5\nhelloXX0\n\n" + get, badRequest, "): environ: reading wsgi.input: malformed chunked encoding\n"},
		{"answered all the same", stubborn, chunkedPost + "3\nabc\nxyz\n" + get,
			"HTTP/1.1 200 OK\nConnection: close\nContent-Length: 20\nContent-Type: text/plain\n\n3 bytes, error: true", ""},
		{"answered by nobody", forgetful, chunkedPost + "xyz\n" + get, badRequest, "Invalid request (from 127.0.0.1:"},
		{"met with another error", rewording, chunkedPost + "xyz\n" + get, badRequest, "Invalid request (from 127.0.0.1:"},
		{"read after the first chunk", streaming, post + "Content-Length: 8\n\none\ntwo" + get,
			goOn + "5\none\r\n\n3\ntwo\n0\n\n", ""},
		{"cut short after the first chunk", streaming, post + "Content-Length: 80\n\none\n",
			goOn + "5\none\r\n\n", "unexpected EOF"},
		{"bad chunk after the first chunk", streaming, chunkedPost + "xyz\n" + get,
			goOn, "invalid byte in chunk length"},
		{"a stream leaves its body unread", unread, post + "Content-Length: 5\n\nhello" + get, oneTwoEnds, ""},
		{"a stream leaves its chunked body unread", unread, chunkedPost + wiretest.Chunked("hello") + get, oneTwoEnds, ""},
		{"a stream leaves a bad body unread", unread, chunkedPost + "xyz\nhello\n0\n\n" + get, oneTwoEnds, ""},
		{"a list leaves its body unread", answer("200 OK", plain, adapter.Text("hello")), post + "Content-Length: 5\n\nhello" + get, ok5 + ok5, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			srv := wiretest.Serve(t, &adapter.Handler{App: test.app, ErrorLog: errs})
			got := strings.ReplaceAll(srv.Do(test.send), "\r", "\\r")
			want := strings.ReplaceAll(test.want, "\r", "")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("on the wire (-want +got):\n%s", diff)
			}
			require.Contains(t, errs.String(), test.log)
			if test.log == "" {
				require.Empty(t, errs.String())
			}
			require.LessOrEqual(t, strings.Count(errs.String(), "\n"), 1, "one line on the error log")
			require.Empty(t, srv.Logs.String(), "http.Server's own log")
		})
	}
}

// TestUnreadLargeBody sends more than net/http drains: the response is whole,
// and the connection closes instead of taking the rest for a request.
func TestUnreadLargeBody(t *testing.T) {
	for _, length := range []string{"Content-Length: 1048576\n\n" + strings.Repeat("x", 1<<20), "Transfer-Encoding: chunked\n\n" + wiretest.Chunked(strings.Repeat("x", 1<<20))} {
		srv := wiretest.Serve(t, &adapter.Handler{App: unread})
		c := srv.Dial()
		go func() { _, _ = io.WriteString(c, strings.ReplaceAll(post+length+get, "\n", "\r\n")) }()
		require.Equal(t, oneTwoEnds, c.All())
		require.Empty(t, srv.Logs.String())
	}
}

func TestTooLarge(t *testing.T) {
	limited := func(app adapter.App) http.Handler {
		h := &adapter.Handler{App: app, ErrorLog: io.Discard}
		return http.MaxBytesHandler(h, 4)
	}
	const want = "HTTP/1.1 413 Request Entity Too Large\nConnection: close\nContent-Length: 0\nContent-Type: text/plain\n\n"
	srv := wiretest.Serve(t, limited(echo))
	require.Equal(t, want, srv.Ask(post+"Content-Length: 5\n\nhello"))
	srv = wiretest.Serve(t, limited(func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
		_, err := io.ReadAll(env.Request().Body) // past wsgi.input
		return nil, err
	}))
	require.Equal(t, want, srv.Ask(post+"Content-Length: 5\n\nhello"))
}

// TestInputOverHTTP2 reads after the first chunk, and leaves unread.
func TestInputOverHTTP2(t *testing.T) {
	srv := wiretest.Serve(t, &adapter.Handler{App: streaming}, wiretest.H2C)
	res, err := wiretest.H2Client().Post(srv.URL("/"), "text/plain", strings.NewReader("one\ntwo"))
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, 2, res.ProtoMajor)
	require.Equal(t, "go on\none\ntwo", string(body))
}
