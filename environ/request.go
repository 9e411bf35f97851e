package environ

import (
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cgi"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

// rebuild returns the request as e has it now: what was Set or Deleted shows in
// it, and FromContext finds e in its context.
func (e *Environ) rebuild() (*http.Request, error) {
	st := e.state()
	if st == nil || st.req == nil {
		return e.requestFromValues()
	}
	r := new(carrier).carry(st.req, e)
	if in := st.input.Load(); in != nil {
		r.Body = inputBody{in, r.Body}
	}
	if len(st.set) == 0 {
		return r, nil
	}
	path, above := st.asked()
	st.rebuilt = &rebuilt{script: above, path: path}
	u := *r.URL
	r.URL, r.Header = &u, r.Header.Clone()
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	for key := range st.set {
		e.apply(r, key)
	}
	e.applyPath(r)
	return r, nil
}

// rebuilt is where a request stands that was made of an environ: what was Set of
// its path is in it, and environs below split it further.
type rebuilt struct {
	script string // SCRIPT_NAME before the path of the request
	path   string
}

// inherited returns what was Set, for the environ of a request below. What the
// request says by itself by now is left to it.
func (st *state) inherited() map[string]any {
	if st.rebuilt == nil {
		return maps.Clone(st.set)
	}
	var set map[string]any
	for key, value := range st.set {
		if !fromRequest(key) {
			if set == nil {
				set = make(map[string]any, len(st.set))
			}
			set[key] = value
		}
	}
	return set
}

// fromRequest reports whether apply and applyPath carry key into a request.
func fromRequest(key string) bool {
	switch key {
	case "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH",
		"REMOTE_ADDR", "REMOTE_PORT", "wsgi.input":
		return true
	}
	return strings.HasPrefix(key, "HTTP_")
}

// apply makes r say of key what e says.
func (e *Environ) apply(r *http.Request, key string) {
	value := e.Get(key)
	_, present := e.Lookup(key)
	switch key {
	case "REQUEST_METHOD":
		r.Method = value
	case "QUERY_STRING":
		r.URL.RawQuery = value
	case "HTTP_HOST":
		r.Host = value
	case "CONTENT_TYPE":
		setHeader(r.Header, "Content-Type", value, present)
	case "CONTENT_LENGTH":
		setHeader(r.Header, "Content-Length", value, present)
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			r.ContentLength = n
		} else {
			r.ContentLength = -1
		}
	case "REMOTE_ADDR", "REMOTE_PORT":
		r.RemoteAddr = net.JoinHostPort(e.Get("REMOTE_ADDR"), e.Get("REMOTE_PORT"))
	case "wsgi.input":
		r.Body = inputBody{e.Input(), r.Body}
	default:
		if name, ok := strings.CutPrefix(key, "HTTP_"); ok {
			setHeader(r.Header, textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(name, "_", "-")), value, present)
		}
	}
}

// applyPath gives r the path that a WSGI application would see. Below a
// SCRIPT_NAME that moved, that is PATH_INFO alone, as behind http.StripPrefix.
func (e *Environ) applyPath(r *http.Request) {
	st := e.state()
	_, info := st.set["PATH_INFO"]
	_, script := st.set["SCRIPT_NAME"]
	if !info && !script {
		return
	}
	path := e.Get("PATH_INFO")
	if rctx := chi.RouteContext(r.Context()); rctx != nil && rctx.RoutePath != "" {
		rctx.RoutePath = "/" + strings.TrimPrefix(path, "/")
	}
	found := st.currentRoute()
	mount := strings.TrimPrefix(found.script, st.rebuilt.script)
	if !script && r.URL.Path == mount+found.info {
		path = mount + path
	}
	r.URL.Path, r.URL.RawPath = path, ""
	st.rebuilt.path = path
	if script {
		st.rebuilt.script = e.Get("SCRIPT_NAME")
	}
}

func setHeader(h http.Header, name, value string, present bool) {
	if !present {
		h.Del(name)
		return
	}
	h[name] = []string{value}
}

// requestFromValues makes a request of a literal environ.
func (e *Environ) requestFromValues() (*http.Request, error) {
	params := map[string]string{"REQUEST_METHOD": http.MethodGet, "SERVER_PROTOCOL": "HTTP/1.1"}
	for key, value := range e.All() {
		if s, ok := value.(string); ok {
			params[key] = s
		}
	}
	if params["REQUEST_URI"] == "" {
		uri := url.URL{Path: params["SCRIPT_NAME"] + params["PATH_INFO"], RawQuery: params["QUERY_STRING"]}
		params["REQUEST_URI"] = uri.RequestURI()
	}
	r, err := cgi.RequestFromMap(params)
	if err != nil {
		return nil, err
	}
	r.RequestURI = params["REQUEST_URI"]
	r.Body = inputBody{e.Input(), nil}
	return r.WithContext(NewContext(r.Context(), e)), nil
}

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
