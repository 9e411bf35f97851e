package adapter

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var addresses = []struct {
	addr string
	want listenAddress // the zero one for none
}{
	{":8080", listenAddress{kind: tcpAddress, name: ":8080"}},
	{"localhost:http", listenAddress{kind: tcpAddress, name: "localhost:http"}},
	{"[::1%lo]:0", listenAddress{kind: tcpAddress, name: "[::1%lo]:0"}},
	{"localhost", listenAddress{kind: tcpAddress, name: "localhost"}},
	{"unixes:80", listenAddress{kind: tcpAddress, name: "unixes:80"}},
	{"UNIX:80", listenAddress{kind: tcpAddress, name: "UNIX:80"}},
	{"unix", listenAddress{kind: tcpAddress, name: "unix"}},
	{"systemd", listenAddress{kind: tcpAddress, name: "systemd"}},
	{"unix:/run/app.sock", listenAddress{kind: unixAddress, name: "/run/app.sock"}},
	{"unix:///run/app.sock", listenAddress{kind: unixAddress, name: "/run/app.sock"}},
	{"unix:app.sock", listenAddress{kind: unixAddress, name: "app.sock"}},
	{"unix:/a:b c%20", listenAddress{kind: unixAddress, name: "/a:b c%20"}},
	{"unix:/a?mode=0660", listenAddress{kind: unixAddress, name: "/a", mode: 0o660}},
	{"unix:/a?mode=7", listenAddress{kind: unixAddress, name: "/a", mode: 7}},
	{"unix:/a?mode=+7", listenAddress{}},
	{"unix:/a?mode=0o7", listenAddress{}},
	{"unix:/a?mode=1000", listenAddress{}},
	{"unix:/a?mode=", listenAddress{}},
	{"unix:/a?", listenAddress{}},
	{"unix://a", listenAddress{}},
	{"unix:?", listenAddress{}},
	{"unix:@", listenAddress{}},
	{"unix:@name", listenAddress{kind: abstractAddress, name: "@name"}},
	{"unix:@name?mode=0600", listenAddress{}},
	{"unix:./@name", listenAddress{kind: unixAddress, name: "./@name"}},
	{"fd://0", listenAddress{kind: descriptorAddress}},
	{"fd://3", listenAddress{kind: descriptorAddress, descriptor: 3}},
	{"fd://+3", listenAddress{}},
	{"fd://3/", listenAddress{}},
	{"fd:3", listenAddress{}},
	{"fd://2147483648", listenAddress{}},
	{"systemd:", listenAddress{kind: systemdAddress}},
	{"systemd:web", listenAddress{kind: systemdAddress, name: "web"}},
	{"", listenAddress{}},
	{"a\x7f:80", listenAddress{}},
}

func TestParseAddress(t *testing.T) {
	for _, tt := range addresses {
		t.Run(tt.addr, func(t *testing.T) {
			got, err := parseAddress(tt.addr)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.want == listenAddress{}, err != nil)
		})
	}
}

// FuzzParseAddress: whatever is no TCP address names exactly one thing, and no
// more of the file system than the text has.
func FuzzParseAddress(f *testing.F) {
	for _, tt := range addresses {
		f.Add(tt.addr)
	}
	f.Fuzz(func(t *testing.T, addr string) {
		at, err := parseAddress(addr)
		if err != nil {
			require.Equal(t, listenAddress{}, at)
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.NotContains(t, at.name, "\x00")
		require.NotContains(t, at.name, "\n")
		require.Contains(t, addr, at.name)
		require.Zero(t, at.mode&^fs.ModePerm)
		switch at.kind {
		case tcpAddress:
			require.Equal(t, addr, at.name)
		case unixAddress:
			require.True(t, strings.HasPrefix(addr, "unix:"))
			require.NotEmpty(t, at.name)
			require.False(t, strings.HasPrefix(at.name, "@") || strings.HasPrefix(at.name, "//") || strings.Contains(at.name, "?"))
		case abstractAddress:
			require.Equal(t, addr, "unix:"+at.name)
			require.Greater(t, len(at.name), 1)
		case descriptorAddress:
			require.GreaterOrEqual(t, at.descriptor, 0)
		case systemdAddress:
			require.Equal(t, addr, "systemd:"+at.name)
		default:
			t.Fatalf("kind %d", at.kind)
		}
	})
}
