package address_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/address"
)

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		name, addr, host, port string
		ok                     bool
	}{
		{"IPv4 with a port", "192.0.2.1:8080", "192.0.2.1", "8080", true},
		{"IPv4 alone", "192.0.2.1", "192.0.2.1", "", true},
		{"IPv6 with a port", "[2001:db8::7]:8080", "2001:db8::7", "8080", true},
		{"IPv6 in brackets alone", "[2001:db8::7]", "2001:db8::7", "", true},
		{"bare IPv6", "2001:db8::7", "2001:db8::7", "", true},
		{"a zone", "[fe80::1%eth0]:80", "fe80::1%eth0", "80", true},
		{"a name with a port", "example.com:80", "example.com", "80", true},
		{"an empty port", "example.com:", "example.com", "", true},
		{"a port alone", ":80", "", "80", false},
		{"an unnamed Unix socket", "@", "", "", false},
		{"an abstract Unix socket", "@name:1", "", "", false},
		{"a Unix socket's path", "/run/app:1", "", "", false},
		{"nothing", "", "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			host, port, ok := address.Split(tt.addr)
			require.Equal(t, tt.host, host)
			require.Equal(t, tt.port, port)
			require.Equal(t, tt.ok, ok)
		})
	}
}
