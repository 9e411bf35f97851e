//go:build unix

package python_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
	"github.com/gowsgi/gowsgi/python"
)

// A Python application behind trusted proxies sees the client, as one in Go does.
// (The catalogue takes the first segment off the path itself.)
func TestTrustProxies(t *testing.T) {
	s := run(t, python.Config{})
	const request = "GET /environ_of?REMOTE_ADDR,REMOTE_PORT,wsgi.url_scheme,HTTPS,HTTP_HOST,SERVER_NAME,SERVER_PORT,SCRIPT_NAME,PATH_INFO,HTTP_FORWARDED HTTP/1.1\n" +
		"Host: inner\nConnection: close\nForwarded: for=127.0.0.1\nX-Forwarded-For: 127.0.0.1, 203.0.113.7\nX-Forwarded-Proto: https\n" +
		"X-Forwarded-Host: shop.test\nX-Forwarded-Prefix: /eu\n\n"
	for _, test := range []struct{ name, trusted, want string }{
		{"trusted", "127.0.0.1/32", "REMOTE_ADDR='203.0.113.7'\nREMOTE_PORT=None\nwsgi.url_scheme='https'\nHTTPS='on'\nHTTP_HOST='shop.test'\n" +
			"SERVER_NAME='shop.test'\nSERVER_PORT='443'\nSCRIPT_NAME='/eu/environ_of'\nPATH_INFO=''\nHTTP_FORWARDED=None\n"},
		{"not trusted", "10.0.0.0/8", "wsgi.url_scheme='http'\nHTTPS=None\nHTTP_HOST='inner'\nSERVER_NAME='127.0.0.1'\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			trust := middleware.TrustProxies(netip.MustParsePrefix(test.trusted))
			srv := wiretest.Serve(t, trust(&adapter.Handler{App: s.ServeWSGI, ErrorLog: s.errors}))
			require.Contains(t, srv.Ask(request), test.want)
		})
	}
}
