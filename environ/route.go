package environ

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
)

// route is where a request arrived: the split of its path into SCRIPT_NAME and
// PATH_INFO, and the parameters its router found.
type route struct {
	script  string
	info    string
	params  *chi.RouteParams
	outside bool // the path lies outside the SCRIPT_NAME that was given
	final   bool // nothing is left to be found
}

// live is the route of a request that chi is still routing. It is found anew each
// time it is asked for, until pin finds it for the last time: chi recycles its
// context when the request ends.
type live struct {
	mu   sync.Mutex
	rctx *chi.Context // nil once pinned
	last route
}

// paths is currentRoute without the parameters, and without a copy of it.
func (st *state) paths() (script, info string) {
	if st.route.final {
		return st.route.script, st.route.info
	}
	if st.live == nil && st.parent == nil && st.scope == nil && st.outer == nil {
		asked, _ := st.asked()
		return splitPath(st.req, nil, asked)
	}
	found := st.currentRoute()
	return found.script, found.info
}

func (st *state) currentRoute() (found route) {
	switch {
	case st.route.final:
		return st.route
	case st.live == nil:
		found.find(st, nil)
	default:
		st.live.find(st, &found)
	}
	return found
}

func (l *live) find(st *state, found *route) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rctx == nil {
		*found = l.last
		return
	}
	found.find(st, l.rctx)
}

func (st *state) pin() {
	if st == nil || st.live == nil {
		return
	}
	l := st.live
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rctx != nil {
		l.last.find(st, l.rctx)
		l.rctx = nil
	}
}

// find fills the zero route in for the request of st.
func (r *route) find(st *state, rctx *chi.Context) {
	if st.req == nil {
		return
	}
	asked, above := st.asked()
	r.script, r.info = splitPath(st.req, rctx, asked)
	if above != "" {
		r.script = above + r.script
	}
	if v, ok := st.baseValue("SCRIPT_NAME"); ok {
		given, _ := v.(string)
		r.mountAt(given)
	}
	if rctx != nil {
		r.params = copyParams(st.req.URL, rctx)
	}
}

// mountAt moves the split to a SCRIPT_NAME that was given. It matches whole
// segments only.
func (r *route) mountAt(given string) {
	full := r.script + r.info
	given = strings.TrimRight(given, "/")
	if given != "" && given[0] != '/' {
		given = "/" + given
	}
	rest, ok := strings.CutPrefix(full, given)
	switch {
	case !ok || rest != "" && rest[0] != '/' && given != "":
		r.script, r.info, r.outside = "", full, true
	default:
		r.script, r.info = given, rest
	}
}

// splitPath splits the decoded path of r at the mount that a router, http.StripPrefix
// or both have made.
func splitPath(r *http.Request, rctx *chi.Context, asked string) (script, info string) {
	script, info = "", r.URL.Path
	if rctx != nil && rctx.RoutePath != "" {
		script, info = splitMount(r.URL, rctx, asked)
	}
	if left := r.URL.Path; left != asked {
		stripped, ok := strings.CutSuffix(asked, left)
		switch {
		case ok && (left == "" || left[0] == '/' || strings.HasSuffix(stripped, "/")):
			script = stripped + script
		case ok:
			script, info = "", asked // StripPrefix cut inside a segment
		}
	}
	return tidy(script, info)
}

// tidy gives slashes that end a SCRIPT_NAME to the PATH_INFO, and a path that
// lost its leading slash to a rewrite the slash back.
func tidy(script, info string) (string, string) {
	for strings.HasSuffix(script, "/") {
		script, info = script[:len(script)-1], "/"+info
	}
	switch {
	case info == "" && script == "":
		info = "/"
	case info != "" && info[0] != '/' && info != "*":
		info = "/" + info
	}
	return script, info
}

// asked returns the path that is split: that of the request line or, below a request
// that was made of an environ, the path of that request, and the SCRIPT_NAME above it.
func (st *state) asked() (path, above string) {
	if st.from != nil {
		return st.from.path, st.from.script
	}
	return askedPath(st.req), ""
}

// askedPath is the decoded path of the request line, which StripPrefix and
// rewriting middleware leave alone. A request that has no request line was
// asked for by its URL.
func askedPath(r *http.Request) string {
	uri, decoded := r.RequestURI, r.URL.Path
	if uri == "" || uri == decoded || r.Method == http.MethodConnect && uri[0] != '/' {
		return decoded // CONNECT names an authority
	}
	if rest, ok := strings.CutPrefix(uri, decoded); ok && rest[0] == '?' && decoded != "" {
		return decoded
	}
	asked, err := url.ParseRequestURI(uri)
	if err != nil {
		return decoded
	}
	if asked.Path == "" {
		return "/" // absolute form without a path
	}
	return asked.Path
}

// splitMount splits the path of u at chi's mount: before the part that chi still has
// to route.
func splitMount(u *url.URL, rctx *chi.Context, asked string) (script, info string) {
	routePath, full, escaped := rctx.RoutePath, u.Path, u.RawPath
	if (unclean(full) || unclean(escaped)) && routesClean(rctx) {
		full, escaped = cleaned(full), cleaned(escaped)
	}
	// chi routes on the escaped path where there is one, and then routePath
	// is escaped too.
	if escaped != "" {
		if script, info, ok := cutMount(escaped, routePath); ok {
			return unescape(script), unescape(info)
		}
		routePath = unescape(routePath)
	}
	script, info, ok := cutMount(full, routePath)
	switch {
	case ok:
		return script, info
	case u.Path == asked:
		return "", routePath // rewritten in chi's routing context
	default:
		return "", u.Path // rewritten in the URL
	}
}

func cutMount(full, routePath string) (script, info string, ok bool) {
	if routePath == "/" && !strings.HasSuffix(full, "/") {
		return full, "", true
	}
	if script, ok := strings.CutSuffix(full, routePath); ok {
		return script, routePath, true
	}
	if strings.HasSuffix(routePath, full) {
		return "", full, true // StripPrefix below the mount
	}
	if script, ok := strings.CutSuffix(strings.TrimRight(full, "/"), routePath); ok {
		return script, routePath, true // chi's StripSlashes
	}
	return "", "", false
}

// unclean reports whether path.Clean may change p, but for a slash at its end.
func unclean(p string) bool {
	for i := 1; i < len(p); i++ {
		if p[i-1] == '/' && (p[i] == '/' || p[i] == '.') {
			return true
		}
	}
	return false
}

// routesClean reports whether chi may have routed on a path that its CleanPath made
// of the URL's: nothing that chi has found is unclean.
func routesClean(rctx *chi.Context) bool {
	if path.Clean(rctx.RoutePath) != rctx.RoutePath {
		return false
	}
	params := rctx.URLParams
	for i, key := range params.Keys {
		if key == "*" || i >= len(params.Values) {
			continue
		}
		if value := params.Values[i]; value == "" || path.Clean("/"+value) != "/"+value {
			return false
		}
	}
	return true
}

// cleaned is a path as chi's CleanPath leaves it, but for a slash at its end. It
// keeps ".." and double slashes out of a SCRIPT_NAME.
func cleaned(p string) string {
	clean := path.Clean(p)
	switch {
	case p == "":
		return ""
	case clean != "/" && strings.HasSuffix(p, "/"):
		return clean + "/"
	default:
		return clean
	}
}

func unescape(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil {
		return decoded
	}
	return s
}

// copyParams copies the parameters that chi has found in the path of u, and decodes
// them where chi routed on the escaped path.
func copyParams(u *url.URL, rctx *chi.Context) *chi.RouteParams {
	if !hasParams(rctx.URLParams) {
		return nil
	}
	params := &chi.RouteParams{Keys: slices.Clone(rctx.URLParams.Keys), Values: slices.Clone(rctx.URLParams.Values)}
	if u.RawPath != "" {
		for i, value := range params.Values {
			params.Values[i] = unescape(value)
		}
	}
	return params
}

// hasParams reports whether there is more than the wildcards that Mount has used up.
func hasParams(params chi.RouteParams) bool {
	for i, key := range params.Keys {
		if i < len(params.Values) && (key != "*" || params.Values[i] != "") {
			return true
		}
	}
	return false
}

// RoutingArgs is the value of wsgiorg.routing_args: the parameters that the router
// found in the path. Where it found none the key is absent.
type RoutingArgs struct {
	Positional []string          // the matches of wildcards, in order
	Named      map[string]string // the matches of named parameters
}

// routingArgs takes the parameters from chi, or from http.ServeMux where there
// is no chi.
func (st *state) routingArgs() (any, bool) {
	var args RoutingArgs
	if params := st.currentRoute().params; params != nil {
		for i, key := range params.Keys {
			if i < len(params.Values) {
				args.add(key, params.Values[i])
			}
		}
	} else {
		args.addPattern(st.req)
	}
	if args.Positional == nil && args.Named == nil {
		return nil, false
	}
	return args, true
}

func (a *RoutingArgs) add(key, value string) {
	if key == "*" {
		if value != "" {
			a.Positional = append(a.Positional, value)
		}
		return
	}
	if a.Named == nil {
		a.Named = make(map[string]string)
	}
	a.Named[key] = value
}

// addPattern adds the path values of r by the names in its pattern: net/http
// has no way to list them.
func (a *RoutingArgs) addPattern(r *http.Request) {
	for rest := r.Pattern; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			return
		}
		name, next, _ := strings.Cut(after, "}")
		name, _, _ = strings.Cut(strings.TrimSuffix(name, "..."), ":")
		if name != "" && name != "$" {
			a.add(name, r.PathValue(name))
		}
		rest = next
	}
}
