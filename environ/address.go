package environ

import (
	"net"
	"net/http"

	"github.com/gowsgi/gowsgi/internal/address"
)

// serverName is the address the connection came in on. A connection without
// one (a Unix socket, a test's request) is known by the host it asked for.
func serverName(r *http.Request) string {
	if host, _, ok := localAddr(r); ok {
		return host
	}
	if host, _, ok := address.Split(r.Host); ok {
		return host
	}
	return "localhost"
}

func serverPort(r *http.Request) string {
	if _, port, ok := localAddr(r); ok && port != "" {
		return port
	}
	if _, port, ok := address.Split(r.Host); ok && port != "" {
		return port
	}
	if r.TLS != nil {
		return "443"
	}
	return "80"
}

func localAddr(r *http.Request) (host, port string, ok bool) {
	addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if _, unix := addr.(*net.UnixAddr); unix || addr == nil {
		return "", "", false // a path may look like an address
	}
	return address.Split(addr.String())
}
