package secure

import (
	"iter"
	"slices"
	"strconv"

	"github.com/gowsgi/gowsgi/internal/pyrepr"
)

// Masked is what stands in the place of a value that may not be printed.
const Masked = "<MASKED>"

// Default is the policy of pywsgi's SecureEnviron: nothing is allowed, and the
// masked keys are named once something is.
var Default = Policy{ShowMaskedKeys: true}

// WSGI is the policy of pywsgi's WSGISecureEnviron: the client's address and
// the host it asked for are printed, the rest is only counted.
var WSGI = Policy{Allow: []string{"REMOTE_ADDR", "REMOTE_PORT", "HTTP_HOST"}}

// Policy says which values of an environ may be printed. The zero Policy masks
// everything: an environ under it prints as a count of its keys.
//
// A Policy is read whenever something is printed, from any goroutine; change a
// copy, not one that is in use.
type Policy struct {
	// Allow names the keys that are printed as they are (pywsgi's
	// whitelist_keys). Empty means none, and then only a count is printed.
	Allow []string

	// ShowMaskedKeys names the other keys too, each with Masked for its
	// value (print_masked_keys). False means that they are only counted.
	ShowMaskedKeys bool

	// Off prints everything, for debugging (secure_repr = False). False
	// means that the other two fields hold.
	Off bool
}

// Values is the environ a Policy prints: a dictionary that can be asked for
// one key, for the number of its keys, and for all of them in sorted order.
type Values interface {
	Lookup(key string) (any, bool)
	Len() int
	All() iter.Seq2[string, any]
}

// Allows reports whether the value of key may be printed.
func (p Policy) Allows(key string) bool {
	return p.Off || slices.Contains(p.Allow, key)
}

// Shown yields what p lets out of values, in sorted order: the allowed keys
// with their values and, where p names the masked ones, those with [Masked]. A
// nested value comes as it is.
func (p Policy) Shown(values Values) iter.Seq2[string, any] {
	switch {
	case p.Off:
		return values.All()
	case len(p.Allow) == 0:
		return func(func(string, any) bool) {}
	case p.ShowMaskedKeys:
		return p.masked(values)
	default:
		return p.allowed(values)
	}
}

// Hidden returns how many keys of values p neither prints nor names.
func (p Policy) Hidden(values Values) int {
	hidden := values.Len()
	for range p.Shown(values) {
		hidden--
	}
	return hidden
}

// Append appends the text of values under p to dst: a Python dict in pywsgi's
// own style, its keys sorted, or, where nothing is allowed, name and a count.
func (p Policy) Append(dst []byte, name string, values Values) []byte {
	if !p.Off && len(p.Allow) == 0 {
		dst = append(append(append(dst, '<'), name...), " (keys: "...)
		return append(strconv.AppendInt(dst, int64(values.Len()), 10), ")>"...)
	}
	dst = append(dst, '{')
	shown := 0
	for key, value := range p.Shown(values) {
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

func (p Policy) masked(values Values) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for key, value := range values.All() {
			if !slices.Contains(p.Allow, key) {
				value = Masked
			}
			if !yield(key, value) {
				return
			}
		}
	}
}

// allowed asks for the few allowed keys instead of walking all of them.
func (p Policy) allowed(values Values) iter.Seq2[string, any] {
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
