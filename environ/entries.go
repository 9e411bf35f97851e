package environ

import (
	"cmp"
	"reflect"
	"slices"
)

// entry is a key and its value: a string where value is nil. A string that is
// not boxed is one allocation less.
type entry struct {
	key   string
	text  string
	value any
}

func (e *entry) boxed() any {
	switch {
	case e.value == nil:
		return e.text
	case e.isNone():
		return nil
	default:
		return e.value
	}
}

func (e *entry) isNone() bool {
	_, ok := e.value.(none)
	return ok
}

// none stands for a value that is nil.
type none struct{}

// usual is a generous estimate of the number of keys in an environ.
const usual = 64

// entries appends every key with its value, once each, in no order.
func (st *state) entries(dst []entry) []entry {
	if st.req != nil {
		dst = st.appendComputed(dst)
		dst = st.appendHeaders(dst)
		dst = st.appendClientCert(dst)
		dst = st.appendBase(dst)
	}
	for key, v := range st.set {
		if !isDeleted(v) {
			dst = append(dst, valueEntry(key, asSet(v)))
		}
	}
	return dst
}

// sorted is entries in the order of their keys.
func (st *state) sorted(dst []entry) []entry {
	dst = st.entries(dst)
	slices.SortFunc(dst, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	return dst
}

// valueEntry is the entry of a value that may be nil itself.
func valueEntry(key string, v any) entry {
	if v == nil {
		v = none{}
	}
	return entry{key: key, value: v}
}

// overridden reports whether Set or Delete has decided on key.
func (st *state) overridden(key string) bool {
	_, ok := st.set[key]
	return ok
}

func (st *state) appendComputed(dst []entry) []entry {
	for _, key := range requestKeys {
		dst = st.appendFound(dst, key, (*state).find)
	}
	for _, key := range serverKeys {
		dst = st.appendFound(dst, key, (*state).findServer)
	}
	return dst
}

func (st *state) appendFound(dst []entry, key string, find func(*state, *entry) bool) []entry {
	if st.set != nil && st.overridden(key) {
		return dst
	}
	dst = append(dst, entry{key: key})
	if last := len(dst) - 1; !find(st, &dst[last]) {
		return dst[:last]
	}
	return dst
}

// find gives e the value of its key as the request, the base environ or the
// server has it, in this order, and reports whether one of them has.
func (st *state) find(e *entry) (ok bool) {
	if e.text, ok = st.requestString(e.key); ok {
		return true
	}
	if e.value, ok = st.requestOther(e.key); ok {
		return true
	}
	return st.findServer(e)
}

// findServer is find for a key that the request says nothing of.
func (st *state) findServer(e *entry) (ok bool) {
	if v, ok := st.baseValue(e.key); ok {
		*e = valueEntry(e.key, v)
		return true
	}
	if e.text, ok = st.serverString(e.key); ok {
		return true
	}
	e.value, ok = st.serverOther(e.key)
	return ok
}

// appendHeaders appends the HTTP_ keys of the request's headers. Three kinds of names
// have no key: a name with an underscore, which would forge the key of the name with
// a dash; Proxy, which would forge the variable that HTTP clients read (httpoxy); and
// a name that is not in net/http's canonical form, which no client can send.
func (st *state) appendHeaders(dst []entry) []entry {
	for name, values := range st.req.Header {
		key := commonKeys[name]
		if key == "" {
			if !isKey(name) {
				continue
			}
			key = headerKey(name)
		}
		if text, ok := joinValues(name, values); ok {
			dst = st.appendText(dst, key, text)
		}
	}
	for _, key := range [...]string{"HTTP_HOST", "HTTP_TRANSFER_ENCODING", "HTTP_TRAILER"} {
		if text, ok := st.requestString(key); ok {
			dst = st.appendText(dst, key, text)
		}
	}
	return dst
}

func (st *state) appendText(dst []entry, key, text string) []entry {
	if st.overridden(key) {
		return dst
	}
	return append(dst, entry{key: key, text: text})
}

func (st *state) appendClientCert(dst []entry) []entry {
	if st.req.TLS == nil {
		return dst
	}
	for _, key := range clientCertKeys(st.req.TLS) {
		if text, ok := clientCert(st.req.TLS, key); ok {
			dst = st.appendText(dst, key, text)
		}
	}
	return dst
}

// appendBase appends the keys that only a base environ gives.
func (st *state) appendBase(dst []entry) []entry {
	own := len(dst)
	for base := range st.bases {
		for key, v := range base {
			if !st.overridden(key) && !st.computes(key) && !hasKey(dst[own:], key) {
				dst = append(dst, valueEntry(key, v))
			}
		}
	}
	return dst
}

// bases yields the base environs around the request, the innermost first.
func (st *state) bases(yield func(map[string]any) bool) {
	for ; st != nil; st = st.parent {
		if st.scope != nil && !yield(st.scope.Base()) {
			return
		}
		if st.outer != nil && !yield(st.outer.Base()) {
			return
		}
	}
}

// computes reports whether key is one that entries lists by itself.
func (st *state) computes(key string) bool {
	if slices.Contains(requestKeys[:], key) || slices.Contains(serverKeys[:], key) {
		return true
	}
	_, ok := st.requestString(key)
	return ok
}

func hasKey(entries []entry, key string) bool {
	return slices.ContainsFunc(entries, func(e entry) bool { return e.key == key })
}

// toMap makes a map of entries. Their strings are boxed together: reflect makes an
// interface of an array's element by a pointer into the array, which saves an
// allocation for each string (docs/cost.md).
func toMap(entries []entry) map[string]any {
	var texts [usual]string
	for i := range min(len(entries), usual) {
		texts[i] = entries[i].text
	}
	boxes := reflect.ValueOf(texts)
	values := make(map[string]any, len(entries))
	for i := range entries {
		e := &entries[i]
		if e.value == nil && i < usual {
			values[e.key] = boxes.Index(i).Interface()
		} else {
			values[e.key] = e.boxed()
		}
	}
	return values
}
