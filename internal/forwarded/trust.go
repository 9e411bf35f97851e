package forwarded

import (
	"net"
	"net/http"
	"net/netip"
)

// Trust says which peers are proxies whose word counts.
type Trust struct {
	prefixes []netip.Prefix
	unix     bool // the peers of Unix sockets
}

// NewTrust returns the trust in the addresses of prefixes. The zero Prefix stands
// for the peers of Unix sockets; any other Prefix that is not valid matches nobody.
func NewTrust(prefixes ...netip.Prefix) *Trust {
	t := new(Trust)
	for _, p := range prefixes {
		if p == (netip.Prefix{}) {
			t.unix = true
			continue
		}
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		if p.IsValid() {
			t.prefixes = append(t.prefixes, p)
		}
	}
	return t
}

// Peer reports whether the peer of r is trusted. The path that a client has bound
// its end of a Unix socket to may look like an address, so there the kind of the
// socket decides.
func (t *Trust) Peer(r *http.Request) bool {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if local != nil && local.Network() == "unix" {
		return t.unix
	}
	if r.RemoteAddr == "" || r.RemoteAddr[0] == '@' || r.RemoteAddr[0] == '/' {
		return t.unix && local == nil // a test's request
	}
	if full, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return t.contains(plain(full.Addr()))
	}
	addr, _, ok := node(r.RemoteAddr) // as some middleware leaves it
	return ok && t.contains(addr)
}

func (t *Trust) contains(addr netip.Addr) bool {
	for _, p := range t.prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
