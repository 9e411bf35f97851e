// Package address takes the addresses of net/http apart.
package address

import "strings"

// Split does the work of net.SplitHostPort without the allocations of its
// errors. An address without a port is all host, a bare IPv6 address too; a zone
// stays with its host. The address of a Unix socket ("", "@", a path) has no
// host: ok is false.
func Split(addr string) (host, port string, ok bool) {
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
