// Package masked prints an environ under a secure.Policy.
package masked

import (
	"iter"
	"slices"
	"strconv"

	"github.com/gowsgi/gowsgi/internal/pyrepr"
	"github.com/gowsgi/gowsgi/secure"
)

// Value stands in the place of a value that may not be printed.
const Value = "<MASKED>"

// Values is an environ to be printed: a dictionary that can be asked for
// one key, for the number of its keys, and for all of them in sorted order.
type Values interface {
	Lookup(key string) (any, bool)
	Len() int
	All() iter.Seq2[string, any]
}

// Allows reports whether p lets the value of key be printed.
func Allows(p secure.Policy, key string) bool {
	return p.Off || slices.Contains(p.Allow, key)
}

// Shown yields the entries of values that p lets out, in sorted order: the allowed
// keys with their values and, where p names the masked ones, those with [Value]. A
// nested value comes as it is.
func Shown(p secure.Policy, values Values) iter.Seq2[string, any] {
	switch {
	case p.Off:
		return values.All()
	case len(p.Allow) == 0:
		return func(func(string, any) bool) {}
	case p.ShowMaskedKeys:
		return masked(p, values)
	default:
		return allowed(p, values)
	}
}

// Hidden returns how many keys of values p neither prints nor names.
func Hidden(p secure.Policy, values Values) int {
	hidden := values.Len()
	for range Shown(p, values) {
		hidden--
	}
	return hidden
}

// Append appends the text of values under p to dst: a Python dict in pywsgi's
// own style, its keys sorted, or, where nothing is allowed, name and a count.
func Append(dst []byte, p secure.Policy, name string, values Values) []byte {
	if !p.Off && len(p.Allow) == 0 {
		dst = append(append(append(dst, '<'), name...), " (keys: "...)
		return append(strconv.AppendInt(dst, int64(values.Len()), 10), ")>"...)
	}
	dst = append(dst, '{')
	shown := 0
	for key, value := range Shown(p, values) {
		if shown > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(pyrepr.AppendString(dst, key), ": "...)
		dst = pyrepr.Append(dst, value)
		shown++
	}
	// pywsgi cuts the brace off a finished repr, so its comma stands there
	// also where nothing came before it.
	if hidden := values.Len() - shown; hidden > 0 && !p.Off && !p.ShowMaskedKeys {
		dst = append(strconv.AppendInt(append(dst, ", (hidden keys: "...), int64(hidden), 10), ')')
	}
	return append(dst, '}')
}

func masked(p secure.Policy, values Values) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for key, value := range values.All() {
			if !slices.Contains(p.Allow, key) {
				value = Value
			}
			if !yield(key, value) {
				return
			}
		}
	}
}

// allowed asks for the few allowed keys instead of walking all of them.
func allowed(p secure.Policy, values Values) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		var space [8]string
		keys := append(space[:0], p.Allow...)
		slices.Sort(keys)
		for _, key := range slices.Compact(keys) {
			if value, ok := values.Lookup(key); ok && !yield(key, value) {
				return
			}
		}
	}
}
