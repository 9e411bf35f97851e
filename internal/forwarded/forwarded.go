// Package forwarded reads from a request's headers which client a proxy stands
// for: Forwarded (RFC 7239) and X-Forwarded-For, -Proto, -Host, -Port and -Prefix.
//
// Every proxy on the way adds its word at the end of a header, so only the end is
// worth something. The package therefore reads each list from its end, as far as
// the trust reaches, and never looks at what is left of that: a client that sends
// half a quoted string cannot spoil the words that proxies put behind it.
package forwarded

import (
	"net/http"
	"net/netip"
	"strings"
)

// Client is what trusted proxies say of a request. Each part is the zero value
// where they say nothing, or nothing that may be believed.
type Client struct {
	Addr    string // the client's address, without a zone; never IPv4-mapped
	Port    string // its port
	Scheme  string // "http" or "https"
	Host    string // the host that was asked for, perhaps with a port
	OwnHost bool   // a middleware has given the request another host since
	At      string // the port that was asked for
	Prefix  string // the path that proxies took off: "" or "/a/b"
}

// The headers, in net/http's canonical form.
const (
	standard = "Forwarded"
	family   = "X-Forwarded-"
	xFor     = family + "For"
	xProto   = family + "Proto"
	xHost    = family + "Host"
	xPort    = family + "Port"
	xPrefix  = family + "Prefix"
)

// Any reports whether h has a header that only proxies write.
func Any(h http.Header) bool {
	for name := range h {
		if isForwarding(name) {
			return true
		}
	}
	return false
}

// isForwarding reports whether name is Forwarded or one of the X-Forwarded
// family, of which proxies have invented more than are read here.
func isForwarding(name string) bool { return name == standard || strings.HasPrefix(name, family) }

// Without returns a copy of h that has no header which only proxies write.
func Without(h http.Header) http.Header {
	h = h.Clone()
	for name := range h {
		if isForwarding(name) {
			delete(h, name)
		}
	}
	return h
}

// Read returns what the trusted proxies say, of which the peer is one, and h with
// no more in it than what counts: where X-Forwarded-For and Forwarded are both
// there, X-Forwarded-For and its family count. h itself is not changed.
func (t *Trust) Read(h http.Header) (Client, http.Header) {
	if isEmpty(h[xFor]) && !isEmpty(h[standard]) {
		return t.readStandard(h[standard]), without(h, xFor, xProto, xHost, xPort, xPrefix)
	}
	return t.readFamily(h), without(h, standard)
}

// without is h without the headers called names: h itself where it has none.
func without(h http.Header, names ...string) http.Header {
	cloned := false
	for _, name := range names {
		if _, ok := h[name]; !ok {
			continue
		}
		if !cloned {
			h, cloned = h.Clone(), true
		}
		delete(h, name)
	}
	return h
}

// readFamily reads the X-Forwarded headers. hops is the number of trusted proxies
// whose words X-Forwarded-For has, without the one that the client spoke to.
func (t *Trust) readFamily(h http.Header) (c Client) {
	hops := t.walk(h[xFor], &c)
	c.Scheme = scheme(told(h[xProto], hops))
	c.Host = host(told(h[xHost], hops))
	c.At = port(told(h[xPort], hops))
	c.Prefix = joinPrefixes(h[xPrefix], hops)
	return c
}

// walk goes through X-Forwarded-For from its end to the first address that is not
// trusted, which is the client's. An element that is no address ends the walk too:
// whoever wrote it does not know the client, and nobody left of it was checked.
func (t *Trust) walk(lines []string, c *Client) (hops int) {
	var last netip.Addr
	hops = -1
	for element := range backwards(lines, false) {
		hops++
		if t.unix && element == unixHop {
			continue
		}
		addr, port, ok := node(element)
		if !ok {
			break
		}
		last, c.Port = addr, port
		if !t.contains(addr) {
			break
		}
	}
	c.Addr = text(last)
	return max(hops, 0)
}

// unixHop is what nginx writes for the address of a client on a Unix socket.
const unixHop = "unix:"

// readStandard reads Forwarded. An element says everything of one hop, so what the
// trusted proxy says that is nearest to the client holds.
func (t *Trust) readStandard(lines []string) (c Client) {
	var last netip.Addr
	for line := range backwards(lines, true) {
		e, ok := parseElement(line)
		if !ok {
			break
		}
		if s := scheme(e.proto); s != "" {
			c.Scheme = s
		}
		if name := host(e.host); name != "" {
			c.Host = name
		}
		addr, port, ok := node(e.node)
		if !ok {
			break
		}
		last, c.Port = addr, port
		if !t.contains(addr) {
			break
		}
	}
	c.Addr = text(last)
	return c
}

// text is addr in its usual form, "" for none.
func text(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}
