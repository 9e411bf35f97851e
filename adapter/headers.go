package adapter

import (
	"slices"
	"strings"
)

// Get returns the value of the first header called name, "" for none. Names are
// told apart without regard to case.
func (h Headers) Get(name string) string {
	if at := h.index(name); at >= 0 {
		return h[at][1]
	}
	return ""
}

// Set puts one header in the place of all that are called name: where the first
// of them was, or at the end where there was none.
//
// Like Add and Del it works on a nil Headers, and makes a new list: applications
// may share theirs between requests, and middleware changes what it was given.
func (h *Headers) Set(name, value string) {
	at := h.index(name)
	if at < 0 {
		h.Add(name, value)
		return
	}
	fields := append(slices.Clone((*h)[:at]), [2]string{name, value})
	*h = append(fields, (*h)[at+1:].without(name)...)
}

// shared is how long a list may be that Add copies to leave the old one alone.
// Copying longer ones would make long lists quadratic.
const shared = 64

// Add puts a header at the end, whatever else has its name. A list of more than
// 64 headers grows as by append.
func (h *Headers) Add(name, value string) {
	fields := *h
	if n := len(fields); n <= shared {
		fields = fields[:n:n]
	}
	*h = append(fields, [2]string{name, value})
}

// Del takes out all headers that are called name.
func (h *Headers) Del(name string) {
	if h.index(name) >= 0 {
		*h = h.without(name)
	}
}

// index is the place of the first header called name, -1 for none.
func (h Headers) index(name string) int {
	return slices.IndexFunc(h, func(field [2]string) bool { return strings.EqualFold(field[0], name) })
}

// without is a new list of the headers that are not called name.
func (h Headers) without(name string) Headers {
	fields := make(Headers, 0, len(h))
	for _, field := range h {
		if !strings.EqualFold(field[0], name) {
			fields = append(fields, field)
		}
	}
	return fields
}
