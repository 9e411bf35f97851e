package adapter

import (
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/gowsgi/gowsgi/internal/refuse"
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

// dropBadTrailers takes out, and reports, the trailers that cannot go out. Where
// none remains of them, net/http's HTTP/2 would never end the response.
func (w *handlerWriter) dropBadTrailers() {
	for _, names := range w.header["Trailer"] {
		for name := range strings.SplitSeq(names, ",") {
			w.dropBadTrailer(http.CanonicalHeaderKey(strings.TrimSpace(name)))
		}
	}
	for name := range w.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			w.dropBadTrailer(name)
		}
	}
}

func (w *handlerWriter) dropBadTrailer(key string) {
	name, prefixed := strings.CutPrefix(key, http.TrailerPrefix)
	for _, value := range w.header[key] {
		if err := refuse.Trailer(name, value, prefixed); err != nil {
			delete(w.header, key)
			if w.peer != nil {
				w.peer.reporter().failure(fmt.Errorf("adapter: a trailer of the handler was left out: %w", err))
			}
			return
		}
	}
}
