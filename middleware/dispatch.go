package middleware

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// Dispatch returns an App that calls the one of mounts whose prefix begins
// PATH_INFO, the longest where several do, and fallback where none does. The
// prefix moves from PATH_INFO to the end of SCRIPT_NAME (PEP 3333, "environ
// Variables"; the work of wsgiref.util.shift_path_info), so that under "/legacy"
// a request for /legacy has PATH_INFO "", and one for /legacy/ has "/".
//
// A prefix matches whole segments, byte by byte: "/a" takes neither /ab nor //a.
// The keys "a", "/a" and "/a/" are one prefix; "" and "/" are the root, which
// takes everything. A nil fallback answers 404. Dispatch copies mounts; it
// panics if two of the keys are one prefix, or if one's App is nil.
func Dispatch(fallback adapter.App, mounts map[string]adapter.App) adapter.App {
	if fallback == nil {
		fallback = notFound
	}
	table := newMounts(mounts)
	return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		path := env.Get("PATH_INFO")
		for _, m := range table {
			rest, ok := cutSegments(path, m.prefix)
			if !ok {
				continue
			}
			if m.prefix != "" {
				env.Set("SCRIPT_NAME", env.Get("SCRIPT_NAME")+m.prefix)
				env.Set("PATH_INFO", rest)
			}
			return m.app(env, start)
		}
		return fallback(env, start)
	}
}

type mount struct {
	prefix string
	app    adapter.App
}

// newMounts lists mounts with the longest prefix first.
func newMounts(mounts map[string]adapter.App) []mount {
	table := make([]mount, 0, len(mounts))
	keys := make(map[string]string, len(mounts))
	for key, app := range mounts {
		prefix := mountPrefix(key)
		if other, ok := keys[prefix]; ok {
			panic(fmt.Sprintf("middleware: Dispatch: mounts %q and %q are one prefix", min(key, other), max(key, other)))
		}
		if app == nil {
			panic(fmt.Sprintf("middleware: Dispatch: the App of mount %q is nil", key))
		}
		keys[prefix] = key
		table = append(table, mount{prefix, app})
	}
	slices.SortFunc(table, func(a, b mount) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
	return table
}

func mountPrefix(key string) string {
	prefix := strings.TrimRight(key, "/")
	if prefix != "" && prefix[0] != '/' {
		prefix = "/" + prefix
	}
	return prefix
}

// cutSegments takes prefix off path where it ends with a segment.
func cutSegments(path, prefix string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, prefix)
	return rest, ok && (prefix == "" || rest == "" || rest[0] == '/')
}

// notFound answers 404.
func notFound(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
	const text = "404 page not found\n"
	_, err := start("404 Not Found", adapter.Headers{
		{"Content-Type", "text/plain"},
		{"Content-Length", strconv.Itoa(len(text))},
	})
	if err != nil || env.Get("REQUEST_METHOD") == "HEAD" {
		return nil, err
	}
	return adapter.Text(text), nil
}
