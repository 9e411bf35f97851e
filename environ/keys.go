package environ

import (
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"

	"github.com/gowsgi/gowsgi/internal/pyrepr"
)

// computedKeys are the keys that are not headers and come from the request or
// the server, in no order.
var computedKeys = [...]string{
	"CONTENT_LENGTH", "CONTENT_TYPE", "GATEWAY_INTERFACE", "HTTPS", "PATH_INFO", "QUERY_STRING",
	"REMOTE_ADDR", "REMOTE_PORT", "REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "SERVER_NAME",
	"SERVER_PORT", "SERVER_PROTOCOL", "SERVER_SOFTWARE",
	"wsgi.errors", "wsgi.file_wrapper", "wsgi.input", "wsgi.input_terminated", "wsgi.multiprocess",
	"wsgi.multithread", "wsgi.run_once", "wsgi.url_scheme", "wsgi.version", "wsgiorg.routing_args",
}

// Values that every request shares, boxed once.
var (
	wsgiVersion    any = [2]int{1, 0}
	serverSoftware     = "gowsgi/0.1 Go/" + strings.TrimPrefix(runtime.Version(), "go")
	boxedTrue      any = true
	boxedFalse     any = false
)

// requestString returns what the request itself says of key, where that is a
// string. Nothing but Set wins over it.
func (st *state) requestString(key string) (string, bool) {
	r := st.req
	switch key {
	case "REQUEST_METHOD":
		if r.Method == "" {
			return http.MethodGet, true
		}
		return r.Method, true
	case "SCRIPT_NAME":
		return st.currentRoute().script, true
	case "PATH_INFO":
		return st.currentRoute().info, true
	case "QUERY_STRING":
		return r.URL.RawQuery, true
	case "REQUEST_URI":
		if r.RequestURI == "" {
			return r.URL.RequestURI(), true
		}
		return r.RequestURI, true
	case "CONTENT_TYPE":
		return firstHeader(r.Header, "Content-Type")
	case "CONTENT_LENGTH":
		return contentLength(r)
	case "SERVER_PROTOCOL":
		return r.Proto, true
	case "REMOTE_ADDR":
		return remoteAddr(r.RemoteAddr)
	case "REMOTE_PORT":
		return remotePort(r.RemoteAddr)
	}
	if name, ok := strings.CutPrefix(key, "HTTP_"); ok {
		return st.header(key, name)
	}
	if r.TLS != nil && strings.HasPrefix(key, clientCertPrefix) {
		return clientCert(r.TLS, key)
	}
	return "", false
}

// requestValue is requestString, and what of the request is no string.
func (st *state) requestValue(key string) (any, bool) {
	switch key {
	case "wsgi.input":
		return st.inputOf(), true
	case "wsgi.input_terminated":
		return boxedTrue, !upgradeRequested(st.req)
	case "wsgiorg.routing_args":
		args := st.routingArgs()
		return args, args.Positional != nil || args.Named != nil
	}
	s, ok := st.requestString(key)
	if !ok {
		return nil, false
	}
	return s, true
}

// baseValue returns what the scopes around the request give as key's value,
// the innermost first.
func (st *state) baseValue(key string) (any, bool) {
	for ; st != nil; st = st.parent {
		if st.scope != nil {
			if v, ok := st.scope.Base[key]; ok {
				return v, true
			}
		}
		if st.outer != nil {
			if v, ok := st.outer.Base[key]; ok {
				return v, true
			}
		}
	}
	return nil, false
}

// serverString returns what the server knows of key, where that is a string.
// Base values win over it.
func (st *state) serverString(key string) (string, bool) {
	r := st.req
	switch key {
	case "GATEWAY_INTERFACE":
		return "CGI/1.1", true
	case "SERVER_SOFTWARE":
		return serverSoftware, true
	case "SERVER_NAME":
		return serverName(r), true
	case "SERVER_PORT":
		return serverPort(r), true
	case "wsgi.url_scheme":
		if r.TLS != nil {
			return "https", true
		}
		return "http", true
	case "HTTPS":
		return "on", r.TLS != nil
	}
	return "", false
}

// serverValue is serverString, and what the server knows that is no string.
func (st *state) serverValue(key string) (any, bool) {
	switch key {
	case "wsgi.version":
		return wsgiVersion, true
	case "wsgi.multithread":
		return boxedTrue, true
	case "wsgi.multiprocess", "wsgi.run_once":
		return boxedFalse, true
	case "wsgi.errors":
		return st.errorStream(), true
	case "wsgi.file_wrapper":
		w := st.fileWrapper()
		return w, w != nil
	}
	s, ok := st.serverString(key)
	if !ok {
		return nil, false
	}
	return s, true
}

func (st *state) fileWrapper() any {
	for ; st != nil; st = st.parent {
		if st.scope != nil && st.scope.FileWrapper != nil {
			return st.scope.FileWrapper
		}
	}
	return nil
}

// keys appends every key that has a value, once each, in no order.
func (st *state) keys(dst []string) []string {
	if st.req == nil {
		return appendSet(dst, st.set)
	}
	for _, key := range computedKeys {
		if st.hasComputed(key) {
			dst = append(dst, key)
		}
	}
	dst = st.appendHeaderKeys(dst)
	if st.req.TLS != nil {
		dst = st.appendUnset(dst, clientCertKeys(st.req.TLS))
	}
	dst = st.appendBaseKeys(dst)
	return appendSet(dst, st.set)
}

// hasComputed reports whether key, one of computedKeys, has a value that
// neither Set nor Delete decided.
func (st *state) hasComputed(key string) bool {
	if _, ok := st.set[key]; ok {
		return false
	}
	switch key {
	case "CONTENT_LENGTH", "CONTENT_TYPE", "REMOTE_ADDR", "REMOTE_PORT":
		if _, ok := st.requestString(key); ok {
			return true
		}
	case "wsgi.input_terminated", "wsgiorg.routing_args":
		if _, ok := st.requestValue(key); ok {
			return true
		}
	case "HTTPS":
		if st.req.TLS != nil {
			return true
		}
	case "wsgi.file_wrapper":
		if st.fileWrapper() != nil {
			return true
		}
	default:
		return true
	}
	_, ok := st.baseValue(key)
	return ok
}

func (st *state) appendUnset(dst []string, keys []string) []string {
	for _, key := range keys {
		if _, ok := st.set[key]; !ok {
			dst = append(dst, key)
		}
	}
	return dst
}

// appendBaseKeys appends the keys that only a base environ gives.
func (st *state) appendBaseKeys(dst []string) []string {
	own := len(dst)
	for at := st; at != nil; at = at.parent {
		if at.scope != nil {
			dst = st.appendBase(dst, own, at.scope.Base)
		}
		if at.outer != nil {
			dst = st.appendBase(dst, own, at.outer.Base)
		}
	}
	return dst
}

func (st *state) appendBase(dst []string, own int, base map[string]any) []string {
	for key := range base {
		if _, ok := st.set[key]; ok || st.computes(key) || contains(dst[own:], key) {
			continue
		}
		dst = append(dst, key)
	}
	return dst
}

// computes reports whether key is one that keys lists by itself.
func (st *state) computes(key string) bool {
	if contains(computedKeys[:], key) {
		return true
	}
	_, ok := st.requestString(key)
	return ok
}

func contains(keys []string, key string) bool {
	for _, k := range keys {
		if k == key {
			return true
		}
	}
	return false
}

func appendSet(dst []string, set map[string]any) []string {
	for key, v := range set {
		if !isDeleted(v) {
			dst = append(dst, key)
		}
	}
	return dst
}

func isDeleted(v any) bool {
	_, ok := v.(deleted)
	return ok
}

func contentLength(r *http.Request) (string, bool) {
	sent, ok := firstHeader(r.Header, "Content-Length")
	switch {
	case r.ContentLength < 0:
		return "", false
	case !ok && r.ContentLength == 0:
		return "", false
	case ok && parsesTo(sent, r.ContentLength):
		return sent, true
	default:
		return strconv.FormatInt(r.ContentLength, 10), true
	}
}

func parsesTo(s string, n int64) bool {
	got, err := strconv.ParseInt(s, 10, 64)
	return err == nil && got == n
}

// remoteAddr is the host of an address as net/http gives it. A peer on a Unix
// socket has none ("@", "").
func remoteAddr(addr string) (string, bool) {
	host, _, ok := splitAddr(addr)
	return host, ok
}

func remotePort(addr string) (string, bool) {
	_, port, ok := splitAddr(addr)
	return port, ok && port != ""
}

// splitAddr takes apart what net.SplitHostPort would, without its errors'
// allocations; an address without a port is all host.
func splitAddr(addr string) (host, port string, ok bool) {
	if addr == "" || addr[0] == '@' || addr[0] == '/' {
		return "", "", false
	}
	host = addr
	if colon := strings.LastIndexByte(addr, ':'); colon >= 0 && (addr[0] == '[' || strings.IndexByte(addr, ':') == colon) {
		if addr[0] != '[' || addr[colon-1] == ']' {
			host, port = addr[:colon], addr[colon+1:]
		}
	}
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	return host, port, host != ""
}

// serverName is the address the connection came in on. A connection without
// one (a Unix socket, a test's request) is known by the host it asked for.
func serverName(r *http.Request) string {
	if host, _, ok := localAddr(r); ok {
		return host
	}
	if host, _, ok := splitAddr(r.Host); ok {
		return host
	}
	return "localhost"
}

func serverPort(r *http.Request) string {
	if _, port, ok := localAddr(r); ok && port != "" {
		return port
	}
	if _, port, ok := splitAddr(r.Host); ok && port != "" {
		return port
	}
	if r.TLS != nil {
		return "443"
	}
	return "80"
}

func localAddr(r *http.Request) (host, port string, ok bool) {
	addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if addr == nil {
		return "", "", false
	}
	return splitAddr(addr.String())
}

func pythonText(v any) string { return string(pyrepr.Append(nil, v)) }
