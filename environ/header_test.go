package environ_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// headersOf is what of an environ comes from the request's header.
func headersOf(env *environ.Environ) map[string]string {
	headers := make(map[string]string)
	for _, key := range []string{"HTTP_PROXY", "HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH", "HTTP_X_FOO"} {
		if value, ok := env.Lookup(key); ok {
			headers[key] = value.(string)
		}
	}
	for key, value := range env.All() {
		if strings.HasPrefix(key, "HTTP_") || strings.HasPrefix(key, "CONTENT_") {
			headers[key] = value.(string)
		}
		if s, ok := value.(string); ok && env.Get(key) != s {
			headers["Get disagrees on "+key] = env.Get(key)
		}
	}
	return headers
}

// with is a dict with what every request has.
func with(headers map[string]string) map[string]string {
	all := map[string]string{"HTTP_HOST": "x", "HTTP_CONNECTION": "close"}
	for key, value := range headers {
		all[key] = value
	}
	return all
}

func TestHeaders(t *testing.T) {
	type dict = map[string]string
	for _, tt := range []struct {
		name, header, method, body string
		want                       dict
	}{
		{name: "none", want: with(nil)},
		{name: "a common one", header: "User-Agent: curl", want: with(dict{"HTTP_USER_AGENT": "curl"})},
		{name: "a rare one", header: "X-Rare-Thing: 7", want: with(dict{"HTTP_X_RARE_THING": "7"})},
		{name: "any case", header: "x-rARE-thing: 7", want: with(dict{"HTTP_X_RARE_THING": "7"})},
		{name: "a common one in another case", header: "uSER-aGENT: curl", want: with(dict{"HTTP_USER_AGENT": "curl"})},
		{name: "digits", header: "X-1st: 7", want: with(dict{"HTTP_X_1ST": "7"})},
		{name: "all that a token may have", header: "X!#$%&'*+.^`|~: 7", want: with(dict{"HTTP_X!#$%&'*+.^`|~": "7"})},
		{name: "dashes", header: "-A--B-: 7", want: with(dict{"HTTP__A__B_": "7"})},
		{name: "spaces around", header: "X-A:   7 8\t ", want: with(dict{"HTTP_X_A": "7 8"})},
		{name: "empty", header: "X-A:", want: with(dict{"HTTP_X_A": ""})},
		{name: "bytes of the upper half", header: "X-A: caf\xc3\xa9\xff", want: with(dict{"HTTP_X_A": "caf\xc3\xa9\xff"})},
		{name: "folded", header: "X-A: one\n two", want: with(dict{"HTTP_X_A": "one two"})},

		{name: "repeated", header: "X-A: 1\nX-B: 3\nX-A: 2", want: with(dict{"HTTP_X_A": "1,2", "HTTP_X_B": "3"})},
		{name: "repeated in other cases", header: "X-A: 1\nx-a: 2\nX-a: 3", want: with(dict{"HTTP_X_A": "1,2,3"})},
		{name: "a common one repeated", header: "Accept: a\nAccept: b", want: with(dict{"HTTP_ACCEPT": "a,b"})},
		{name: "repeated, one empty", header: "X-A: 1\nX-A:", want: with(dict{"HTTP_X_A": "1,"})},
		{name: "cookies", header: "Cookie: a=1\nCookie: b=2", want: with(dict{"HTTP_COOKIE": "a=1; b=2"})},
		{name: "a name with Cookie in it", header: "X-My-cookie-Jar: a=1\nX-My-cookie-Jar: b=2", want: with(dict{"HTTP_X_MY_COOKIE_JAR": "a=1; b=2"})},
		{name: "Cookie2", header: "Cookie2: a\nCookie2: b", want: with(dict{"HTTP_COOKIE2": "a; b"})},

		{name: "an underscore", header: "X_Foo: forged", want: with(nil)},
		{name: "an underscore beside its twin", header: "X-Foo: real\nX_Foo: forged", want: with(dict{"HTTP_X_FOO": "real"})},
		{name: "an underscore before its twin", header: "X_Foo: forged\nX-Foo: real", want: with(dict{"HTTP_X_FOO": "real"})},
		{name: "an underscore among dashes", header: "X-Foo_Bar: forged", want: with(nil)},
		{name: "underscores of what the server knows", header: "Content_Length: 7\nContent_Type: x\nHost_: y\n_: z", want: with(nil)},
		{name: "Proxy", header: "Proxy: http://evil\npROXY: http://evil", want: with(nil)},
		{name: "Proxy-Authorization", header: "Proxy-Authorization: x", want: with(dict{"HTTP_PROXY_AUTHORIZATION": "x"})},
		{name: "names of variables", header: "Path-Info: x\nHttp-Host: y\nWsgi.input: z", want: with(dict{
			"HTTP_PATH_INFO": "x", "HTTP_HTTP_HOST": "y", "HTTP_WSGI.INPUT": "z",
		})},

		{name: "Pragma", header: "Pragma: no-cache", want: with(dict{"HTTP_PRAGMA": "no-cache", "HTTP_CACHE_CONTROL": "no-cache"})},
		{name: "Pragma beside Cache-Control", header: "Pragma: no-cache\nCache-Control: max-age=0", want: with(dict{
			"HTTP_PRAGMA": "no-cache", "HTTP_CACHE_CONTROL": "max-age=0",
		})},

		{name: "Content-Type", header: "Content-Type: text/plain", want: with(dict{"CONTENT_TYPE": "text/plain"})},
		{name: "Content-Type twice", header: "Content-Type: a/b\nContent-Type: c/d", want: with(dict{"CONTENT_TYPE": "a/b"})},
		{name: "Content-Type, empty", header: "Content-Type:", want: with(dict{"CONTENT_TYPE": ""})},
		{name: "Content-Length", header: "Content-Length: 5", body: "hello", want: with(dict{"CONTENT_LENGTH": "5"})},
		{name: "Content-Length of nothing", header: "Content-Length: 0", want: with(dict{"CONTENT_LENGTH": "0"})},
		{name: "Content-Length, nothing, POST", method: "POST", want: with(nil)},
		{name: "Content-Length with zeros", header: "Content-Length: 005", body: "hello", want: with(dict{"CONTENT_LENGTH": "005"})},
		{name: "Content-Length twice the same", header: "Content-Length: 5\nContent-Length: 5", body: "hello", want: with(dict{"CONTENT_LENGTH": "5"})},
		{name: "Content-Encoding", header: "Content-Encoding: gzip", want: with(dict{"HTTP_CONTENT_ENCODING": "gzip"})},

		{name: "chunked", header: "Transfer-Encoding: chunked", body: "0\n\n", want: with(dict{"HTTP_TRANSFER_ENCODING": "chunked"})},
		{name: "chunked, any case", header: "Transfer-Encoding: CHUNKED", body: "0\n\n", want: with(dict{"HTTP_TRANSFER_ENCODING": "chunked"})},
		{name: "Trailer", header: "Transfer-Encoding: chunked\nTrailer: X-Sum, x-b\nTrailer: X-A", body: "0\nX-Sum: 1\n\n", want: with(dict{
			"HTTP_TRANSFER_ENCODING": "chunked", "HTTP_TRAILER": "X-A,X-B,X-Sum",
		})},
		{name: "Trailer where nothing is chunked", header: "Trailer: X-Sum, x-b", want: with(dict{"HTTP_TRAILER": "X-Sum, x-b"})},
		{name: "Expect", header: "Expect: 100-continue\nContent-Length: 0", want: with(dict{"HTTP_EXPECT": "100-continue", "CONTENT_LENGTH": "0"})},
		{name: "hop by hop", header: "TE: trailers\nKeep-Alive: 5\nUpgrade: x", want: with(dict{
			"HTTP_TE": "trailers", "HTTP_KEEP_ALIVE": "5", "HTTP_UPGRADE": "x",
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			method, header := "GET", tt.header
			if tt.method != "" {
				method = tt.method
			}
			if header != "" {
				header += "\n"
			}
			raw := method + " / HTTP/1.1\nHost: x\nConnection: close\n" + header + "\n" + tt.body
			for by, env := range map[string]maker{"FromRequest": fromRequest, "Clone": fromClone, "Handler": fromHandler(nil)} {
				if diff := cmp.Diff(tt.want, mustSee(t, env, nil, raw, headersOf)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", by, diff)
				}
			}
		})
	}
}

func TestHost(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		want      any
	}{
		{"HTTP/1.1", "GET / HTTP/1.1\nHost: Example.com:8080\nConnection: close\n\n", "Example.com:8080"},
		{"HTTP/1.0 with one", "GET / HTTP/1.0\nHost: example.com\n\n", "example.com"},
		{"HTTP/1.0 without", "GET / HTTP/1.0\n\n", nil},
		{"empty", "GET / HTTP/1.1\nHost:\nConnection: close\n\n", nil},
		{"of an absolute target", "GET http://target/ HTTP/1.1\nHost: header\nConnection: close\n\n", "target"},
		{"IPv6", "GET / HTTP/1.1\nHost: [::1]:8080\nConnection: close\n\n", "[::1]:8080"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := mustSee(t, fromRequest, nil, tt.raw, func(env *environ.Environ) any { return env.Value("HTTP_HOST") })
			require.Equal(t, tt.want, got)
		})
	}
}

// HTTP_TRAILER is the header. net/http empties the trailer's place before the
// body, and fills it in, with more than was announced, behind it.
func TestTrailer(t *testing.T) {
	const chunked = "POST / HTTP/1.1\nHost: x\nConnection: close\nTransfer-Encoding: chunked\n"
	type seen struct{ Before, After, Later any }
	for _, tt := range []struct {
		name, raw string
		want      seen
	}{
		{"announced", chunked + "Trailer: X-Sum\n\n2\nhi\n0\nX-Sum: 1\n\n", seen{"X-Sum", "X-Sum", "X-Sum"}},
		{"announced, not sent", chunked + "Trailer: X-Sum\n\n2\nhi\n0\n\n", seen{"X-Sum", "X-Sum", "X-Sum"}},
		{"announced, another sent as well", chunked + "Trailer: X-Sum\n\n2\nhi\n0\nX-Sum: 1\nX-Other: 2\n\n", seen{"X-Sum", "X-Sum", "X-Sum"}},
		{"not announced", chunked + "\n2\nhi\n0\nX-Sum: 1\n\n", seen{nil, nil, nil}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := mustSee(t, fromRequest, nil, tt.raw, func(env *environ.Environ) (s seen) {
				s.Before = env.Value("HTTP_TRAILER")
				clone := env.Clone()
				body, err := env.Input().ReadN(-1)
				require.NoError(t, err)
				require.Equal(t, "hi", string(body))
				s.After, s.Later = env.Value("HTTP_TRAILER"), clone.Value("HTTP_TRAILER")
				require.Equal(t, env.Len(), len(env.Map()))
				return s
			})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// askHTTP2 sends fields as one request's header, as they are.
func askHTTP2(t *testing.T, addr *wiretest.Conn, fields ...[2]string) {
	t.Helper()
	var head bytes.Buffer
	enc := hpack.NewEncoder(&head)
	for _, f := range append([][2]string{{":method", "GET"}, {":scheme", "http"}, {":authority", "x"}, {":path", "/a%2Fb?c"}}, fields...) {
		require.NoError(t, enc.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}))
	}
	_, err := io.WriteString(addr, http2.ClientPreface)
	require.NoError(t, err)
	frames := http2.NewFramer(addr, addr)
	require.NoError(t, frames.WriteSettings())
	require.NoError(t, frames.WriteHeaders(http2.HeadersFrameParam{
		StreamID: 1, BlockFragment: head.Bytes(), EndStream: true, EndHeaders: true,
	}))
	for {
		frame, err := frames.ReadFrame()
		require.NoError(t, err)
		if end, ok := frame.(*http2.HeadersFrame); ok && end.StreamID == 1 {
			return
		}
	}
}

func TestHeadersOverHTTP2(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fields [][2]string
		want   map[string]string
	}{
		{"none", nil, map[string]string{"HTTP_HOST": "x"}},
		{"split cookies", [][2]string{{"cookie", "a=1"}, {"cookie", "b=2"}, {"cookie", "c=3"}},
			map[string]string{"HTTP_HOST": "x", "HTTP_COOKIE": "a=1; b=2; c=3"}},
		{"repeated", [][2]string{{"x-a", "1"}, {"x-a", "2"}}, map[string]string{"HTTP_HOST": "x", "HTTP_X_A": "1,2"}},
		{"an underscore", [][2]string{{"x-foo", "real"}, {"x_foo", "forged"}}, map[string]string{"HTTP_HOST": "x", "HTTP_X_FOO": "real"}},
		{"Proxy", [][2]string{{"proxy", "http://evil"}}, map[string]string{"HTTP_HOST": "x"}},
		{"Pragma", [][2]string{{"pragma", "no-cache"}}, map[string]string{"HTTP_HOST": "x", "HTTP_PRAGMA": "no-cache"}},
		{"the body's", [][2]string{{"content-type", "a/b"}, {"content-length", "0"}},
			map[string]string{"HTTP_HOST": "x", "CONTENT_TYPE": "a/b", "CONTENT_LENGTH": "0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := make(chan map[string]string, 1)
			srv := wiretest.Serve(t, fromRequest(func(env *environ.Environ) { found <- headersOf(env) }), wiretest.H2C)
			askHTTP2(t, srv.Dial(), tt.fields...)
			if diff := cmp.Diff(tt.want, <-found); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The names that have a short cut of their own, and many that have none.
func TestEveryHeader(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	want := map[string]string{"HTTP_HOST": "example.com"}
	for _, name := range []string{
		"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Connection", "Cookie", "Date",
		"Dnt", "Sec-Fetch-Dest", "Sec-Fetch-Site", "Sec-Fetch-User", "Upgrade-Insecure-Requests", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "Origin", "Range", "Referer", "Sec-Fetch-Mode", "User-Agent",
		"Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "X-Requested-With",
	} {
		r.Header.Set(name, "value of "+name)
		want["HTTP_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))] = "value of " + name
	}
	for i := range 200 { // more keys than an environ usually has
		n := strconv.Itoa(i)
		r.Header.Set("X-"+n, n)
		want["HTTP_X_"+n] = n
	}
	env := environ.FromRequest(r)
	checkDict(t, env, "HTTP_X_199")
	if diff := cmp.Diff(want, headersOf(env)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for key := range want {
		require.Equal(t, want[key], env.Map()[key])
	}
}

// A header that no client could send, made by a program.
func TestHeadersOfAProgram(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header = http.Header{
		"x-lower": {"hidden"}, "X Space": {"odd"}, "": {"nameless"}, "X-None": nil, "Host": {"hidden"}, "X-\xff": {"odd"},
		"Transfer-Encoding": {"hidden"}, "Accept": {"a"}, "accept": {"hidden"},
	}
	env := environ.FromRequest(r)
	got := headersOf(env)
	require.Equal(t, "a", got["HTTP_ACCEPT"])
	require.Equal(t, "example.com", got["HTTP_HOST"])
	for key, value := range got {
		require.NotContains(t, value, "hidden", key)
	}
	require.Equal(t, env.Len(), len(env.Map()), "every key has a value")

	r.Header = nil
	require.Equal(t, map[string]string{"HTTP_HOST": "example.com"}, headersOf(environ.FromRequest(r)))
}
