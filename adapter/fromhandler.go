package adapter

import (
	"fmt"
	"net/http"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/seam"
)

// FromHandler returns h as an App, so that WSGI middleware can wrap it:
// Handler{App: FromHandler(h)} behaves as h. Keys that the middleware Set on the
// environ show in the request that h gets: method, headers, query, and path,
// which is PATH_INFO alone where SCRIPT_NAME was Set too. environ.FromContext
// finds the environ itself.
//
// A small response that h did not flush is returned as a list; a longer one
// goes out through write() as h writes it. Hijack, deadlines and 1xx responses
// reach the connection past any middleware in between, and so do trailers. A
// header that start refuses is the App's error; a Content-Length with a 204 or
// 304 is dropped, as net/http drops it.
//
// As behind net/http, h reads its request before it answers, unless it calls
// EnableFullDuplex of an http.ResponseController. Where it does, and the body was
// not read to its end when the answer begins, the connection closes after it.
func FromHandler(h http.Handler) App {
	return func(env *environ.Environ, start StartResponse) (Body, error) {
		inside := env.Inside(seam.Pass{})
		r, err := inside.Request()
		if err != nil {
			return nil, fmt.Errorf("adapter: no request can be made of the environ: %w", err)
		}
		w := &handlerWriter{start: start, length: -1, head: r.Method == http.MethodHead}
		w.held = w.small[:0]
		w.attach(inside.Peer())
		defer w.restore()
		if w.peer != nil && hasBody(r) {
			r.Body = &watchedBody{r.Body, w.peer}
		}
		h.ServeHTTP(w, r)
		return w.end()
	}
}
