package environ

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/gowsgi/gowsgi/internal/seam"
)

// handlerRequest is the request as e has it now, for a handler in the place of
// the application. Unlike that of AsRequest it shares the routing context of
// chi, in which middleware outside looks for what the handler has routed.
func (e *Environ) handlerRequest() (*http.Request, error) {
	st := e.state()
	if st == nil || st.req == nil {
		return e.requestFromValues()
	}
	ctx := st.req.Context()
	if len(st.set) == 0 {
		r := new(carrier).carry(ctx, st.req, e)
		return r, st.applyInput(r)
	}
	r, err := st.remake(ctx, chi.RouteContext(ctx))
	if err == nil && st.overridden("wsgi.url_scheme") {
		st.applyScheme(r)
	}
	return r, err
}

// remade is what the context of a request carries that was made of an environ.
// The path that was Set is in the request, and environs below split it further.
type remade struct {
	env    *Environ
	script string // SCRIPT_NAME before the path of the request
	path   string
	scope  *seam.Scope // where what trusted proxies said no longer holds; nil elsewhere
}

// remake makes a request of st's, with what was Set and Deleted in it. Its
// context is ctx; rctx is the routing context in that, nil for none.
func (st *state) remake(ctx context.Context, rctx *chi.Context) (*http.Request, error) {
	made := &remade{env: &st.pub, scope: st.changedClient()}
	made.path, made.script = st.asked()
	r := new(carrier).carry(ctx, st.req, made)
	u := *r.URL
	r.URL, r.Header = &u, r.Header.Clone()
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	if err := st.applyInput(r); err != nil {
		return nil, err
	}
	for key := range st.set {
		if err := st.apply(r, key); err != nil {
			return nil, err
		}
	}
	if st.moved() {
		st.applyPath(r, made, rctx)
	}
	return r, st.applyLength(r)
}

// setBeside returns what was Set beside what a request made of the environ says
// by itself, for the environ of that request.
func (st *state) setBeside() map[string]any {
	var set map[string]any
	for key, value := range st.set {
		if !isFromRequest(key) {
			if set == nil {
				set = make(map[string]any, len(st.set))
			}
			set[key] = value
		}
	}
	return set
}

// isFromRequest reports whether a request that is made of an environ says of key
// what the environ says.
func isFromRequest(key string) bool {
	switch key {
	case "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI", "SERVER_PROTOCOL",
		"CONTENT_TYPE", "CONTENT_LENGTH", "REMOTE_ADDR", "REMOTE_PORT", "wsgi.input":
		return true
	}
	return strings.HasPrefix(key, "HTTP_")
}

// requestSays reports whether st's own request says something of key.
func (st *state) requestSays(key string) bool {
	_, ok := st.requestString(key)
	return ok || key == "wsgi.input"
}

// moved reports whether the path was Set.
func (st *state) moved() bool { return st.overridden("PATH_INFO") || st.overridden("SCRIPT_NAME") }

// inputBody is an Input as a request's body.
type inputBody struct {
	*Input
	body io.Closer
}

func (b inputBody) Close() error {
	if b.body == nil {
		return nil
	}
	return b.body.Close()
}
