package environ_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
)

type shift struct{ Script, Info, Name, ThenScript, ThenInfo string }

// What wsgiref.util.shift_path_info of Python 3.11 does; its None is "". The
// first half is CPython's own test_wsgiref.
var shifts = []shift{
	{"", "/", "", "/", ""},
	{"", "/x", "x", "/x", ""},
	{"/", "", "", "/", ""},
	{"/a", "/x/y", "x", "/a/x", "/y"},
	{"/a", "/x/", "x", "/a/x", "/"},
	{"/a/b", "/../y", "..", "/a", "/y"},
	{"", "/../y", "..", "", "/y"},
	{"/a/b", "//y", "y", "/a/b/y", ""},
	{"/a/b", "//y/", "y", "/a/b/y", "/"},
	{"/a/b", "/./y", "y", "/a/b/y", ""},
	{"/a/b", "/./y/", "y", "/a/b/y", "/"},
	{"/a/b", "///./..//y/.//", "..", "/a", "/y/"},
	{"/a/b", "///", "", "/a/b/", ""},
	{"/a/b", "/.//", "", "/a/b/", ""},
	{"/a/b", "/x//", "x", "/a/b/x", "/"},
	{"/a/b", "/.", "", "/a/b", ""},

	{"", "", "", "", ""},
	{"/a/b", "", "", "/a/b", ""},
	{"/", "/", "", "/", ""},
	{"/a/b", "/", "", "/a/b/", ""},
	{"/a/", "/x/y", "x", "/a/x", "/y"},
	{"/a", "//x//y/", "x", "/a/x", "/y/"},
	{"/a", "/x/.", "x", "/a/x", "/."},
	{"/a/b", "/..", "..", "/a", ""},
	{"", "/..", "..", "", ""},
	{"", "/../..", "..", "", "/.."},
	{"/a", "/../x/../y", "..", "", "/x/../y"},
	{"/a/b", "//", "", "/a/b/", ""},
	{"a", "/b", "b", "a/b", ""},
	{"", "/caf\xe9/x", "caf\xe9", "/caf\xe9", "/x"},
	{"/a", "/x/./y", "x", "/a/x", "/y"},
	{"/a", "/./", "", "/a/", ""},
	{"/a", "/ /b", " ", "/a/ ", "/b"},
	{"/..", "/b", "b", "/b", ""},
	{"/a/../b", "/c", "c", "/b/c", ""},
}

func TestShiftPath(t *testing.T) {
	for _, want := range shifts {
		t.Run(want.Script+" "+want.Info, func(t *testing.T) {
			env := environ.New(dict{"SCRIPT_NAME": want.Script, "PATH_INFO": want.Info})
			name := env.ShiftPath()
			got := shift{want.Script, want.Info, name, env.Get("SCRIPT_NAME"), env.Get("PATH_INFO")}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-python +got:\n%s", diff)
			}
		})
	}
}

// Where we differ from Python, which keeps two slashes at the start of a
// SCRIPT_NAME (posixpath.normpath) and fails on a path without a slash.
func TestShiftPathElsewhere(t *testing.T) {
	for _, want := range []shift{
		{"/", "/x", "x", "/x", ""},
		{"//a", "/b", "b", "/a/b", ""},
		{"", "x", "x", "/x", ""},
		{"/a", "*", "*", "/a/*", ""},
	} {
		env := environ.New(dict{"SCRIPT_NAME": want.Script, "PATH_INFO": want.Info})
		name := env.ShiftPath()
		require.Equal(t, want, shift{want.Script, want.Info, name, env.Get("SCRIPT_NAME"), env.Get("PATH_INFO")})
	}
}

func TestShiftPathOfARequest(t *testing.T) {
	got := mustSee(t, fromHandler(nil), mount("/legacy"), get("/legacy/a%2Fb/c"), func(env *environ.Environ) []string {
		seen := []string{}
		for {
			name := env.ShiftPath()
			seen = append(seen, name, env.Get("SCRIPT_NAME"), env.Get("PATH_INFO"))
			if name == "" {
				return append(seen, env.Get("REQUEST_URI"))
			}
		}
	})
	want := []string{"a", "/legacy/a", "/b/c", "b", "/legacy/a/b", "/c", "c", "/legacy/a/b/c", "", "", "/legacy/a/b/c", "", "/legacy/a%2Fb/c"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What wsgiref.util.application_uri and request_uri of Python 3.11 return.
func TestURLs(t *testing.T) {
	for _, tt := range []struct {
		name             string
		env              dict
		application, all string
	}{
		{"the root", dict{}, "http://127.0.0.1/", "http://127.0.0.1/"},
		{"latin-1", dict{"SCRIPT_NAME": "/caf\xe9"}, "http://127.0.0.1/caf%E9", "http://127.0.0.1/caf%E9/"},
		{"a mount", dict{"SCRIPT_NAME": "/spammity", "PATH_INFO": "/spam"}, "http://127.0.0.1/spammity", "http://127.0.0.1/spammity/spam"},
		{"a semicolon", dict{"PATH_INFO": "/spam;ham"}, "http://127.0.0.1/", "http://127.0.0.1/spam;ham"},
		{"parameters", dict{"PATH_INFO": "/spam;cookie=1234,5678"}, "http://127.0.0.1/", "http://127.0.0.1/spam;cookie=1234,5678"},
		{
			"a query", dict{"SCRIPT_NAME": "/foo", "PATH_INFO": "/bar", "QUERY_STRING": "x=y&%20"},
			"http://127.0.0.1/foo", "http://127.0.0.1/foo/bar?x=y&%20",
		},
		{"the mount itself", dict{"SCRIPT_NAME": "/foo", "PATH_INFO": ""}, "http://127.0.0.1/foo", "http://127.0.0.1/foo"},
		{"the mount's slash", dict{"SCRIPT_NAME": "/foo", "PATH_INFO": "/"}, "http://127.0.0.1/foo", "http://127.0.0.1/foo/"},
		{
			"punctuation", dict{"HTTP_HOST": "example.com:80", "PATH_INFO": "/a b%/~x:@&?#[]!$'()*+"},
			"http://example.com:80/", "http://example.com:80/a%20b%25/~x%3A%40%26%3F%23%5B%5D%21%24%27%28%29%2A%2B",
		},
		{"bytes", dict{"PATH_INFO": "/\xff\x00\x7f"}, "http://127.0.0.1/", "http://127.0.0.1/%FF%00%7F"},
		{
			"a mount with punctuation", dict{"SCRIPT_NAME": "/a;b=c,d e"},
			"http://127.0.0.1/a%3Bb%3Dc%2Cd%20e", "http://127.0.0.1/a%3Bb%3Dc%2Cd%20e/",
		},
		{"double slashes", dict{"PATH_INFO": "//x"}, "http://127.0.0.1/", "http://127.0.0.1//x"},

		{"no host, http", dict{"HTTP_HOST": "", "SERVER_NAME": "h", "SERVER_PORT": "80"}, "http://h/", "http://h/"},
		{"no host, http on another port", dict{"HTTP_HOST": "", "SERVER_NAME": "h", "SERVER_PORT": "443"}, "http://h:443/", "http://h:443/"},
		{
			"no host, https", dict{"HTTP_HOST": "", "SERVER_NAME": "h", "SERVER_PORT": "443", "wsgi.url_scheme": "https"},
			"https://h/", "https://h/",
		},
		{
			"no host, https on another port", dict{"HTTP_HOST": "", "SERVER_NAME": "h", "SERVER_PORT": "80", "wsgi.url_scheme": "https"},
			"https://h:80/", "https://h:80/",
		},

		// Here we differ: IPv6 needs its brackets, and a target that is no
		// path stays whole.
		{"IPv6", dict{"HTTP_HOST": "", "SERVER_NAME": "::1", "SERVER_PORT": "8080"}, "http://[::1]:8080/", "http://[::1]:8080/"},
		{"IPv6 with its brackets", dict{"HTTP_HOST": "", "SERVER_NAME": "[::1]", "SERVER_PORT": "80"}, "http://[::1]/", "http://[::1]/"},
		{"no port", dict{"HTTP_HOST": "", "SERVER_NAME": "h", "SERVER_PORT": nil}, "http://h/", "http://h/"},
		{"OPTIONS *", dict{"PATH_INFO": "*"}, "http://127.0.0.1/", "http://127.0.0.1/%2A"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			values := dict{
				"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "HTTP_HOST": "127.0.0.1", "wsgi.url_scheme": "http",
				"SCRIPT_NAME": "", "PATH_INFO": "/",
			}
			for key, value := range tt.env {
				values[key] = value
			}
			env := environ.New(values)
			require.Equal(t, tt.application, env.ApplicationURL())
			require.Equal(t, tt.all, env.RequestURL())
		})
	}
}

func TestURLsOfARequest(t *testing.T) {
	got := mustSee(t, fromHandler(nil), mount("/legacy"), get("/legacy/a%2Fb/caf%C3%A9?q=%2F"), func(env *environ.Environ) [2]string {
		return [2]string{env.ApplicationURL(), env.RequestURL()}
	})
	require.Equal(t, [2]string{"http://x/legacy", "http://x/legacy/a/b/caf%C3%A9?q=%2F"}, got)
}
