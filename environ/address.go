package environ

import (
	"net"
	"net/http"
	"strings"
)

// remoteAddr is the host of an address as net/http gives it. A peer on a Unix
// socket has none ("@", "").
func remoteAddr(addr string) (string, bool) {
	host, _, ok := splitAddr(addr)
	return host, ok
}

func remotePort(addr string) (string, bool) {
	_, port, ok := splitAddr(addr)
	return port, ok && port != ""
}

// splitAddr takes apart what net.SplitHostPort would, without its errors'
// allocations; an address without a port is all host.
func splitAddr(addr string) (host, port string, ok bool) {
	if addr == "" || addr[0] == '@' || addr[0] == '/' {
		return "", "", false
	}
	host = addr
	if colon := strings.LastIndexByte(addr, ':'); colon >= 0 && (addr[0] == '[' || strings.IndexByte(addr, ':') == colon) {
		if addr[0] != '[' || addr[colon-1] == ']' {
			host, port = addr[:colon], addr[colon+1:]
		}
	}
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	return host, port, host != ""
}

// serverName is the address the connection came in on. A connection without
// one (a Unix socket, a test's request) is known by the host it asked for.
func serverName(r *http.Request) string {
	if host, _, ok := localAddr(r); ok {
		return host
	}
	if host, _, ok := splitAddr(r.Host); ok {
		return host
	}
	return "localhost"
}

func serverPort(r *http.Request) string {
	if _, port, ok := localAddr(r); ok && port != "" {
		return port
	}
	if _, port, ok := splitAddr(r.Host); ok && port != "" {
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
	return splitAddr(addr.String())
}
