package forwarded

import (
	"net/netip"
	"strconv"
	"strings"
)

// longest is the longest host or prefix that is believed: the length of a name in
// the DNS.
const longest = 253

// node parses a node with its port: 192.0.2.1:80, [2001:db8::1]:80, or either
// without a port. "unknown" and obfuscated names ("_hidden") are no addresses; an
// obfuscated port is none (RFC 7239, 6).
func node(text string) (addr netip.Addr, number string, ok bool) {
	name, rest := text, ""
	switch bracketed := strings.HasPrefix(text, "["); {
	case bracketed:
		name, rest, ok = strings.Cut(text[1:], "]")
		if !ok || !strings.Contains(name, ":") {
			return netip.Addr{}, "", false
		}
	case strings.Count(text, ":") == 1:
		colon := strings.IndexByte(text, ':')
		name, rest = text[:colon], text[colon:]
	}
	addr, err := netip.ParseAddr(name)
	if err != nil {
		return netip.Addr{}, "", false
	}
	if rest != "" {
		if rest[0] != ':' {
			return netip.Addr{}, "", false
		}
		number = port(rest[1:])
		if number == "" && rest != ":0" && !isObfuscated(rest[1:]) {
			return netip.Addr{}, "", false
		}
	}
	return plain(addr), number, true
}

// plain is addr without its zone, which names an interface of some other machine
// (and may hold any text), and IPv4 where it is IPv4-mapped.
func plain(addr netip.Addr) netip.Addr { return addr.WithZone("").Unmap() }

// isObfuscated reports whether s is an obfuscated port (RFC 7239, 6.2).
func isObfuscated(s string) bool {
	return len(s) > 1 && s[0] == '_' && len(s) <= longest && !strings.ContainsFunc(s, func(c rune) bool {
		return !isNameByte(c)
	})
}

// isNameByte reports whether c may be in a host's name or a segment of a prefix.
func isNameByte(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
}

// port is s where it is a port, without zeros in front, and "" otherwise.
func port(s string) string {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return ""
		}
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 || len(s) > len("65535") {
		return ""
	}
	return strings.TrimLeft(s, "0")
}

// scheme is the scheme of WSGI behind s, "" for any that is none. Some proxies call
// the scheme of a WebSocket's handshake ws or wss (Traefik does).
func scheme(s string) string {
	switch {
	case strings.EqualFold(s, "http"), strings.EqualFold(s, "ws"):
		return "http"
	case strings.EqualFold(s, "https"), strings.EqualFold(s, "wss"):
		return "https"
	}
	return ""
}

// host is s where it is the name or the address of a host, perhaps with a port, and
// "" otherwise. A name has letters, digits, "-", "_" and dots between them: nothing
// that could begin a path, a user or a comment in the URLs that are made of it.
func host(s string) string {
	name, number := s, ""
	if strings.HasPrefix(s, "[") {
		inside, rest, ok := strings.Cut(s[1:], "]")
		addr, err := netip.ParseAddr(inside)
		if !ok || err != nil || !addr.Is6() || addr.Zone() != "" {
			return ""
		}
		name, number = "", rest
	} else if colon := strings.IndexByte(s, ':'); colon >= 0 {
		name, number = s[:colon], s[colon:]
	}
	switch {
	case number != "" && (number[0] != ':' || port(number[1:]) == ""):
		return ""
	case s[0:min(1, len(s))] != "[" && !isName(name):
		return ""
	}
	return s
}

func isName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	return s != "" && len(s) <= longest && s[0] != '.' && !strings.Contains(s, "..") && s[len(s)-1] != '.' &&
		!strings.ContainsFunc(s, func(c rune) bool { return !isNameByte(c) })
}

// joinPrefixes is the path that the trusted proxies took off, each its own part:
// what the outermost took off comes first. Behind hops proxies there is one more. A
// part that is no plain path makes all of them worthless.
func joinPrefixes(lines []string, hops int) (joined string) {
	for part := range backwards(lines, false) {
		part, ok := prefix(part)
		if !ok || len(joined)+len(part) > longest {
			return ""
		}
		joined = part + joined
		if hops--; hops < 0 {
			break
		}
	}
	return joined
}

// prefix is s without slashes at its end, and whether it is a path in its simplest
// form: whole segments of letters, digits, "-", "_", "." and "~".
func prefix(s string) (string, bool) {
	s = strings.TrimSuffix(s, "/")
	if s == "" {
		return "", true
	}
	if s[0] != '/' {
		return "", false
	}
	for segment := range strings.SplitSeq(s[1:], "/") {
		if segment == "" || segment == "." || segment == ".." ||
			strings.ContainsFunc(segment, func(c rune) bool { return !isNameByte(c) && c != '~' }) {
			return "", false
		}
	}
	return s, true
}
