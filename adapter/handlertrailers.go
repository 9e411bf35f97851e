package adapter

import (
	"maps"
	"net/http"
	"strings"
)

func (w *handlerWriter) hasTrailers() bool {
	if len(w.header["Trailer"]) > 0 {
		return true
	}
	for name := range w.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			return true
		}
	}
	return false
}

// takeTrailers notes the announced trailers that the handler has set since
// WriteHeader: net/http would send them in the head as well.
func (w *handlerWriter) takeTrailers() {
	for _, names := range w.header["Trailer"] {
		for name := range strings.SplitSeq(names, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			values, ok := w.header[name]
			if !ok {
				continue
			}
			if w.late == nil {
				w.late = make(http.Header)
			}
			w.late[name] = values
		}
	}
}

// putTrailers puts the noted trailers into the header, once the head is out.
func (w *handlerWriter) putTrailers() {
	if w.late != nil {
		maps.Copy(w.header, w.late)
		w.late = nil
	}
}
