package forwarded_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/forwarded"
)

// proxies are trusted in all tests: two networks and Unix sockets.
var proxies = forwarded.NewTrust(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"),
	netip.MustParsePrefix("::ffff:172.16.0.0/108"), netip.Prefix{})

type client = forwarded.Client

// cases are headers as "Name: value" lines, and what they say.
var cases = []struct {
	name  string
	lines string
	want  client
}{
	{"nothing", "Accept: x", client{}},

	// X-Forwarded-For.
	{"an address", "X-Forwarded-For: 203.0.113.7", client{Addr: "203.0.113.7"}},
	{"the leftmost is the attacker's (chi GHSA-9g5q-2w5x-hmxf)", "X-Forwarded-For: 127.0.0.1, 203.0.113.7", client{Addr: "203.0.113.7"}},
	{"through a second proxy (nginx real_ip_recursive)", "X-Forwarded-For: 127.0.0.1, 203.0.113.7, 10.0.0.9", client{Addr: "203.0.113.7"}},
	{"through proxies of both families", "X-Forwarded-For: 1.1.1.1, 203.0.113.7, fd00::9, 10.0.0.9", client{Addr: "203.0.113.7"}},
	{"all are trusted", "X-Forwarded-For: 10.0.0.7, 10.0.0.8", client{Addr: "10.0.0.7"}},
	{"two lines are one list (aether 1837)", "X-Forwarded-For: 127.0.0.1\nX-Forwarded-For: 203.0.113.7", client{Addr: "203.0.113.7"}},
	{"two lines, two proxies", "X-Forwarded-For: 127.0.0.1, 203.0.113.7\nX-Forwarded-For: 10.0.0.9", client{Addr: "203.0.113.7"}},
	{"empty elements", "X-Forwarded-For: , 203.0.113.7 ,,\t, ", client{Addr: "203.0.113.7"}},
	{"nothing but commas", "X-Forwarded-For: ,,", client{}},
	{"a port (Azure writes one)", "X-Forwarded-For: 203.0.113.7:4711", client{Addr: "203.0.113.7", Port: "4711"}},
	{"port 0", "X-Forwarded-For: 203.0.113.7:0", client{Addr: "203.0.113.7"}},
	{"an obfuscated port", "X-Forwarded-For: 203.0.113.7:_a", client{Addr: "203.0.113.7"}},
	{"a port out of range", "X-Forwarded-For: 203.0.113.7:65536", client{}},
	{"no port", "X-Forwarded-For: 203.0.113.7:", client{}},
	{"IPv6", "X-Forwarded-For: 2001:DB8::0007", client{Addr: "2001:db8::7"}},
	{"IPv6 in brackets", "X-Forwarded-For: [2001:db8::7]", client{Addr: "2001:db8::7"}},
	{"IPv6 with a port", "X-Forwarded-For: [2001:db8::7]:4711", client{Addr: "2001:db8::7", Port: "4711"}},
	{"brackets with something behind", "X-Forwarded-For: [2001:db8::7]evil", client{}},
	{"an open bracket", "X-Forwarded-For: [2001:db8::7", client{}},
	{"IPv4 in brackets", "X-Forwarded-For: [203.0.113.7]", client{}},
	{"a zone is not ours", "X-Forwarded-For: fe80::1%eth0", client{Addr: "fe80::1"}},
	{"a zone may be any text", "X-Forwarded-For: fe80::1%<script>", client{Addr: "fe80::1"}},
	{"a trusted address with a zone (netip.Prefix has none)", "X-Forwarded-For: 203.0.113.7, fd00::9%eth0", client{Addr: "203.0.113.7"}},
	{"IPv4-mapped", "X-Forwarded-For: ::ffff:203.0.113.7", client{Addr: "203.0.113.7"}},
	{"a trusted address, IPv4-mapped (zealphp 433)", "X-Forwarded-For: 203.0.113.7, ::ffff:10.0.0.9", client{Addr: "203.0.113.7"}},
	{"a trusted prefix, IPv4-mapped (pgedge 205)", "X-Forwarded-For: 203.0.113.7, 172.16.0.9", client{Addr: "203.0.113.7"}},
	{"octal digits (CVE-2021-29923)", "X-Forwarded-For: 010.0.0.1", client{}},
	{"unknown (RFC 7239, 6.2)", "X-Forwarded-For: 127.0.0.1, unknown", client{}},
	{"unknown behind a second proxy", "X-Forwarded-For: 127.0.0.1, unknown, 10.0.0.9", client{Addr: "10.0.0.9"}},
	{"a hop over a Unix socket (anubis 1756)", "X-Forwarded-For: 1.1.1.1, 203.0.113.7, unix:", client{Addr: "203.0.113.7"}},
	{"garbage is not passed over", "X-Forwarded-For: 127.0.0.1, <script>", client{}},
	{"a name is no address", "X-Forwarded-For: localhost", client{}},
	{"half a quoted string does no harm (aspnetcore 36537)", `X-Forwarded-For: "127.0.0.1, 203.0.113.7`, client{Addr: "203.0.113.7"}},

	// What else the family says, at the place of the client.
	{"the last scheme is the proxy's", "X-Forwarded-For: 127.0.0.1, 203.0.113.7\nX-Forwarded-Proto: https, http", client{Addr: "203.0.113.7", Scheme: "http"}},
	{"a scheme from each of two proxies", "X-Forwarded-For: 203.0.113.7, 10.0.0.9\nX-Forwarded-Proto: x, https, http", client{Addr: "203.0.113.7", Scheme: "https"}},
	{"a scheme that the second proxy passed on", "X-Forwarded-For: 203.0.113.7, 10.0.0.9\nX-Forwarded-Proto: https", client{Addr: "203.0.113.7", Scheme: "https"}},
	{"schemes on two lines", "X-Forwarded-Proto: https\nX-Forwarded-Proto: http", client{Scheme: "http"}},
	{"a scheme in capitals", "X-Forwarded-Proto: HTTPS", client{Scheme: "https"}},
	{"a WebSocket (Traefik, uvicorn 2258)", "X-Forwarded-Proto: wss", client{Scheme: "https"}},
	{"javascript is no scheme", "X-Forwarded-Proto: javascript", client{}},
	{"a scheme with more", "X-Forwarded-Proto: https://evil.test/", client{}},
	{"a host", "X-Forwarded-Host: shop.test:8443", client{Host: "shop.test:8443"}},
	{"the last host is the proxy's", "X-Forwarded-Host: evil.test, shop.test", client{Host: "shop.test"}},
	{"a bad host hides a worse one", "X-Forwarded-Host: evil.test, sh/op", client{}},
	{"an IPv6 host", "X-Forwarded-Host: [2001:db8::1]:8443", client{Host: "[2001:db8::1]:8443"}},
	{"an IPv6 host with a zone", "X-Forwarded-Host: [fe80::1%25a]", client{}},
	{"an IPv6 host without brackets", "X-Forwarded-Host: 2001:db8::1", client{}},
	{"a host in the DNS's own form", "X-Forwarded-Host: a_b.shop.test.", client{Host: "a_b.shop.test."}},
	{"a host with a path", "X-Forwarded-Host: shop.test/evil", client{}},
	{"a host with a user", "X-Forwarded-Host: shop.test@evil.test", client{}},
	{"a host with a password", "X-Forwarded-Host: shop.test:80@evil.test", client{}},
	{"a host with a space", "X-Forwarded-Host: shop.test evil", client{}},
	{"a host with a query", "X-Forwarded-Host: evil.test?", client{}},
	{"a host with a fragment", "X-Forwarded-Host: evil.test#", client{}},
	{"a host with a backslash", `X-Forwarded-Host: evil.test\`, client{}},
	{"a host with a percent escape", "X-Forwarded-Host: evil%2etest", client{}},
	{"a host that is not ASCII", "X-Forwarded-Host: evìl.test", client{}},
	{"a host with markup (nuclei 3767)", `X-Forwarded-Host: "><script>`, client{}},
	{"a host with no port behind the colon", "X-Forwarded-Host: shop.test:", client{}},
	{"a host with a port out of range", "X-Forwarded-Host: shop.test:99999", client{}},
	{"dots for a host", "X-Forwarded-Host: a..b", client{}},
	{"the longest host", "X-Forwarded-Host: " + strings.Repeat("a", 253), client{Host: strings.Repeat("a", 253)}},
	{"a host that is too long", "X-Forwarded-Host: " + strings.Repeat("a", 254), client{}},
	{"a port that was asked for", "X-Forwarded-Port: 8443", client{At: "8443"}},
	{"the last port is the proxy's", "X-Forwarded-Port: 1, 8443", client{At: "8443"}},
	{"zeros before a port", "X-Forwarded-Port: 00080", client{At: "80"}},
	{"port 0 was never asked for", "X-Forwarded-Port: 0", client{}},
	{"a signed port", "X-Forwarded-Port: +80", client{}},
	{"a port with a path", "X-Forwarded-Port: 80/evil", client{}},
	{"a prefix", "X-Forwarded-Prefix: /shop", client{Prefix: "/shop"}},
	{"a prefix that ends in a slash", "X-Forwarded-Prefix: /shop/eu/", client{Prefix: "/shop/eu"}},
	{"a slash is no prefix", "X-Forwarded-Prefix: /", client{}},
	{"a prefix of two proxies is joined (spring-framework 25254)", "X-Forwarded-For: 203.0.113.7, 10.0.0.9\nX-Forwarded-Prefix: /evil, /a, /b", client{Addr: "203.0.113.7", Prefix: "/a/b"}},
	{"the last prefix is the proxy's", "X-Forwarded-Prefix: /evil, /shop", client{Prefix: "/shop"}},
	{"a prefix that is a host (angular-cli 32501)", "X-Forwarded-Prefix: //evil.test", client{}},
	{"more slashes", "X-Forwarded-Prefix: ///evil.test", client{}},
	{"slashes inside", "X-Forwarded-Prefix: /a//b", client{}},
	{"a backslash (CVE-2026-33397)", `X-Forwarded-Prefix: /\evil.test`, client{}},
	{"a URL", "X-Forwarded-Prefix: https://evil.test", client{}},
	{"no slash in front", "X-Forwarded-Prefix: shop", client{}},
	{"dots", "X-Forwarded-Prefix: /a/../b", client{}},
	{"a prefix with an escape", "X-Forwarded-Prefix: /%2e%2e", client{}},
	{"a prefix with cookie attributes (adminer 1298)", "X-Forwarded-Prefix: /a;SameSite=None", client{}},
	{"a prefix with markup (hevy2garmin 305)", `X-Forwarded-Prefix: /"><script>`, client{}},
	{"a prefix that is too long", "X-Forwarded-Prefix: /" + strings.Repeat("a", 253), client{}},

	// Forwarded.
	{"RFC 7239's example", `Forwarded: for=192.0.2.60;proto=http;by=203.0.113.43`, client{Addr: "192.0.2.60", Scheme: "http"}},
	{"everything", `Forwarded: For="[2001:db8:cafe::17]:4711" ; PROTO=https;Host="shop.test:8443"`,
		client{Addr: "2001:db8:cafe::17", Port: "4711", Scheme: "https", Host: "shop.test:8443"}},
	{"the leftmost element is the attacker's", "Forwarded: for=127.0.0.1;proto=https;host=evil.test, for=203.0.113.7;proto=http;host=shop.test",
		client{Addr: "203.0.113.7", Scheme: "http", Host: "shop.test"}},
	{"what the outer proxy says holds", "Forwarded: for=203.0.113.7;proto=https;host=shop.test, for=10.0.0.9;proto=http;host=inner",
		client{Addr: "203.0.113.7", Scheme: "https", Host: "shop.test"}},
	{"what only the inner proxy says holds", "Forwarded: for=203.0.113.7, for=10.0.0.9;proto=https", client{Addr: "203.0.113.7", Scheme: "https"}},
	{"two lines", "Forwarded: for=127.0.0.1\nForwarded: for=203.0.113.7", client{Addr: "203.0.113.7"}},
	{"a comma in a quoted string", `Forwarded: for=127.0.0.1, for=203.0.113.7;x="a,for=1.1.1.1"`, client{Addr: "203.0.113.7"}},
	{"an escaped quote", `Forwarded: x="a\",for=1.1.1.1";for=203.0.113.7`, client{Addr: "203.0.113.7"}},
	{"an escaped backslash", `Forwarded: for=127.0.0.1, x="a\\";for=203.0.113.7`, client{Addr: "203.0.113.7"}},
	{"escapes in an address", `Forwarded: for="203\.0.113\.7"`, client{Addr: "203.0.113.7"}},
	{"an open quote swallows nothing (Forwarded Header Sabotage)", `Forwarded: for=", for=203.0.113.7`, client{Addr: "203.0.113.7"}},
	{"nor before a quoted one", `Forwarded: for="1.1.1.1, for="[2001:db8::7]:4711"`, client{Addr: "2001:db8::7", Port: "4711"}},
	{"nor with a backslash", `Forwarded: for="\, for="[2001:db8::7]"`, client{Addr: "2001:db8::7"}},
	{"IPv6 without quotes", "Forwarded: for=[2001:db8::7]:80", client{Addr: "2001:db8::7", Port: "80"}},
	{"unknown", "Forwarded: for=127.0.0.1, for=unknown;proto=https", client{Scheme: "https"}},
	{"an obfuscated name", "Forwarded: for=127.0.0.1, for=_hidden", client{}},
	{"an obfuscated name behind a second proxy", "Forwarded: for=127.0.0.1, for=_hidden, for=10.0.0.9", client{Addr: "10.0.0.9"}},
	{"an obfuscated port in quotes", `Forwarded: for="203.0.113.7:_port"`, client{Addr: "203.0.113.7"}},
	{"no for", "Forwarded: for=127.0.0.1, proto=https", client{Scheme: "https"}},
	{"for twice", "Forwarded: for=127.0.0.1;for=203.0.113.7", client{}},
	{"no value (waitress 257)", "Forwarded: for=", client{}},
	{"no pair", "Forwarded: for=127.0.0.1, 203.0.113.7", client{}},
	{"a space before the equals sign", "Forwarded: for =203.0.113.7", client{}},
	{"a quote that is not closed", `Forwarded: for="203.0.113.7`, client{}},
	{"something behind a quoted string", `Forwarded: for="203.0.113.7"x`, client{}},
	{"empty pairs", "Forwarded: ;for=203.0.113.7;;", client{Addr: "203.0.113.7"}},
	{"an injecting host", `Forwarded: for=203.0.113.7;host="evil.test/?\""`, client{Addr: "203.0.113.7"}},

	// Both.
	{"X-Forwarded-For counts", "Forwarded: for=127.0.0.1;proto=https;host=evil.test\nX-Forwarded-For: 203.0.113.7", client{Addr: "203.0.113.7"}},
	{"an empty X-Forwarded-For does not", "Forwarded: for=203.0.113.7\nX-Forwarded-For: , \nX-Forwarded-Proto: https", client{Addr: "203.0.113.7"}},
	{"Forwarded does without the rest of the family", "Forwarded: for=203.0.113.7\nX-Forwarded-Host: evil.test\nX-Forwarded-Prefix: /evil", client{Addr: "203.0.113.7"}},
}

func header(lines string) http.Header {
	h := make(http.Header)
	for line := range strings.SplitSeq(lines, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			h.Add(name, value)
		}
	}
	return h
}

func TestRead(t *testing.T) {
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			h := header(test.lines)
			got, _ := proxies.Read(h)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.lines, diff)
			}
			require.Equal(t, header(test.lines), h, "the header was changed")
		})
	}
}

// TestReadLeaves says which headers are still there.
func TestReadLeaves(t *testing.T) {
	family := "\nX-Forwarded-Proto: https\nX-Forwarded-Host: h\nX-Forwarded-Port: 1\nX-Forwarded-Prefix: /p\nX-Forwarded-User: ada"
	for _, test := range []struct{ name, lines, want string }{
		{"the family", "X-Forwarded-For: 203.0.113.7" + family, "X-Forwarded-For: 203.0.113.7" + family},
		{"both", "Forwarded: for=127.0.0.1\nX-Forwarded-For: 203.0.113.7" + family, "X-Forwarded-For: 203.0.113.7" + family},
		{"Forwarded", "Forwarded: for=203.0.113.7\nX-Forwarded-For: ," + family, "Forwarded: for=203.0.113.7\nX-Forwarded-User: ada"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, left := proxies.Read(header(test.lines))
			require.Equal(t, header(test.want), left)
		})
	}
	lines := "Forwarded: x\nX-Forwarded-For: x\nX-Real-Ip: 1.1.1.1\nAccept: x" + family
	require.Equal(t, header("X-Real-Ip: 1.1.1.1\nAccept: x"), forwarded.Without(header(lines)))
}

// FuzzRead: no text makes it panic, name an address that is not in the text, or
// return a host or prefix that would be more than that in a URL.
func FuzzRead(f *testing.F) {
	for _, test := range cases {
		h := header(test.lines)
		f.Add(strings.Join(h["X-Forwarded-For"], "\n"), strings.Join(h["Forwarded"], "\n"), h.Get("X-Forwarded-Host"), h.Get("X-Forwarded-Prefix"))
	}
	f.Fuzz(func(t *testing.T, list, standard, host, prefix string) {
		got, _ := proxies.Read(http.Header{
			"X-Forwarded-For": strings.Split(list, "\n"), "Forwarded": strings.Split(standard, "\n"), "X-Forwarded-Proto": {host},
			"X-Forwarded-Host": {host}, "X-Forwarded-Port": {host}, "X-Forwarded-Prefix": {prefix},
		})
		if got.Addr != "" {
			require.True(t, contains(list+"\n"+standard, got.Addr), "%q is neither in %q nor in %q", got.Addr, list, standard)
		}
		require.Contains(t, []string{"", "http", "https"}, got.Scheme)
		require.Regexp(t, `^([1-9][0-9]{0,4})?$`, got.Port)
		require.Regexp(t, `^([1-9][0-9]{0,4})?$`, got.At)
		require.Regexp(t, `^((\[[0-9A-Fa-f:.]+\]|[\w.-]{1,254})(:[0-9]{1,5})?)?$`, got.Host)
		require.Regexp(t, `^(/[\w.~-]+)*$`, got.Prefix)
		require.NotContains(t, got.Prefix+"/", "/../")
	})
}

// contains reports whether text has an address that is addr, in whatever form.
func contains(text, addr string) bool {
	words := strings.FieldsFunc(strings.ReplaceAll(text, `\`, ""), func(c rune) bool {
		return !strings.ContainsRune("0123456789abcdefABCDEF:.", c)
	})
	for _, word := range words {
		for _, end := range []int{len(word), strings.LastIndexByte(word, ':')} {
			if end < 0 {
				continue
			}
			if found, err := netip.ParseAddr(word[:end]); err == nil && found.Unmap().String() == addr {
				return true
			}
		}
	}
	return false
}
