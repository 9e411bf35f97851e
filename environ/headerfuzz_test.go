package environ_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gowsgi/gowsgi/environ"
)

// Whatever is in a header, one key at a time agrees with all of them, and a
// name that a client can send is found under the key that PEP 3333 gives it.
func FuzzHeaders(f *testing.F) {
	for _, name := range []string{
		"Accept", "accept", "X-Foo", "X_Foo", "X-Foo_Bar", "Proxy", "Host", "Content-Type", "Content-Length", "Content-Md5",
		"Transfer-Encoding", "Trailer", "Cookie", "X-Cookie", "X-1st", "1-X", "-", "--", "-A", "A-", "X!#$%&'*+.^`|~", "X Space",
		"", "_", "X-\xff", "x-Foo", "X-FOO", "User-Agent", "Http-Host", "X-Forwarded-For",
	} {
		f.Add(name, "HTTP_X_FOO", "value", "")
		f.Add(name, "HTTP_"+name, "a", "b")
	}
	f.Add("X-Foo", "HTTP_X-FOO", "", "")
	f.Add("X-Foo", "HTTP_x_foo", "", "")
	f.Add("X-Foo", "HTTP_", "", "")
	f.Fuzz(func(t *testing.T, name, key, first, second string) {
		values := []string{first}
		if second != "" {
			values = append(values, second)
		}
		canonical := http.CanonicalHeaderKey(name)
		for _, header := range []http.Header{{name: values}, {canonical: values}, {name: values, "X-Foo": {"foo"}, "Proxy": {"p"}}} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header = header
			env := environ.FromRequest(r)
			checkDict(t, env, key)
			if canonical == "" || !sendable.MatchString(canonical) || elsewhere[canonical] || header[canonical] == nil {
				continue
			}
			if got := env.Get("HTTP_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))); !strings.HasPrefix(got, header[canonical][0]) {
				t.Fatalf("%q: %q has become %q", name, header[canonical], got)
			}
		}
	})
}

// sendable are the names that become a key by themselves; the others are a
// variable of their own, or none.
var (
	sendable  = regexp.MustCompile("^[0-9A-Za-z!#$%&'*+.^`|~-]+$")
	elsewhere = map[string]bool{
		"Host": true, "Transfer-Encoding": true, "Trailer": true, "Content-Type": true, "Content-Length": true, "Proxy": true,
	}
)

// checkDict checks that every way to read a dict tells the same of it, and that
// it has key in all of them or in none.
func checkDict(t *testing.T, env *environ.Environ, key string) {
	t.Helper()
	dict := env.Map()
	if env.Len() != len(dict) {
		t.Fatalf("Len is %d, and Map has %d keys", env.Len(), len(dict))
	}
	var keys []string
	for k, v := range env.All() {
		keys = append(keys, k)
		got, ok := env.Lookup(k)
		if s, isString := v.(string); !ok || isString && (got != v || env.Get(k) != s || env.Value(k) != v) {
			t.Fatalf("%q: All has %v, Lookup %v, Value %v, Get %q", k, v, got, env.Value(k), env.Get(k))
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(dict)), keys, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("All and Map (-map +all):\n%s", diff)
	}
	value, ok := env.Lookup(key)
	if _, listed := dict[key]; ok != listed {
		t.Fatalf("Lookup of %q says %t, and Map %t", key, ok, listed)
	}
	if want := textUnder(key, value); env.Get(key) != want {
		t.Fatalf("Get of %q is %q, and Lookup has %v", key, env.Get(key), value)
	}
}

// textUnder is what Get returns of value: a string, or the text of an integer
// under a key without a dot.
func textUnder(key string, value any) string {
	switch value := value.(type) {
	case string:
		return value
	case int:
		if !strings.Contains(key, ".") {
			return strconv.Itoa(value)
		}
	}
	return ""
}
