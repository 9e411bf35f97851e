package environ

import (
	"net/http"
	"strings"

	"github.com/gowsgi/gowsgi/internal/address"
	"github.com/gowsgi/gowsgi/internal/forwarded"
	"github.com/gowsgi/gowsgi/internal/seam"
)

// fronted is a request with what trusted proxies say of it, in one allocation.
type fronted struct {
	request carrier
	scope   seam.Scope
	client  forwarded.Client
}

// Behind serves r with next, under another header, as the request of the client
// that trusted proxies name: the environs below say so. Neither r nor an environ
// that it carries is changed; below, others take their place.
func (*Inside) Behind(_ seam.Pass, next http.Handler, w http.ResponseWriter, r *http.Request, header http.Header, client forwarded.Client) {
	f := &fronted{client: client}
	ctx := r.Context()
	switch v := ctx.Value(seam.ContextKey{}).(type) {
	case *Environ, *remade:
		st := new(state)
		st.init(r, nil, false)
		st.outer = &f.scope
		st.req = f.request.carry(ctx, r, &st.pub)
		defer st.pin()
	case *seam.Scope:
		f.scope = *v
		f.request.carry(ctx, r, &f.scope)
	default:
		f.request.carry(ctx, r, &f.scope)
	}
	f.scope.Client, f.request.req.Header = &f.client, header
	next.ServeHTTP(w, &f.request.req)
}

// Client returns the address and the port of the client of r that trusted proxies
// name; ok is false where they name none.
func (*Inside) Client(_ seam.Pass, r *http.Request) (addr, port string, ok bool) {
	var st state
	switch v := r.Context().Value(seam.ContextKey{}).(type) {
	case *Environ:
		st.parent = v.state()
	case *remade:
		st.parent, st.outer = v.env.state(), v.scope
	case *seam.Scope:
		st.outer = v
	}
	c := st.client()
	if c == nil || c.Addr == "" {
		return "", "", false
	}
	return c.Addr, c.Port, true
}

// client returns what trusted proxies say of the request, nil for nothing.
func (st *state) client() *forwarded.Client {
	for ; st != nil; st = st.parent {
		if st.outer != nil {
			return st.outer.Client
		}
	}
	return nil
}

// isForwarded reports whether trusted proxies decide on key, one of those on which
// a base environ otherwise does.
func (st *state) isForwarded(key string) bool {
	switch key {
	case "wsgi.url_scheme", "HTTPS", "SERVER_NAME", "SERVER_PORT":
	default:
		return false
	}
	c := st.client()
	switch {
	case c == nil:
		return false
	case key == "SERVER_NAME":
		return c.Host != ""
	case key == "SERVER_PORT":
		return c.Scheme != "" || c.Host != "" || c.At != ""
	}
	return c.Scheme != ""
}

// remote is the address and the port of the client.
func (st *state) remote() (addr, port string, ok bool) {
	if c := st.client(); c != nil && c.Addr != "" {
		return c.Addr, c.Port, true
	}
	return address.Split(st.req.RemoteAddr)
}

// scheme is the scheme that the client has used, as the connection or a proxy says.
func (st *state) scheme() string {
	if c := st.client(); c != nil && c.Scheme != "" {
		return c.Scheme
	}
	if st.req.TLS != nil {
		return "https"
	}
	return "http"
}

// host is the host that the client has asked for. A port that only the proxy names
// is added where it is not the scheme's own, as the client has it in its URL.
func (st *state) host() string {
	c := st.client()
	if c == nil || c.OwnHost {
		return st.req.Host
	}
	host := st.req.Host
	if c.Host != "" {
		host = c.Host
	}
	if host == "" || c.At == "" || hasPort(host) || c.At == st.defaultPort() {
		return host
	}
	return host + ":" + c.At
}

// hasPort reports whether host has a port, if only an empty one.
func hasPort(host string) bool {
	return strings.LastIndexByte(host, ':') > strings.LastIndexByte(host, ']')
}

// defaultPort is the port that a URL of the client's scheme need not name.
func (st *state) defaultPort() string {
	scheme := st.scheme()
	if v, ok := st.baseValue("wsgi.url_scheme"); ok {
		scheme, _ = v.(string)
	}
	if scheme == "https" {
		return "443"
	}
	return "80"
}

func (st *state) serverName() string {
	if c := st.client(); c != nil && c.Host != "" {
		name, _, _ := address.Split(c.Host)
		return name
	}
	return serverName(st.req)
}

func (st *state) serverPort() string {
	c := st.client()
	switch {
	case !st.isForwarded("SERVER_PORT"):
		return serverPort(st.req)
	case c.At != "":
		return c.At
	}
	host := c.Host
	if host == "" {
		host = st.req.Host
	}
	if _, port, _ := address.Split(host); port != "" {
		return port
	}
	return st.defaultPort()
}

// behindPrefix is script behind the prefix that proxies took off the path. A
// request for "*" has no path.
func (st *state) behindPrefix(script, info string) string {
	if c := st.client(); c != nil && info != "*" {
		return c.Prefix + script
	}
	return script
}

// changedClient is what the environs of a request that is made of st have of the
// client: what was Set is in that request, in the place of what proxies said. It is
// nil where nothing was.
func (st *state) changedClient() *seam.Scope {
	c := st.client()
	if c == nil {
		return nil
	}
	changed := *c
	if st.overridden("REMOTE_ADDR") || st.overridden("REMOTE_PORT") {
		changed.Addr, changed.Port = "", ""
	}
	if st.overridden("HTTP_HOST") {
		changed.OwnHost = true
	}
	if st.overridden("SCRIPT_NAME") {
		changed.Prefix = ""
	}
	if changed == *c {
		return nil
	}
	return &seam.Scope{Client: &changed}
}

// applyClient makes r say of the client what trusted proxies say.
func (st *state) applyClient(r *http.Request) error {
	c := st.client()
	if c == nil {
		return nil
	}
	if !st.overridden("HTTP_HOST") {
		r.Host = st.host()
	}
	if c.Addr == "" {
		return nil
	}
	return st.applyRemote(r)
}
