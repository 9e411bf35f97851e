package masked_test

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/masked"
	"github.com/gowsgi/gowsgi/secure"
)

// dict is the least that a Policy can print.
type dict map[string]any

func (d dict) Len() int { return len(d) }

func (d dict) Lookup(key string) (any, bool) {
	v, ok := d[key]
	return v, ok
}

func (d dict) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for _, key := range slices.Sorted(maps.Keys(d)) {
			if !yield(key, d[key]) {
				return
			}
		}
	}
}

var (
	address = []string{"REMOTE_ADDR"}
	two     = dict{"REMOTE_ADDR": "::1", "HTTP_AUTHORIZATION": "secret"}
)

// The texts are what the classes of pywsgi's source print under Python 3.11,
// but for the name and the address of an environ that only counts.
func TestPolicies(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy secure.Policy
		values dict
		text   string
		shown  []string
		hidden int
	}{
		// docs/design.md has the same table.
		{"SecureEnviron", secure.Default, two, "<dict (keys: 2)>", nil, 2},
		{"SecureEnviron with a whitelist", secure.Policy{Allow: address, ShowMaskedKeys: true}, two,
			"{'HTTP_AUTHORIZATION': '<MASKED>', 'REMOTE_ADDR': '::1'}",
			[]string{"HTTP_AUTHORIZATION=<MASKED>", "REMOTE_ADDR=::1"}, 0},
		{"WSGISecureEnviron", secure.WSGI, two, "{'REMOTE_ADDR': '::1', (hidden keys: 1)}", []string{"REMOTE_ADDR=::1"}, 1},
		{"a whitelist without the masked keys", secure.Policy{Allow: address}, two,
			"{'REMOTE_ADDR': '::1', (hidden keys: 1)}", []string{"REMOTE_ADDR=::1"}, 1},
		{"off", secure.Policy{Off: true}, two,
			"{'HTTP_AUTHORIZATION': 'secret', 'REMOTE_ADDR': '::1'}",
			[]string{"HTTP_AUTHORIZATION=secret", "REMOTE_ADDR=::1"}, 0},

		{"the zero Policy", secure.Policy{}, two, "<dict (keys: 2)>", nil, 2},
		{"an empty whitelist", secure.Policy{Allow: []string{}, ShowMaskedKeys: true}, two, "<dict (keys: 2)>", nil, 2},
		{"off wins", secure.Policy{Allow: address, ShowMaskedKeys: true, Off: true}, two,
			"{'HTTP_AUTHORIZATION': 'secret', 'REMOTE_ADDR': '::1'}",
			[]string{"HTTP_AUTHORIZATION=secret", "REMOTE_ADDR=::1"}, 0},

		{"empty, counted", secure.Default, dict{}, "<dict (keys: 0)>", nil, 0},
		{"empty, WSGI", secure.WSGI, dict{}, "{}", nil, 0},
		{"empty, masked", secure.Policy{Allow: address, ShowMaskedKeys: true}, dict{}, "{}", nil, 0},
		{"empty, off", secure.Policy{Off: true}, dict{}, "{}", nil, 0},
		{"nothing hidden", secure.WSGI, dict{"REMOTE_ADDR": "::1"}, "{'REMOTE_ADDR': '::1'}", []string{"REMOTE_ADDR=::1"}, 0},
		{"all hidden, with pywsgi's comma", secure.WSGI, dict{"HTTP_AUTHORIZATION": "secret"}, "{, (hidden keys: 1)}", nil, 1},
		{"all masked", secure.Policy{Allow: address, ShowMaskedKeys: true}, dict{"HTTP_AUTHORIZATION": "secret"},
			"{'HTTP_AUTHORIZATION': '<MASKED>'}", []string{"HTTP_AUTHORIZATION=<MASKED>"}, 0},

		{"a whitelist out of order, with doubles", secure.Policy{Allow: []string{"b", "a", "b"}}, dict{"a": 1, "b": 2, "c": 3},
			"{'a': 1, 'b': 2, (hidden keys: 1)}", []string{"a=1", "b=2"}, 1},
		{"no prefix of a key is allowed", secure.Policy{Allow: []string{"HTTP_A", "http_auth"}}, dict{"HTTP_AUTH": "secret"},
			"{, (hidden keys: 1)}", nil, 1},
		{"a long whitelist", secure.Policy{Allow: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}}, dict{"9": "x"},
			"{'9': 'x'}", []string{"9=x"}, 0},
		{"values that break lines", secure.Policy{Off: true}, dict{"a\n": "b\r\n'", "wsgi.version": [2]int{1, 0}},
			`{'a\n': "b\r\n'", 'wsgi.version': (1, 0)}`, []string{"a\n=b\r\n'", "wsgi.version=[1 0]"}, 0},
		{"a value that looks masked", secure.Policy{Off: true}, dict{"a": "<MASKED>"}, "{'a': '<MASKED>'}", []string{"a=<MASKED>"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, "at: "+tt.text, string(masked.Append([]byte("at: "), tt.policy, "dict", tt.values)))
			require.Equal(t, tt.hidden, masked.Hidden(tt.policy, tt.values))
			var shown []string
			for key, value := range masked.Shown(tt.policy, tt.values) {
				shown = append(shown, key+"="+fmt.Sprint(value))
			}
			if diff := cmp.Diff(tt.shown, shown); diff != "" {
				t.Errorf("shown (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllows(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy secure.Policy
		key    string
		want   bool
	}{
		{"the zero Policy", secure.Policy{}, "REMOTE_ADDR", false},
		{"Default", secure.Default, "REMOTE_ADDR", false},
		{"an address under WSGI", secure.WSGI, "REMOTE_ADDR", true},
		{"a port under WSGI", secure.WSGI, "REMOTE_PORT", true},
		{"a host under WSGI", secure.WSGI, "HTTP_HOST", true},
		{"a cookie under WSGI", secure.WSGI, "HTTP_COOKIE", false},
		{"a masked key is named, not allowed", secure.Policy{Allow: address, ShowMaskedKeys: true}, "HTTP_COOKIE", false},
		{"another case", secure.WSGI, "remote_addr", false},
		{"off", secure.Policy{Off: true}, "HTTP_COOKIE", true},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, masked.Allows(tt.policy, tt.key)) })
	}
}

func TestShownStopsEarly(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy secure.Policy
	}{
		{"allowed", secure.Policy{Allow: []string{"a", "b"}}},
		{"masked", secure.Policy{Allow: []string{"a"}, ShowMaskedKeys: true}},
		{"off", secure.Policy{Off: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var keys []string
			for key := range masked.Shown(tt.policy, dict{"a": 1, "b": 2}) {
				keys = append(keys, key)
				break
			}
			require.Equal(t, []string{"a"}, keys)
		})
	}
}

// Printing sorts a copy of the whitelist: a Policy is shared by goroutines.
func TestAllowIsLeftAlone(t *testing.T) {
	allow := []string{"c", "a", "b", "a"}
	policy := secure.Policy{Allow: allow}
	done := make(chan struct{})
	for range 2 {
		go func() {
			defer func() { done <- struct{}{} }()
			for range 100 {
				_ = masked.Append(nil, policy, "dict", dict{"a": 1, "b": 2})
			}
		}()
	}
	<-done
	<-done
	require.Equal(t, []string{"c", "a", "b", "a"}, allow)
}

// Whatever the policy, what it does not allow is nowhere in the text.
func FuzzPolicy(f *testing.F) {
	f.Add("REMOTE_ADDR", "HTTP_COOKIE", true)
	f.Add("", "x", false)
	f.Add("HTTP_COOKIE", "HTTP_COOKIE", true)
	f.Add("'\n", "\xff", true)
	f.Fuzz(func(t *testing.T, allowed, key string, show bool) {
		const secret = "hunter-2-secret"
		policy := secure.Policy{Allow: []string{allowed}, ShowMaskedKeys: show}
		values := dict{allowed: "fine", key: secret}
		text := string(masked.Append(nil, policy, "dict", values))
		if key != allowed {
			require.NotContains(t, text, secret)
			require.Contains(t, text, "'fine'")
		}
		require.Equal(t, len(values), masked.Hidden(policy, values)+len(maps.Collect(masked.Shown(policy, values))))
	})
}
