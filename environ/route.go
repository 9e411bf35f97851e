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
	outside bool // the path lies outside the SCRIPT_NAME that was given
	params  *chi.RouteParams
}

// live finds the route anew each time it is asked for, since chi is still
// routing, until pin reads it for the last time: chi recycles its context when
// the request ends.
type live struct {
	mu   sync.Mutex
	rctx *chi.Context // nil once pinned
	last route
}

func (st *state) currentRoute() route {
	switch {
	case st.routed:
		return st.route
	case st.live == nil:
		return findRoute(st, nil)
	default:
		return st.live.find(st)
	}
}

func (l *live) find(st *state) route {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rctx == nil {
		return l.last
	}
	return findRoute(st, l.rctx)
}

func (st *state) pin() {
	if st == nil || st.live == nil {
		return
	}
	l := st.live
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rctx != nil {
		l.last, l.rctx = findRoute(st, l.rctx), nil
	}
}

func findRoute(st *state, rctx *chi.Context) route {
	if st.req == nil {
		return route{}
	}
	found := route{params: copyParams(rctx)}
	found.script, found.info = splitPath(st.req, rctx)
	if v, ok := st.baseValue("SCRIPT_NAME"); ok {
		given, _ := v.(string)
		found.mountAt(given)
	}
	return found
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

// splitPath splits the decoded path of r where a router, http.StripPrefix or
// both have mounted whoever asks.
func splitPath(r *http.Request, rctx *chi.Context) (script, info string) {
	asked := askedPath(r)
	script, info = "", r.URL.Path
	if rctx != nil && rctx.RoutePath != "" {
		script, info = splitMount(r.URL, rctx.RoutePath, asked)
	}
	if inside := script + info; inside != asked {
		stripped, ok := strings.CutSuffix(asked, inside)
		switch {
		case ok && (inside == "" || inside[0] == '/' || strings.HasSuffix(stripped, "/")):
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

// askedPath is the decoded path of the request line, which StripPrefix and
// rewriting middleware leave alone. A request that has no request line was
// asked for by its URL.
func askedPath(r *http.Request) string {
	uri, decoded := r.RequestURI, r.URL.Path
	if uri == "" || uri == decoded {
		return decoded
	}
	if rest, ok := strings.CutPrefix(uri, decoded); ok && rest[0] == '?' && decoded != "" {
		return decoded
	}
	asked, err := url.ParseRequestURI(uri)
	if err != nil {
		return decoded // CONNECT names an authority
	}
	if asked.Path == "" {
		return "/" // absolute form without a path
	}
	return asked.Path
}

// splitMount splits the path of u before routePath, what chi has left to route.
func splitMount(u *url.URL, routePath, asked string) (script, info string) {
	// chi routes on the escaped path where there is one, and then routePath
	// is escaped too.
	if u.RawPath != "" {
		if script, info, ok := cutMount(u.RawPath, routePath); ok {
			return unescape(script), unescape(info)
		}
		routePath = unescape(routePath)
	}
	script, info, ok := cutMount(u.Path, routePath)
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
	// chi's StripSlashes and CleanPath route on another path than u's.
	for _, rewritten := range [...]string{strings.TrimRight(full, "/"), path.Clean(full)} {
		if script, ok := strings.CutSuffix(rewritten, routePath); ok {
			return script, routePath, true
		}
	}
	return "", "", false
}

func unescape(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil {
		return decoded
	}
	return s
}

func copyParams(rctx *chi.Context) *chi.RouteParams {
	if rctx == nil || !hasParams(rctx.URLParams) {
		return nil
	}
	return &chi.RouteParams{Keys: slices.Clone(rctx.URLParams.Keys), Values: slices.Clone(rctx.URLParams.Values)}
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

// RoutingArgs is the value of wsgiorg.routing_args: what the router found in
// the path. Without a match the key is absent.
type RoutingArgs struct {
	Positional []string          // what wildcards matched, in order
	Named      map[string]string // what named parameters matched
}

// routingArgs takes the parameters from chi, or from http.ServeMux where there
// is no chi.
func (st *state) routingArgs() RoutingArgs {
	params := st.currentRoute().params
	if params == nil {
		return patternArgs(st.req)
	}
	var args RoutingArgs
	for i, key := range params.Keys {
		if i < len(params.Values) {
			args.add(key, params.Values[i])
		}
	}
	return args
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

// patternArgs reads the path values of r by the names in its pattern: net/http
// has no way to list them.
func patternArgs(r *http.Request) RoutingArgs {
	var args RoutingArgs
	for rest := r.Pattern; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			return args
		}
		name, next, _ := strings.Cut(after, "}")
		name, _, _ = strings.Cut(strings.TrimSuffix(name, "..."), ":")
		if name != "" && name != "$" {
			args.add(name, r.PathValue(name))
		}
		rest = next
	}
}
