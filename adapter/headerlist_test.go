package adapter_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
)

func TestHeaders(t *testing.T) {
	full := adapter.Headers{{"Vary", "Cookie"}, {"X-A", "1"}, {"set-cookie", "a=1"}, {"x-a", "2"}, {"X-B", ""}, {"Set-Cookie", "b=2"}}
	tests := []struct {
		name string
		from adapter.Headers
		call func(h *adapter.Headers)
		want adapter.Headers
	}{
		{"Set of one", full, func(h *adapter.Headers) { h.Set("vary", "Accept") },
			adapter.Headers{{"vary", "Accept"}, {"X-A", "1"}, {"set-cookie", "a=1"}, {"x-a", "2"}, {"X-B", ""}, {"Set-Cookie", "b=2"}}},
		{"Set of several", full, func(h *adapter.Headers) { h.Set("X-a", "3") },
			adapter.Headers{{"Vary", "Cookie"}, {"X-a", "3"}, {"set-cookie", "a=1"}, {"X-B", ""}, {"Set-Cookie", "b=2"}}},
		{"Set of the last", full, func(h *adapter.Headers) { h.Set("SET-COOKIE", "c") },
			adapter.Headers{{"Vary", "Cookie"}, {"X-A", "1"}, {"SET-COOKIE", "c"}, {"x-a", "2"}, {"X-B", ""}}},
		{"Set of a new one", full, func(h *adapter.Headers) { h.Set("X-C", "3") }, append(slices.Clone(full), [2]string{"X-C", "3"})},
		{"Set of a name within another", full, func(h *adapter.Headers) { h.Set("X", "3") }, append(slices.Clone(full), [2]string{"X", "3"})},
		{"Add", full, func(h *adapter.Headers) { h.Add("X-A", "3") }, append(slices.Clone(full), [2]string{"X-A", "3"})},
		{"Del", full, func(h *adapter.Headers) { h.Del("Set-Cookie") },
			adapter.Headers{{"Vary", "Cookie"}, {"X-A", "1"}, {"x-a", "2"}, {"X-B", ""}}},
		{"Del of none", full, func(h *adapter.Headers) { h.Del("X-C") }, full},
		{"Del of all", adapter.Headers{{"a", "1"}, {"A", "2"}}, func(h *adapter.Headers) { h.Del("a") }, adapter.Headers{}},
		{"nil, Set", nil, func(h *adapter.Headers) { h.Set("A", "1") }, adapter.Headers{{"A", "1"}}},
		{"nil, Add", nil, func(h *adapter.Headers) { h.Add("A", "1") }, adapter.Headers{{"A", "1"}}},
		{"nil, Del", nil, func(h *adapter.Headers) { h.Del("A") }, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, before := test.from, slices.Clone(test.from)
			test.call(&h)
			if diff := cmp.Diff(test.want, h); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(before, test.from); diff != "" {
				t.Errorf("the list that it was given has changed (-before +after):\n%s", diff)
			}
		})
	}

	for name, want := range map[string]string{"VARY": "Cookie", "x-A": "1", "X-B": "", "Set-Cookie": "a=1", "X-C": "", "": ""} {
		require.Equal(t, want, full.Get(name), name)
	}
	require.Empty(t, adapter.Headers(nil).Get("A"))
}

// Applications share a list between requests, and middleware adds to it: into no
// memory that others see.
func TestHeadersOfOthers(t *testing.T) {
	for _, length := range []int{0, 1, 5, 64} {
		common := make(adapter.Headers, 0, 128)
		for i := range length {
			common = append(common, [2]string{"X-" + strconv.Itoa(i), "common"})
		}
		for name, change := range map[string]func(h *adapter.Headers, value string){
			"Add":      func(h *adapter.Headers, value string) { h.Add("X-User", value) },
			"Set":      func(h *adapter.Headers, value string) { h.Set("X-0", value) },
			"Set, new": func(h *adapter.Headers, value string) { h.Set("X-User", value) },
			"Del and Add": func(h *adapter.Headers, value string) {
				h.Del("X-0")
				h.Add("X-User", value)
			},
		} {
			t.Run(name+" "+strconv.Itoa(length), func(t *testing.T) {
				ann, ben := common, common
				change(&ann, "ann")
				want := slices.Clone(ann)
				change(&ben, "ben")
				if diff := cmp.Diff(want, ann); diff != "" {
					t.Errorf("one request's headers are in another's (-before +after):\n%s", diff)
				}
				require.NotContains(t, common, [2]string{"X-0", "ann"})
			})
		}
	}
}

// A list of any length is made in time that grows with its length.
func TestHeadersAddIsNotQuadratic(t *testing.T) {
	var h adapter.Headers
	grown := 0
	for i := range 10_000 {
		before := cap(h)
		h.Add("X-"+strconv.Itoa(i), "v")
		if cap(h) != before {
			grown++
		}
	}
	require.Len(t, h, 10_000)
	require.Less(t, grown, 150)
}
