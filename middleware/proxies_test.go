package middleware_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

var loopback, tenNet = netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")

// shown are the keys that TrustProxies is about, and the URLs made of them.
func shown(env *environ.Environ) map[string]string {
	seen := map[string]string{"application URL": env.ApplicationURL(), "URL": env.RequestURL()}
	for key, value := range env.All() {
		text, ok := value.(string)
		switch key {
		case "REMOTE_ADDR", "REMOTE_PORT", "wsgi.url_scheme", "HTTPS", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME", "PATH_INFO", "REQUEST_URI":
		default:
			ok = ok && (strings.HasPrefix(key, "HTTP_X_") || key == "HTTP_FORWARDED")
		}
		if ok {
			seen[key] = text
		}
		if got := env.Get(key); ok && got != text {
			seen[key] += " but Get says " + got
		}
	}
	return seen
}

// seen is an App that puts what it is shown into a channel.
func seen(found chan map[string]string) adapter.App {
	return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		found <- shown(env)
		_, err := start("200 OK", nil)
		return nil, err
	}
}

// TestTrustProxies sends what proxies send, over sockets. The expected environ is
// what differs from that of the connection alone, in which REMOTE_ADDR is 127.0.0.1,
// REMOTE_PORT and SERVER_PORT are those of the sockets, and the host is app.test.
func TestTrustProxies(t *testing.T) {
	mounted := func(h http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Mount("/app", h)
		return r
	}
	based := func(base map[string]any) func(app adapter.App) http.Handler {
		return func(app adapter.App) http.Handler { return &adapter.Handler{App: app, Environ: base} }
	}
	plain := based(nil)
	const gone = "-"
	tests := []struct {
		name    string
		trusted []netip.Prefix // nil: 127.0.0.0/8 and 10.0.0.0/8
		handler func(app adapter.App) http.Handler
		router  func(h http.Handler) http.Handler
		request string // its first line; "" for GET /x HTTP/1.1
		host    string // the Host header; "" for app.test, "-" for none
		headers string
		want    map[string]string
	}{
		{name: "no header", want: map[string]string{}},
		{name: "the client", headers: "X-Forwarded-For: 127.0.0.1, 203.0.113.7:4711",
			want: map[string]string{"REMOTE_ADDR": "203.0.113.7", "REMOTE_PORT": "4711", "HTTP_X_FORWARDED_FOR": "127.0.0.1, 203.0.113.7:4711"}},
		{name: "a client without a port has none", headers: "X-Forwarded-For: 127.0.0.1\nX-Forwarded-For: 2001:db8::7",
			want: map[string]string{"REMOTE_ADDR": "2001:db8::7", "REMOTE_PORT": gone, "HTTP_X_FORWARDED_FOR": "127.0.0.1,2001:db8::7"}},
		{name: "an unknown client is the proxy", headers: "Forwarded: for=1.1.1.1, for=unknown;proto=https",
			want: map[string]string{"wsgi.url_scheme": "https", "HTTPS": "on", "SERVER_PORT": "443", "HTTP_FORWARDED": "for=1.1.1.1, for=unknown;proto=https",
				"URL": "https://app.test/x", "application URL": "https://app.test/"}},
		{name: "everything", handler: plain, headers: "X-Forwarded-For: 203.0.113.7\nX-Forwarded-Proto: https\nX-Forwarded-Host: shop.test\nX-Forwarded-Port: 8443\nX-Forwarded-Prefix: /eu/",
			want: map[string]string{"REMOTE_ADDR": "203.0.113.7", "REMOTE_PORT": gone, "wsgi.url_scheme": "https", "HTTPS": "on",
				"HTTP_HOST": "shop.test:8443", "SERVER_NAME": "shop.test", "SERVER_PORT": "8443", "SCRIPT_NAME": "/eu",
				"HTTP_X_FORWARDED_FOR": "203.0.113.7", "HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_HOST": "shop.test",
				"HTTP_X_FORWARDED_PORT": "8443", "HTTP_X_FORWARDED_PREFIX": "/eu/",
				"URL": "https://shop.test:8443/eu/x", "application URL": "https://shop.test:8443/eu"}},
		{name: "Forwarded says everything", headers: `Forwarded: for="[2001:db8::7]:4711";proto=https;host="[2001:db8::1]:8443"`,
			want: map[string]string{"REMOTE_ADDR": "2001:db8::7", "REMOTE_PORT": "4711", "wsgi.url_scheme": "https", "HTTPS": "on",
				"HTTP_HOST": "[2001:db8::1]:8443", "SERVER_NAME": "2001:db8::1", "SERVER_PORT": "8443",
				"HTTP_FORWARDED": `for="[2001:db8::7]:4711";proto=https;host="[2001:db8::1]:8443"`,
				"URL":            "https://[2001:db8::1]:8443/x", "application URL": "https://[2001:db8::1]:8443/"}},
		{name: "a contradiction", headers: "Forwarded: for=127.0.0.1;host=evil.test\nX-Forwarded-For: 203.0.113.7",
			want: map[string]string{"REMOTE_ADDR": "203.0.113.7", "REMOTE_PORT": gone, "HTTP_X_FORWARDED_FOR": "203.0.113.7"}},
		{name: "the port of the scheme is left out (werkzeug 2839)", headers: "X-Forwarded-Proto: https\nX-Forwarded-Port: 443",
			want: map[string]string{"wsgi.url_scheme": "https", "HTTPS": "on", "SERVER_PORT": "443", "HTTP_X_FORWARDED_PROTO": "https",
				"HTTP_X_FORWARDED_PORT": "443", "URL": "https://app.test/x", "application URL": "https://app.test/"}},
		{name: "a port for a host without one (werkzeug 1023)", headers: "X-Forwarded-Port: 8080",
			want: map[string]string{"SERVER_PORT": "8080", "HTTP_HOST": "app.test:8080", "HTTP_X_FORWARDED_PORT": "8080",
				"URL": "http://app.test:8080/x", "application URL": "http://app.test:8080/"}},
		{name: "the port in the client's own host stays", host: "app.test:8080", headers: "X-Forwarded-Port: 80",
			want: map[string]string{"SERVER_PORT": "80", "HTTP_HOST": "app.test:8080", "HTTP_X_FORWARDED_PORT": "80",
				"URL": "http://app.test:8080/x", "application URL": "http://app.test:8080/"}},
		{name: "the port is in the host", host: "app.test:8443", headers: "X-Forwarded-Proto: https",
			want: map[string]string{"wsgi.url_scheme": "https", "HTTPS": "on", "SERVER_PORT": "8443", "HTTP_HOST": "app.test:8443",
				"HTTP_X_FORWARDED_PROTO": "https", "URL": "https://app.test:8443/x", "application URL": "https://app.test:8443/"}},
		{name: "HTTP/1.0 without Host", request: "GET /x HTTP/1.0", host: "-", headers: "X-Forwarded-Host: shop.test\nX-Forwarded-Proto: https",
			want: map[string]string{"wsgi.url_scheme": "https", "HTTPS": "on", "HTTP_HOST": "shop.test", "SERVER_NAME": "shop.test", "SERVER_PORT": "443",
				"HTTP_X_FORWARDED_HOST": "shop.test", "HTTP_X_FORWARDED_PROTO": "https", "URL": "https://shop.test/x", "application URL": "https://shop.test/"}},
		{name: "no host anywhere", request: "GET /x HTTP/1.0", host: "-", headers: "X-Forwarded-Port: 8443",
			want: map[string]string{"HTTP_HOST": gone, "SERVER_PORT": "8443", "HTTP_X_FORWARDED_PORT": "8443",
				"URL": "http://127.0.0.1:8443/x", "application URL": "http://127.0.0.1:8443/"}},
		{name: "an absolute-form target", request: "GET http://inner.test/x HTTP/1.1", headers: "X-Forwarded-Host: shop.test",
			want: map[string]string{"HTTP_HOST": "shop.test", "SERVER_NAME": "shop.test", "SERVER_PORT": "80", "REQUEST_URI": "http://inner.test/x",
				"HTTP_X_FORWARDED_HOST": "shop.test", "URL": "http://shop.test/x", "application URL": "http://shop.test/"}},
		{name: "OPTIONS * has no prefix", request: "OPTIONS * HTTP/1.1", headers: "X-Forwarded-Prefix: /eu",
			want: map[string]string{"PATH_INFO": "*", "REQUEST_URI": "*", "HTTP_X_FORWARDED_PREFIX": "/eu", "URL": "http://app.test/%2A"}},
		{name: "a prefix before chi's mount", router: mounted, request: "GET /app/x HTTP/1.1", headers: "X-Forwarded-Prefix: /eu",
			want: map[string]string{"SCRIPT_NAME": "/eu/app", "REQUEST_URI": "/app/x", "HTTP_X_FORWARDED_PREFIX": "/eu",
				"URL": "http://app.test/eu/app/x", "application URL": "http://app.test/eu/app"}},
		{name: "a prefix before the mount itself", router: mounted, request: "GET /app HTTP/1.1", headers: "X-Forwarded-Prefix: /eu",
			want: map[string]string{"SCRIPT_NAME": "/eu/app", "PATH_INFO": "", "REQUEST_URI": "/app", "HTTP_X_FORWARDED_PREFIX": "/eu",
				"URL": "http://app.test/eu/app", "application URL": "http://app.test/eu/app"}},
		{name: "a prefix before a SCRIPT_NAME that is given", handler: based(map[string]any{"SCRIPT_NAME": "/app"}), request: "GET /app/x HTTP/1.1", headers: "X-Forwarded-Prefix: /eu",
			want: map[string]string{"SCRIPT_NAME": "/eu/app", "REQUEST_URI": "/app/x", "HTTP_X_FORWARDED_PREFIX": "/eu",
				"URL": "http://app.test/eu/app/x", "application URL": "http://app.test/eu/app"}},
		{name: "a prefix before the root", handler: based(map[string]any{"SCRIPT_NAME": ""}), request: "GET / HTTP/1.1", headers: "X-Forwarded-Prefix: /eu",
			want: map[string]string{"SCRIPT_NAME": "/eu", "PATH_INFO": "/", "REQUEST_URI": "/", "HTTP_X_FORWARDED_PREFIX": "/eu",
				"URL": "http://app.test/eu/", "application URL": "http://app.test/eu"}},
		{name: "base values lose against the proxy", handler: based(map[string]any{"SERVER_NAME": "base", "SERVER_PORT": "1", "wsgi.url_scheme": "https", "HTTPS": "on"}),
			headers: "X-Forwarded-Proto: http\nX-Forwarded-Host: shop.test",
			want: map[string]string{"HTTP_HOST": "shop.test", "SERVER_NAME": "shop.test", "SERVER_PORT": "80", "HTTP_X_FORWARDED_PROTO": "http",
				"HTTP_X_FORWARDED_HOST": "shop.test", "URL": "http://shop.test/x", "application URL": "http://shop.test/"}},
		{name: "base values hold where the proxy is silent", handler: based(map[string]any{"SERVER_NAME": "base", "SERVER_PORT": "1", "wsgi.url_scheme": "https", "HTTPS": "on"}),
			headers: "X-Forwarded-For: 203.0.113.7",
			want: map[string]string{"REMOTE_ADDR": "203.0.113.7", "REMOTE_PORT": gone, "SERVER_NAME": "base", "SERVER_PORT": "1", "wsgi.url_scheme": "https", "HTTPS": "on",
				"HTTP_X_FORWARDED_FOR": "203.0.113.7", "URL": "https://app.test/x", "application URL": "https://app.test/"}},
		{name: "a base scheme has its own port", handler: based(map[string]any{"wsgi.url_scheme": "https"}), headers: "X-Forwarded-Host: shop.test\nX-Forwarded-Port: 443",
			want: map[string]string{"wsgi.url_scheme": "https", "HTTP_HOST": "shop.test", "SERVER_NAME": "shop.test", "SERVER_PORT": "443",
				"HTTP_X_FORWARDED_HOST": "shop.test", "HTTP_X_FORWARDED_PORT": "443", "URL": "https://shop.test/x", "application URL": "https://shop.test/"}},
		{name: "what injects is not believed", headers: "X-Forwarded-For: <script>\nX-Forwarded-Proto: javascript\nX-Forwarded-Host: a@evil.test\nX-Forwarded-Port: 80/\nX-Forwarded-Prefix: //evil.test",
			want: map[string]string{"HTTP_X_FORWARDED_FOR": "<script>", "HTTP_X_FORWARDED_PROTO": "javascript", "HTTP_X_FORWARDED_HOST": "a@evil.test",
				"HTTP_X_FORWARDED_PORT": "80/", "HTTP_X_FORWARDED_PREFIX": "//evil.test"}},
		{name: "a header that Connection names (golang/go 50580)", headers: "Connection: X-Forwarded-For\nX-Forwarded-For: 203.0.113.7",
			want: map[string]string{"REMOTE_ADDR": "203.0.113.7", "REMOTE_PORT": gone, "HTTP_X_FORWARDED_FOR": "203.0.113.7"}},
		{name: "underscores are no dashes (gunicorn 2650)", headers: "X_Forwarded_For: 203.0.113.7\nSCRIPT_NAME: /evil", want: map[string]string{}},
		{name: "an untrusted peer", trusted: []netip.Prefix{tenNet},
			headers: "Forwarded: for=1.1.1.1\nX-Forwarded-For: 1.1.1.1\nX-Forwarded-Proto: https\nX-Forwarded-Host: evil.test\nX-Forwarded-Port: 1\nX-Forwarded-Prefix: /evil\nX-Forwarded-Ssl: on\nX-Real-IP: 1.1.1.1\nX-Other: 1",
			want:    map[string]string{"HTTP_X_REAL_IP": "1.1.1.1", "HTTP_X_OTHER": "1"}},
		{name: "nobody is trusted", trusted: []netip.Prefix{}, headers: "X-Forwarded-For: 1.1.1.1", want: map[string]string{}},
		{name: "TCP is no Unix socket", trusted: []netip.Prefix{{}}, headers: "X-Forwarded-For: 1.1.1.1", want: map[string]string{}},
		{name: "an invalid prefix is nobody", trusted: []netip.Prefix{netip.PrefixFrom(netip.MustParseAddr("127.0.0.1"), 99)}, headers: "X-Forwarded-For: 1.1.1.1", want: map[string]string{}},
		{name: "everybody is trusted", trusted: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, headers: "X-Forwarded-For: 1.1.1.1, 2.2.2.2",
			want: map[string]string{"REMOTE_ADDR": "1.1.1.1", "REMOTE_PORT": gone, "HTTP_X_FORWARDED_FOR": "1.1.1.1, 2.2.2.2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found := make(chan map[string]string, 1)
			if test.handler == nil {
				test.handler = plain
			}
			h := test.handler(seen(found))
			if test.router != nil {
				h = test.router(h)
			}
			if test.trusted == nil {
				test.trusted = []netip.Prefix{loopback, tenNet}
			}
			srv := wiretest.Serve(t, middleware.TrustProxies(test.trusted...)(h), func(s *http.Server) { s.DisableGeneralOptionsHandler = true })
			c := srv.Dial()
			raw := test.request
			if raw == "" {
				raw = "GET /x HTTP/1.1"
			}
			host := test.host
			if host == "" {
				host = "app.test"
			}
			if host != "-" {
				raw += "\nHost: " + host
			}
			if test.headers != "" {
				raw += "\n" + test.headers
			}
			c.Send(raw + "\n\n")
			require.NoError(t, c.CloseWrite())
			require.Contains(t, c.All(), " 200 OK\n")

			_, port, _ := net.SplitHostPort(c.LocalAddr().String())
			_, serverPort, _ := net.SplitHostPort(srv.Addr)
			want := map[string]string{
				"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": port, "wsgi.url_scheme": "http", "HTTP_HOST": "app.test", "SERVER_NAME": "127.0.0.1",
				"SERVER_PORT": serverPort, "SCRIPT_NAME": "", "PATH_INFO": "/x", "REQUEST_URI": "/x", "URL": "http://app.test/x", "application URL": "http://app.test/",
			}
			maps.Copy(want, test.want)
			maps.DeleteFunc(want, func(_, value string) bool { return value == gone })
			if diff := cmp.Diff(want, <-found); diff != "" {
				t.Errorf("environ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTrustProxiesHandlers: a plain handler sees the same headers as an App, and the
// request above is as it was.
func TestTrustProxiesHandlers(t *testing.T) {
	for _, test := range []struct{ name, remote, want string }{
		{"a proxy", "10.0.0.1:80", "X-Forwarded-For,X-Forwarded-User,X-Real-Ip"},
		{"a proxy, IPv4-mapped", "[::ffff:10.0.0.1]:80", "X-Forwarded-For,X-Forwarded-User,X-Real-Ip"},
		{"a proxy without a port", "10.0.0.1", "X-Forwarded-For,X-Forwarded-User,X-Real-Ip"},
		{"a link-local proxy with a zone", "[fe80::1%eth0]:80", "X-Forwarded-For,X-Forwarded-User,X-Real-Ip"},
		{"a Unix socket's peer", "@", "X-Forwarded-For,X-Forwarded-User,X-Real-Ip"},
		{"anybody else", "203.0.113.7:80", "X-Real-Ip"},
		{"a name", "10.0.0.1.evil.test:80", "X-Real-Ip"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var names []string
			h := middleware.TrustProxies(tenNet, netip.MustParsePrefix("fe80::/10"), netip.Prefix{})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				names = slices.Sorted(maps.Keys(r.Header))
				require.Equal(t, test.remote, r.RemoteAddr)
				require.Equal(t, "example.com", r.Host)
				r.Header.Set("X-Real-Ip", "changed")
				delete(r.Header, "X-Forwarded-For")
			}))
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = test.remote
			r.Header = http.Header{"Forwarded": {"for=1.1.1.1"}, "X-Forwarded-For": {"1.1.1.1"}, "X-Forwarded-User": {"root"}, "X-Real-Ip": {"1.1.1.1"}}
			before := r.Header.Clone()
			h.ServeHTTP(httptest.NewRecorder(), r)
			require.Equal(t, test.want, strings.Join(names, ","))
			require.Equal(t, before, r.Header)
		})
	}
}

// TestTrustProxiesOverUnix: the kind of the socket decides, not the name that a
// client has bound its end to.
func TestTrustProxiesOverUnix(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, test := range []struct {
		name    string
		bound   string
		trusted []netip.Prefix
		want    string
	}{
		{"trusted", "", []netip.Prefix{tenNet, {}}, "203.0.113.7"},
		{"not trusted", "", []netip.Prefix{tenNet}, ""},
		{"bound to a name like an address", "10.0.0.1:80", []netip.Prefix{tenNet}, "10.0.0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := net.Listen("unix", filepath.Join(".", fmt.Sprint(len(test.trusted), len(test.bound))))
			if err != nil {
				t.Skip(err)
			}
			found := make(chan map[string]string, 1)
			srv := &http.Server{Handler: middleware.TrustProxies(test.trusted...)(&adapter.Handler{App: seen(found)})}
			go func() { _ = srv.Serve(l) }()
			defer srv.Close()
			dialer := net.Dialer{}
			if test.bound != "" {
				dialer.LocalAddr = &net.UnixAddr{Name: test.bound, Net: "unix"}
			}
			c, err := dialer.Dial("unix", l.Addr().String())
			require.NoError(t, err)
			defer c.Close()
			_, err = io.WriteString(c, "GET / HTTP/1.0\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n")
			require.NoError(t, err)
			_, err = io.ReadAll(c)
			require.NoError(t, err)
			require.Equal(t, test.want, (<-found)["REMOTE_ADDR"])
		})
	}
}

// TestTrustProxiesAbove puts it above and below what else makes environs and access
// lines.
func TestTrustProxiesAbove(t *testing.T) {
	trust := middleware.TrustProxies(loopback)
	const headers = "X-Forwarded-For: 203.0.113.7:4711\nX-Forwarded-Proto: https\nX-Forwarded-Host: shop.test\nX-Forwarded-Prefix: /eu"
	const client = "203.0.113.7 4711 https://shop.test/eu/app/x"
	line := func(env *environ.Environ) string {
		return env.Get("REMOTE_ADDR") + " " + env.Get("REMOTE_PORT") + " " + env.RequestURL()
	}
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", nil)
		return adapter.Text(line(env)), err
	}
	fromContext := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		env, _ := environ.FromContext(r.Context())
		fmt.Fprint(w, line(env))
	})
	wsgi := func(change func(env *environ.Environ)) func(http.Handler) http.Handler {
		return middleware.WSGI(func(app adapter.App) adapter.App {
			return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				change(env)
				return app(env, start)
			}
		})
	}
	for _, test := range []struct {
		name string
		use  []func(http.Handler) http.Handler
		h    http.Handler
		want string
	}{
		{"an App", chain(trust), &adapter.Handler{App: app}, client},
		{"FromRequest", chain(trust), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, line(environ.FromRequest(r)))
		}), client},
		{"a clone", chain(trust), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, line(environ.FromRequest(r).Clone()))
		}), client},
		{"Environ below", chain(trust, middleware.Environ(nil)), fromContext, client},
		{"Environ above", chain(middleware.Environ(map[string]any{"SERVER_PORT": "1"}), trust), fromContext, client},
		{"an App below Environ", chain(middleware.Environ(nil), trust, middleware.Environ(nil)), &adapter.Handler{App: app}, client},
		{"a WSGI middleware", chain(trust, wsgi(func(*environ.Environ) {})), &adapter.Handler{App: app}, client},
		{"one that Sets", chain(trust, wsgi(func(env *environ.Environ) { env.Set("my.key", 1) })), &adapter.Handler{App: app}, client},
		{"one above", chain(wsgi(func(env *environ.Environ) { env.Set("my.key", 1) }), trust), &adapter.Handler{App: app}, client},
		{"one that Sets the path", chain(trust, wsgi(func(env *environ.Environ) { env.Set("PATH_INFO", env.Get("PATH_INFO")) })), &adapter.Handler{App: app}, client},
		{"one that shifts the path", chain(trust, wsgi(func(env *environ.Environ) { env.ShiftPath() })), &adapter.Handler{App: app},
			"203.0.113.7 4711 https://shop.test/eu/site/app/x"},
		{"one that Sets the address", chain(trust, wsgi(func(env *environ.Environ) { env.Set("REMOTE_ADDR", "1.1.1.1") })), &adapter.Handler{App: app},
			"1.1.1.1 4711 https://shop.test/eu/app/x"},
		{"one that Sets the host", chain(trust, wsgi(func(env *environ.Environ) { env.Set("HTTP_HOST", "other.test") })), &adapter.Handler{App: app},
			"203.0.113.7 4711 https://other.test/eu/app/x"},
		{"one that Sets SCRIPT_NAME", chain(trust, wsgi(func(env *environ.Environ) { env.Set("SCRIPT_NAME", "/me") })), &adapter.Handler{App: app},
			"203.0.113.7 4711 https://shop.test/me/app/x"},
		{"another TrustProxies below", chain(trust, middleware.TrustProxies(loopback)), &adapter.Handler{App: app}, client},
	} {
		for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
			t.Run(test.name+" "+proto, func(t *testing.T) {
				r := chi.NewRouter()
				r.Use(test.use...)
				r.Mount("/app", test.h)
				srv := wiretest.Serve(t, r, wiretest.H2C)
				path := "/app/x"
				if strings.Contains(test.want, "/site/") {
					path = "/site/app/x"
				}
				if proto == "HTTP/2.0" {
					c := srv.DialH2()
					var fields [][2]string
					for field := range strings.SplitSeq(headers, "\n") {
						name, value, _ := strings.Cut(strings.ToLower(field), ": ")
						fields = append(fields, [2]string{name, value})
					}
					c.Open(1, true, "GET", path, fields...)
					require.Equal(t, "200 "+test.want+" END", c.Answer(1))
					return
				}
				require.Contains(t, srv.Do("GET "+path+" HTTP/1.1\nHost: inner\n"+headers+"\n\n"), "\n\n"+test.want)
			})
		}
	}
}

func chain(mw ...func(http.Handler) http.Handler) []func(http.Handler) http.Handler { return mw }

// TestTrustProxiesAsRequest: a request that says what the environ says has the
// client's address; the one that came keeps the proxy's.
func TestTrustProxiesAsRequest(t *testing.T) {
	var got string
	h := middleware.TrustProxies(loopback)(&adapter.Handler{App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		r, err := env.AsRequest()
		if err != nil {
			return nil, err
		}
		got = fmt.Sprintln(r.RemoteAddr, r.Host, r.TLS != nil, env.Request().RemoteAddr, env.Request().Host, environ.FromRequest(r).Get("REMOTE_ADDR"))
		_, err = start("200 OK", nil)
		return nil, err
	}})
	r := httptest.NewRequest("GET", "http://inner/", nil)
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Forwarded", `for="203.0.113.7:4711";host=shop.test;proto=https`)
	h.ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, "203.0.113.7:4711 shop.test true 127.0.0.1:1 inner 203.0.113.7\n", got)
}

// TestTrustProxiesLogs: what stands below shows the client, what stands above the
// proxy. So does a line about a request that is no good.
func TestTrustProxiesLogs(t *testing.T) {
	above, below, handler, errs := new(wiretest.Buffer), new(wiretest.Buffer), new(wiretest.Buffer), new(wiretest.Buffer)
	records := make(chan string, 1)
	h := &adapter.Handler{Log: handler, ErrorLog: errs, App: func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := env.Input().ReadN(-1)
		return nil, err
	}, FormatRequest: func(rec adapter.Record) string {
		records <- rec.Remote
		return rec.String()
	}}
	r := chi.NewRouter()
	r.Use(middleware.AccessLog(above), middleware.TrustProxies(loopback), middleware.AccessLog(below))
	r.Mount("/", h)
	wiretest.Serve(t, r).Do("POST / HTTP/1.1\nHost: x\nX-Forwarded-For: 1.1.1.1, 203.0.113.7\nTransfer-Encoding: chunked\n\nnonsense\n")
	require.Equal(t, "203.0.113.7", <-records)
	require.Contains(t, above.Wait(t, "\n"), "127.0.0.1 - - [")
	require.Contains(t, below.Wait(t, "\n"), "203.0.113.7 - - [")
	require.Contains(t, handler.Wait(t, "\n"), "203.0.113.7 - - [")
	require.Contains(t, errs.Wait(t, "\n"), "from 203.0.113.7)")
}

// TestTrustProxiesInServer: a Server's own environ and its own log are above.
func TestTrustProxiesInServer(t *testing.T) {
	log, found := new(wiretest.Buffer), make(chan map[string]string, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := chi.NewRouter()
	r.Use(middleware.TrustProxies(loopback))
	r.Get("/env", func(w http.ResponseWriter, r *http.Request) {
		env, _ := environ.FromContext(r.Context())
		fmt.Fprint(w, env.Get("REMOTE_ADDR"), " ", env.Get("SERVER_PORT"), " ", env.Get("my.key"))
	})
	r.Mount("/app", &adapter.Handler{App: seen(found)})
	srv := adapter.Wrap(&http.Server{Handler: r})
	srv.Environ, srv.Log, srv.ErrorLog = map[string]any{"my.key": "mine"}, log, io.Discard
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx, l) }()
	client := wiretest.Client(t, l.Addr().String())
	const headers = "Host: shop.test\nX-Forwarded-For: 203.0.113.7\nX-Forwarded-Proto: https\n\n"
	require.Contains(t, client.Do("GET /env HTTP/1.1\n"+headers), "\n\n203.0.113.7 443 mine")
	require.Contains(t, client.Do("GET /app/ HTTP/1.1\n"+headers), " 200 OK\n")
	env := <-found
	require.Equal(t, "203.0.113.7 https 443 https://shop.test/app/", env["REMOTE_ADDR"]+" "+env["wsgi.url_scheme"]+" "+env["SERVER_PORT"]+" "+env["URL"])
	require.Contains(t, log.Wait(t, "/app/"), "127.0.0.1 - - [")
	require.NotContains(t, log.String(), "203.0.113.7")
	cancel()
	require.NoError(t, <-done)
}

// TestTrustProxiesOutlived keeps environs while chi recycles its contexts.
func TestTrustProxiesOutlived(t *testing.T) {
	var kept []*environ.Environ
	r := chi.NewRouter()
	r.Use(middleware.Environ(nil), middleware.TrustProxies(tenNet))
	r.Get("/{id}", func(_ http.ResponseWriter, r *http.Request) {
		env, _ := environ.FromContext(r.Context())
		kept = append(kept, env)
	})
	for i := range 20 {
		req := httptest.NewRequest("GET", fmt.Sprint("/", i), nil)
		req.RemoteAddr = "10.0.0.1:80"
		req.Header.Set("X-Forwarded-For", fmt.Sprint("203.0.113.", i))
		r.ServeHTTP(httptest.NewRecorder(), req)
	}
	for i, env := range kept {
		args := env.Value("wsgiorg.routing_args").(environ.RoutingArgs)
		require.Equal(t, fmt.Sprint(i), args.Named["id"])
		require.Equal(t, fmt.Sprint("203.0.113.", i), env.Get("REMOTE_ADDR"))
	}
}

// TestTrustProxiesOverTLS: a proxy that speaks TLS for a client that did not.
func TestTrustProxiesOverTLS(t *testing.T) {
	found := make(chan map[string]string, 1)
	srv := httptest.NewTLSServer(middleware.TrustProxies(loopback)(&adapter.Handler{App: seen(found)}))
	defer srv.Close()
	for _, test := range []struct{ proto, scheme, https, port string }{
		{"http", "http", "", "80"}, {"https", "https", "on", "443"},
	} {
		r, err := http.NewRequest("GET", srv.URL+"/x", nil)
		require.NoError(t, err)
		r.Host = "shop.test"
		r.Header.Set("X-Forwarded-Proto", test.proto)
		res, err := srv.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		env := <-found
		require.Equal(t, []string{test.scheme, test.https, test.port, test.scheme + "://shop.test/x"},
			[]string{env["wsgi.url_scheme"], env["HTTPS"], env["SERVER_PORT"], env["URL"]})
	}
}

// TestTrustProxiesBudget: a request without such a header costs no memory, one from
// a proxy a copy of the request and the client's address.
func TestTrustProxiesBudget(t *testing.T) {
	if wiretest.Race {
		t.Skip("the race detector has allocations of its own")
	}
	h := middleware.TrustProxies(tenNet)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	read := middleware.TrustProxies(tenNet)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		env := environ.FromRequest(r)
		for _, key := range []string{"REMOTE_ADDR", "REMOTE_PORT", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME", "wsgi.url_scheme", "HTTPS"} {
			_ = env.Get(key)
		}
	}))
	for _, test := range []struct {
		name   string
		h      http.Handler
		remote string
		header http.Header
		most   float64
	}{
		{"no header, a client", h, "203.0.113.7:80", http.Header{"Accept": {"*/*"}, "User-Agent": {"x"}}, 0},
		{"no header, a proxy", h, "10.0.0.1:80", http.Header{"Accept": {"*/*"}, "User-Agent": {"x"}}, 0},
		{"a proxy", h, "10.0.0.1:80", http.Header{"X-Forwarded-For": {"203.0.113.7, 10.0.0.2"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"shop.test"}}, 3},
		{"a proxy and an environ", read, "10.0.0.1:80", http.Header{"X-Forwarded-For": {"203.0.113.7, 10.0.0.2"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"shop.test"}}, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/x", nil)
			r.RemoteAddr, r.Header, r.TLS = test.remote, test.header, (*tls.ConnectionState)(nil)
			w := &sink{make(http.Header)}
			require.LessOrEqual(t, testing.AllocsPerRun(100, func() { test.h.ServeHTTP(w, r) }), test.most)
		})
	}
}
