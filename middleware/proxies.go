package middleware

import (
	"net/http"
	"net/netip"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/forwarded"
	"github.com/gowsgi/gowsgi/internal/seam"
)

// TrustProxies believes what proxies write about the client, in Forwarded (RFC 7239)
// or in X-Forwarded-For, -Proto, -Host, -Port and -Prefix, where the peer of the
// connection is one of trusted. The peer of a Unix socket is if the zero
// netip.Prefix is in the list. From requests of all other peers it takes Forwarded
// and every X-Forwarded header away, so that neither an App nor a handler below can
// believe them.
//
// It changes the environ (REMOTE_ADDR, REMOTE_PORT, wsgi.url_scheme, HTTPS,
// HTTP_HOST, SERVER_NAME, SERVER_PORT, SCRIPT_NAME), and the client's address in the
// access lines and Records of what stands below it. These values win over base
// values. It does not change r.RemoteAddr, r.Host and r.TLS, nor what is above it: a
// Server's own Log shows the proxy. The headers that were believed stay.
//
// Every proxy adds its word at the end of a header, and whatever is left of that may
// be the client's invention. The client is the rightmost address that is not
// trusted, or the leftmost where all are. It has no REMOTE_PORT where no proxy gives
// one. Where a trusted proxy writes something that is no address ("unknown",
// "_hidden"), the proxy that it wrote it for is not known, and the last address that
// is known holds: that of the trusted proxy itself. Of several values in
// X-Forwarded-Proto, -Host and -Port the one counts that stands as far from the end
// as the client does in X-Forwarded-For, or the first of fewer. Those of
// X-Forwarded-Prefix up to there are joined, for each is what one proxy took off the
// path; they come before the SCRIPT_NAME of the App's own mount, and PATH_INFO stays.
// A scheme other than http and https (ws and wss count as these), a host, a port or a
// prefix that could change the meaning of a URL it becomes a part of is not believed,
// and the connection's own holds.
//
// Where a request has Forwarded and X-Forwarded-For, X-Forwarded-For and its family
// count, and Forwarded is taken away: nearly all proxies write X-Forwarded-For, and
// pass on a Forwarded that the client has sent. Without X-Forwarded-For, Forwarded
// counts, and the X-Forwarded headers are taken away.
//
// A proxy has to write or remove each of these headers, for one that it passes on is
// the client's; one that writes Forwarded has to remove X-Forwarded-For. Other headers
// that say something of the client (X-Real-IP, True-Client-IP, CF-Connecting-IP,
// X-Client-IP, X-Cluster-Client-IP, Front-End-Https, X-Url-Scheme, X-Original-URL,
// X-Rewrite-URL) are neither read nor taken away: they belong to one product each, and
// only who runs it can say whether they may be believed. SSL_CLIENT_* is about the
// connection that came, so it shows a certificate of the proxy's.
func TrustProxies(trusted ...netip.Prefix) func(http.Handler) http.Handler {
	trust := forwarded.NewTrust(trusted...)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case !forwarded.Any(r.Header):
				next.ServeHTTP(w, r)
			case trust.Peer(r):
				client, header := trust.Read(r.Header)
				new(environ.Inside).Behind(seam.Pass{}, next, w, r, header, client)
			default:
				bare := r.WithContext(r.Context())
				bare.Header = forwarded.Without(r.Header)
				next.ServeHTTP(w, bare)
			}
		})
	}
}
