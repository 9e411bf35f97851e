package middleware_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// named answers with its name, SCRIPT_NAME and PATH_INFO, one a line.
func named(name string) adapter.App {
	return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		_, err := start("200 OK", adapter.Headers{{"Content-Type", "text/plain"}})
		return adapter.Text(name, "\n", env.Get("SCRIPT_NAME"), "\n", env.Get("PATH_INFO")), err
	}
}

func mountsOf(prefixes ...string) map[string]adapter.App {
	mounts := make(map[string]adapter.App)
	for _, prefix := range prefixes {
		mounts[prefix] = named(prefix)
	}
	return mounts
}

// noStart is a start that takes everything.
func noStart(string, adapter.Headers, ...error) (io.Writer, error) { return io.Discard, nil }

func textOf(body adapter.Body) string {
	var b strings.Builder
	if body != nil {
		for chunk := range body.Chunks() {
			b.Write(chunk)
		}
	}
	return b.String()
}

// split is where a request went: mount, SCRIPT_NAME, PATH_INFO.
type split [3]string

var dispatchCases = []struct {
	name     string
	prefixes []string
	at       [2]string // SCRIPT_NAME and PATH_INFO
	want     split
}{
	{"the prefix itself", []string{"/legacy"}, [2]string{"", "/legacy"}, split{"/legacy", "/legacy", ""}},
	{"the prefix with a slash", []string{"/legacy"}, [2]string{"", "/legacy/"}, split{"/legacy", "/legacy", "/"}},
	{"below the prefix", []string{"/legacy"}, [2]string{"", "/legacy/a/b"}, split{"/legacy", "/legacy", "/a/b"}},
	{"below another SCRIPT_NAME", []string{"/a"}, [2]string{"/app", "/a/b"}, split{"/a", "/app/a", "/b"}},
	{"half a segment", []string{"/a"}, [2]string{"", "/ab"}, split{"fallback", "", "/ab"}},
	{"two slashes before", []string{"/a"}, [2]string{"", "//a"}, split{"fallback", "", "//a"}},
	{"two slashes behind", []string{"/a"}, [2]string{"", "/a//b"}, split{"/a", "/a", "//b"}},
	{"another case of letters", []string{"/a"}, [2]string{"", "/A"}, split{"fallback", "", "/A"}},
	{"no match", []string{"/a", "/b"}, [2]string{"", "/c"}, split{"fallback", "", "/c"}},
	{"no mounts", nil, [2]string{"", "/c"}, split{"fallback", "", "/c"}},
	{"the longest wins", []string{"/a", "/a/b", "/a/b/c"}, [2]string{"", "/a/b/d"}, split{"/a/b", "/a/b", "/d"}},
	{"the longest is half a segment", []string{"/a", "/a/b"}, [2]string{"", "/a/bc"}, split{"/a", "/a", "/bc"}},
	{"two segments", []string{"/a/b"}, [2]string{"", "/a"}, split{"fallback", "", "/a"}},
	{"the root takes the rest", []string{"/a", "/"}, [2]string{"", "/b"}, split{"/", "", "/b"}},
	{"the root is the shortest", []string{"", "/a"}, [2]string{"", "/a/b"}, split{"/a", "/a", "/b"}},
	{"an empty path at the root", []string{""}, [2]string{"/app", ""}, split{"", "/app", ""}},
	{"an empty path", []string{"/a"}, [2]string{"/app", ""}, split{"fallback", "/app", ""}},
	{"OPTIONS *", []string{"/a"}, [2]string{"", "*"}, split{"fallback", "", "*"}},
	{"OPTIONS * at the root", []string{"/"}, [2]string{"", "*"}, split{"/", "", "*"}},
	{"a key without its slash", []string{"a"}, [2]string{"", "/a/b"}, split{"a", "/a", "/b"}},
	{"a key that ends in slashes", []string{"/a//"}, [2]string{"", "/a/b"}, split{"/a//", "/a", "/b"}},
	{"bytes that are no UTF-8", []string{"/\xff"}, [2]string{"", "/\xff/x"}, split{"/\xff", "/\xff", "/x"}},
	{"a decoded slash", []string{"/a/b"}, [2]string{"", "/a/b"}, split{"/a/b", "/a/b", ""}},
}

func dispatched(t testing.TB, app adapter.App, at [2]string) split {
	t.Helper()
	env := environ.New(map[string]any{"SCRIPT_NAME": at[0], "PATH_INFO": at[1]})
	body, err := app(env, noStart)
	require.NoError(t, err)
	var got split
	copy(got[:], strings.SplitN(textOf(body), "\n", 3))
	return got
}

func TestDispatchSplitsThePath(t *testing.T) {
	for _, tt := range dispatchCases {
		t.Run(tt.name, func(t *testing.T) {
			app := middleware.Dispatch(named("fallback"), mountsOf(tt.prefixes...))
			if diff := cmp.Diff(tt.want, dispatched(t, app, tt.at)); diff != "" {
				t.Errorf("mount, SCRIPT_NAME, PATH_INFO (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDispatchRefusesMounts(t *testing.T) {
	tests := []struct {
		name   string
		mounts map[string]adapter.App
		want   string
	}{
		{"a slash at the end", mountsOf("/a", "/a/"), `middleware: Dispatch: mounts "/a" and "/a/" are one prefix`},
		{"a slash at the start", mountsOf("a", "/a"), `middleware: Dispatch: mounts "/a" and "a" are one prefix`},
		{"two roots", mountsOf("", "/"), `middleware: Dispatch: mounts "" and "/" are one prefix`},
		{"no App", map[string]adapter.App{"/a": nil}, `middleware: Dispatch: the App of mount "/a" is nil`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.PanicsWithValue(t, tt.want, func() { middleware.Dispatch(nil, tt.mounts) })
		})
	}
}

func TestDispatchCopiesItsMounts(t *testing.T) {
	mounts := mountsOf("/a")
	app := middleware.Dispatch(named("fallback"), mounts)
	mounts["/a"], mounts["/b"] = named("changed"), named("added")
	require.Equal(t, split{"/a", "/a", ""}, dispatched(t, app, [2]string{"", "/a"}))
	require.Equal(t, split{"fallback", "", "/b"}, dispatched(t, app, [2]string{"", "/b"}))
}

// TestDispatchLeavesTheRootAlone checks that what goes to the root, or to the
// fallback, has the environ it came with: FromHandler tells what was Set.
func TestDispatchLeavesTheRootAlone(t *testing.T) {
	for _, mounts := range []map[string]adapter.App{nil, mountsOf("/")} {
		env := environ.New(map[string]any{"PATH_INFO": "/x"})
		_, err := middleware.Dispatch(named("fallback"), mounts)(env, noStart)
		require.NoError(t, err)
		require.Equal(t, map[string]any{"PATH_INFO": "/x"}, env.Map())
	}
}

func TestDispatchNests(t *testing.T) {
	inner := middleware.Dispatch(named("fallback"), mountsOf("/b"))
	outer := middleware.Dispatch(nil, map[string]adapter.App{"/a": inner})
	require.Equal(t, split{"/b", "/a/b", "/c"}, dispatched(t, outer, [2]string{"", "/a/b/c"}))
	require.Equal(t, split{"fallback", "/a", "/c"}, dispatched(t, outer, [2]string{"", "/a/c"}))
}

func TestDispatchOverSockets(t *testing.T) {
	mounts := mountsOf("/legacy")
	mounts["/go"] = adapter.FromHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "handler "+r.URL.Path)
	}))
	srv := wiretest.Serve(t, &adapter.Handler{App: middleware.Validate(middleware.Dispatch(nil, mounts))})

	const ok, none = "HTTP/1.1 200 OK\nContent-Type: text/plain\n", "HTTP/1.1 404 Not Found\nContent-Type: text/plain\n"
	tests := []struct{ name, request, want string }{
		{"the mount", "GET /legacy", ok + "Content-Length: 16\n\n/legacy\n/legacy\n"},
		{"the mount with a slash", "GET /legacy/", ok + "Content-Length: 17\n\n/legacy\n/legacy\n/"},
		{"escaped", "GET /legacy/a%2Fb%20c", ok + "Content-Length: 22\n\n/legacy\n/legacy\n/a/b c"},
		{"an escaped mount", "GET /%6Cegacy/x", ok + "Content-Length: 18\n\n/legacy\n/legacy\n/x"},
		{"an http.Handler", "GET /go/x", ok + "Content-Length: 10\n\nhandler /x"},
		{"elsewhere", "GET /legacies", none + "Content-Length: 19\n\n404 page not found\n"},
		{"elsewhere with HEAD", "HEAD /legacies", none + "Content-Length: 19\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := srv.Do(tt.request + " HTTP/1.1\nHost: x\n\n")
			if diff := cmp.Diff(sortedHead(tt.want), sortedHead(got)); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
		})
	}
}

// sortedHead sorts the headers of a response: net/http moves some of them.
func sortedHead(response string) string {
	head, body, _ := strings.Cut(response, "\n\n")
	lines := strings.Split(head, "\n")
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n") + "\n\n" + body
}

// FuzzDispatch checks that the path that was asked for stays what it was, and
// moves by whole segments.
func FuzzDispatch(f *testing.F) {
	for _, tt := range dispatchCases {
		prefix := ""
		if len(tt.prefixes) > 0 {
			prefix = tt.prefixes[0]
		}
		f.Add(prefix, tt.at[0], tt.at[1])
	}
	f.Fuzz(func(t *testing.T, prefix, script, path string) {
		env := environ.New(map[string]any{"SCRIPT_NAME": script, "PATH_INFO": path})
		app := middleware.Dispatch(named("fallback"), mountsOf(prefix))
		_, err := app(env, noStart)
		require.NoError(t, err)
		gotScript, gotPath := env.Get("SCRIPT_NAME"), env.Get("PATH_INFO")
		require.Equal(t, script+path, gotScript+gotPath)
		require.True(t, strings.HasPrefix(gotScript, script))
		if moved := gotScript[len(script):]; moved != "" {
			require.Equal(t, byte('/'), moved[0])
			require.True(t, gotPath == "" || gotPath[0] == '/')
			require.Equal(t, strings.Trim(prefix, "/"), strings.TrimLeft(moved, "/"), "another prefix has matched")
		}
	})
}
