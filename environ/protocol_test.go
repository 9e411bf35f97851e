package environ_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/logadapter"
)

// dictOf is the whole of an environ, but for what no literal can say: ports are
// checked and become "PORT", versions "VERSION", and streams are named by their type.
func dictOf(env *environ.Environ) map[string]any {
	dict := env.Map()
	for key, value := range dict {
		switch value.(type) {
		case *environ.Input, *logadapter.Stream, func(io.Reader, int) adapter.Body:
			dict[key] = fmt.Sprintf("%T", value)
		}
	}
	if regexp.MustCompile(`^gowsgi/\S+ Go/\S+$`).MatchString(env.Get("SERVER_SOFTWARE")) {
		dict["SERVER_SOFTWARE"] = "gowsgi/VERSION Go/VERSION"
	}
	local, _ := env.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if local != nil && strings.HasSuffix(local.String(), ":"+env.Get("SERVER_PORT")) {
		dict["SERVER_PORT"] = "PORT"
	}
	if host := env.Get("HTTP_HOST"); local != nil && host == local.String() {
		dict["HTTP_HOST"] = "HOST"
	}
	if strings.HasSuffix(env.Request().RemoteAddr, ":"+env.Get("REMOTE_PORT")) {
		dict["REMOTE_PORT"] = "PORT"
	}
	return dict
}

// base is what every request has, over TCP on 127.0.0.1, changed by changes;
// nil takes a key away.
func base(changes map[string]any) map[string]any {
	dict := map[string]any{
		"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/a/b", "QUERY_STRING": "c=%2F&d", "REQUEST_URI": "/a%2Fb?c=%2F&d",
		"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "PORT", "SERVER_PROTOCOL": "HTTP/1.1",
		"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "PORT", "HTTP_HOST": "x",
		"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_SOFTWARE": "gowsgi/VERSION Go/VERSION",
		"wsgi.version": [2]int{1, 0}, "wsgi.url_scheme": "http", "wsgi.input": "*environ.Input", "wsgi.input_terminated": true,
		"wsgi.errors": "*logadapter.Stream", "wsgi.multithread": true, "wsgi.multiprocess": false, "wsgi.run_once": false,
		"wsgi.file_wrapper": "func(io.Reader, int) adapter.Body",
	}
	for key, value := range changes {
		if dict[key] = value; value == nil {
			delete(dict, key)
		}
	}
	return dict
}

type dict = map[string]any

func TestWholeEnviron(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		env       maker
		want      map[string]any
	}{
		{"HTTP/1.1", "GET /a%2Fb?c=%2F&d HTTP/1.1\nHost: x\n\n", fromHandler(nil), base(nil)},
		{"HTTP/1.0", "GET /a%2Fb?c=%2F&d HTTP/1.0\n\n", fromHandler(nil), base(dict{"SERVER_PROTOCOL": "HTTP/1.0", "HTTP_HOST": nil})},
		{"without a Handler", "GET /a%2Fb?c=%2F&d HTTP/1.1\nHost: x\n\n", fromRequest, base(dict{"wsgi.file_wrapper": nil})},
		{
			"a body", "POST /form HTTP/1.1\nHost: x\nContent-Type: text/plain\nContent-Length: 2\n\nhi", fromHandler(nil),
			base(dict{
				"REQUEST_METHOD": "POST", "PATH_INFO": "/form", "REQUEST_URI": "/form", "QUERY_STRING": "",
				"CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "2",
			}),
		},
		{
			"a chunked body", "PUT /a%2Fb?c=%2F&d HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n" + wiretest.Chunked("hi"), fromHandler(nil),
			base(dict{"REQUEST_METHOD": "PUT", "HTTP_TRANSFER_ENCODING": "chunked"}),
		},
		{
			"an upgrade", "GET /a%2Fb?c=%2F&d HTTP/1.1\nHost: x\nConnection: keep-alive, Upgrade\nUpgrade: echo\n\n", fromHandler(nil),
			base(dict{"HTTP_CONNECTION": "keep-alive, Upgrade", "HTTP_UPGRADE": "echo", "wsgi.input_terminated": nil}),
		},
		{
			"a given mount", "GET /a%2Fb?c=%2F&d HTTP/1.1\nHost: x\n\n", fromHandler(dict{"SCRIPT_NAME": "/a"}),
			base(dict{"SCRIPT_NAME": "/a", "PATH_INFO": "/b"}),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, mustSee(t, tt.env, nil, tt.raw, dictOf)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// An upgrade may make wsgi.input the raw connection, which does not end.
func TestInputTerminated(t *testing.T) {
	for _, tt := range []struct {
		name, header string
		want         any
	}{
		{"no upgrade", "", true},
		{"a token among others", "Connection: close, UPGRADE\nUpgrade: x\n", nil},
		{"in a second header", "Connection: keep-alive\nConnection: upgrade\nUpgrade: x\n", nil},
		{"a WebSocket", "Connection: Upgrade\nUpgrade: WebSocket\n", nil},
		{"Upgrade without Connection", "Upgrade: x\n", true},
		{"a WebSocket without Connection, as in pywsgi", "Upgrade: websocket\n", nil},
		{"Connection without Upgrade", "Connection: upgrade\n", true},
		{"no whole token", "Connection: upgraded\nUpgrade: x\n", true},
		{"h2c, which net/http does not speak that way", "Connection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: x\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := "GET / HTTP/1.1\nHost: x\n" + tt.header + "\n"
			got := mustSee(t, fromRequest, nil, raw, func(env *environ.Environ) any { return env.Value("wsgi.input_terminated") })
			require.Equal(t, tt.want, got)
		})
	}
}

// served has ask send a request to a server that start starts, and returns the
// dict of that request.
func served(t *testing.T, start func(*httptest.Server), ask func(*httptest.Server)) map[string]any {
	t.Helper()
	found := make(chan map[string]any, 1)
	srv := httptest.NewUnstartedServer(fromHandler(nil)(func(env *environ.Environ) { found <- dictOf(env) }))
	start(srv)
	defer srv.Close()
	ask(srv)
	return <-found
}

// fetch asks for the path of these tests as srv's own client does.
func fetch(t *testing.T) func(*httptest.Server) {
	return func(srv *httptest.Server) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/a%2Fb?c=%2F&d", nil)
		require.NoError(t, err)
		r.Header.Set("User-Agent", "test")
		r.Header.Set("Accept-Encoding", "none")
		answer, err := srv.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
	}
}

// client is what that client's request has.
func client(changes map[string]any) map[string]any {
	dict := base(map[string]any{"HTTP_HOST": "HOST", "HTTP_USER_AGENT": "test", "HTTP_ACCEPT_ENCODING": "none"})
	for key, value := range changes {
		dict[key] = value
	}
	return dict
}

func TestTLS(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start func(*httptest.Server)
		want  map[string]any
	}{
		{"HTTP/1.1", (*httptest.Server).StartTLS, client(dict{"wsgi.url_scheme": "https", "HTTPS": "on"})},
		{
			"HTTP/2", func(srv *httptest.Server) { srv.EnableHTTP2 = true; srv.StartTLS() },
			client(dict{"wsgi.url_scheme": "https", "HTTPS": "on", "SERVER_PROTOCOL": "HTTP/2.0"}),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, served(t, tt.start, fetch(t))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestHTTP2WithoutTLS(t *testing.T) {
	got := served(t, func(srv *httptest.Server) {
		wiretest.H2C(srv.Config)
		srv.Start()
		*srv.Client() = *wiretest.H2Client()
	}, fetch(t))
	if diff := cmp.Diff(client(dict{"SERVER_PROTOCOL": "HTTP/2.0"}), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	got := served(t, func(srv *httptest.Server) {
		_ = srv.Listener.Close()
		srv.Listener = l
		srv.Start()
	}, fetch(t))
	if diff := cmp.Diff(client(dict{"SERVER_NAME": "::1", "REMOTE_ADDR": "::1"}), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A peer on a Unix socket has no address, and the server is known by the host
// that was asked for.
func TestUnixSockets(t *testing.T) {
	t.Chdir(t.TempDir())
	type name struct{ Name, Port, Addr, RemotePort any }
	for _, tt := range []struct {
		name, path, host string
		want             name
	}{
		{"an absolute path", filepath.Join(t.TempDir(), "s"), "example.com:8080", name{"example.com", "8080", nil, nil}},
		{"a relative path", "app.sock", "example.com:8080", name{"example.com", "8080", nil, nil}},
		{"a path like an address", "127.0.0.1:80", "example.com:8080", name{"example.com", "8080", nil, nil}},
		{"an abstract name", "@gowsgi-test", "example.com", name{"example.com", "80", nil, nil}},
		{"IPv6", "v6.sock", "[::1]:8080", name{"::1", "8080", nil, nil}},
		{"no host", "none.sock", "", name{"localhost", "80", nil, nil}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if runtime.GOOS != "linux" && strings.ContainsAny(tt.path, "@:") {
				t.Skip("a name that only Linux has")
			}
			l, err := net.Listen("unix", tt.path)
			require.NoError(t, err)
			got := served(t, func(srv *httptest.Server) {
				_ = srv.Listener.Close()
				srv.Listener = l
				srv.Start()
			}, func(*httptest.Server) {
				conn, err := net.Dial("unix", tt.path)
				require.NoError(t, err)
				defer conn.Close()
				_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", tt.host)
				require.NoError(t, err)
				_, err = io.ReadAll(conn)
				require.NoError(t, err)
			})
			require.Equal(t, tt.want, name{got["SERVER_NAME"], got["SERVER_PORT"], got["REMOTE_ADDR"], got["REMOTE_PORT"]})
		})
	}
}

// Addresses as net/http and middleware such as chi's RealIP write them.
func TestRemoteAddr(t *testing.T) {
	for _, tt := range []struct {
		addr       string
		host, port any
	}{
		{"192.0.2.1:1234", "192.0.2.1", "1234"},
		{"[2001:db8::1]:1234", "2001:db8::1", "1234"},
		{"[fe80::1%eth0]:1234", "fe80::1%eth0", "1234"},
		{"@", nil, nil},
		{"@abstract", nil, nil},
		{"", nil, nil},
		{"/run/client.sock", nil, nil},
		{"192.0.2.1", "192.0.2.1", nil},
		{"2001:db8::1", "2001:db8::1", nil},
		{"fe80::1%eth0", "fe80::1%eth0", nil},
		{"[2001:db8::1]", "2001:db8::1", nil},
		{"192.0.2.1:", "192.0.2.1", nil},
		{":1234", nil, nil},
		{"client.example:1234", "client.example", "1234"},
		{":", nil, nil},
		{"[", "[", nil},
		{"[]", nil, nil},
		{"[:", "[:", nil},
		{"]:", "]", nil},
	} {
		t.Run(tt.addr, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = tt.addr
			env := environ.FromRequest(r)
			require.Equal(t, tt.host, env.Value("REMOTE_ADDR"))
			require.Equal(t, tt.port, env.Value("REMOTE_PORT"))
			checkDict(t, env, "REMOTE_ADDR")
			checkDict(t, env, "REMOTE_PORT")
		})
	}
}

// A request without a connection: a test's, or a bridge's.
func TestRequestsWithoutAConnection(t *testing.T) {
	r, err := http.NewRequestWithContext(context.Background(), "", "https://example.com", strings.NewReader("hi"))
	require.NoError(t, err)
	r.Method = ""
	env := environ.FromRequest(r)
	for key, want := range map[string]any{
		"REQUEST_METHOD": "GET", "PATH_INFO": "/", "REQUEST_URI": "/", "CONTENT_LENGTH": "2", "HTTP_HOST": "example.com",
		"SERVER_NAME": "example.com", "SERVER_PORT": "80", "wsgi.url_scheme": "http", "REMOTE_ADDR": nil, "HTTPS": nil,
	} {
		require.Equal(t, want, env.Value(key), key)
	}
	r.TLS = &tls.ConnectionState{}
	require.Equal(t, "443", env.Get("SERVER_PORT"))
	require.Equal(t, "https", env.Get("wsgi.url_scheme"))
	require.Equal(t, "on", env.Get("HTTPS"))
	checkDict(t, env, "HTTPS")
	checkDict(t, env, "SSL_CLIENT_VERIFY")
}
