package environ

import (
	"net/http"
	"runtime"
	"strconv"
	"strings"

	"github.com/gowsgi/gowsgi/internal/pyrepr"
)

// requestKeys and serverKeys are the keys that are not headers: the request says the
// values of the first, the server those of the second.
var (
	requestKeys = [...]string{
		"CONTENT_LENGTH", "CONTENT_TYPE", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR", "REMOTE_PORT", "REQUEST_METHOD",
		"REQUEST_URI", "SCRIPT_NAME", "SERVER_PROTOCOL", "wsgi.input", "wsgi.input_terminated", "wsgiorg.routing_args",
	}
	serverKeys = [...]string{
		"GATEWAY_INTERFACE", "HTTPS", "SERVER_NAME", "SERVER_PORT", "SERVER_SOFTWARE", "wsgi.errors", "wsgi.file_wrapper",
		"wsgi.multiprocess", "wsgi.multithread", "wsgi.run_once", "wsgi.url_scheme", "wsgi.version",
	}
)

// These values are the same for every request, and boxed once.
var (
	wsgiVersion    any = [2]int{1, 0}
	serverSoftware     = software(buildInfo(), runtime.Version())
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
		script, info := st.paths()
		return st.behindPrefix(script, info), true
	case "PATH_INFO":
		_, info := st.paths()
		return info, true
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
		addr, _, ok := st.remote()
		return addr, ok
	case "REMOTE_PORT":
		_, port, ok := st.remote()
		return port, ok && port != ""
	}
	if name, ok := strings.CutPrefix(key, "HTTP_"); ok {
		return st.header(key, name)
	}
	if r.TLS != nil && strings.HasPrefix(key, clientCertPrefix) {
		return clientCert(r.TLS, key)
	}
	return "", false
}

// requestOther returns what the request says of key, where that is no string.
func (st *state) requestOther(key string) (any, bool) {
	switch key {
	case "wsgi.input":
		return st.inputOf(), true
	case "wsgi.input_terminated":
		return boxedTrue, !upgradeRequested(st.req)
	case "wsgiorg.routing_args":
		return st.routingArgs()
	}
	return nil, false
}

// baseValue returns what the scopes around the request give as key's value,
// the innermost first.
func (st *state) baseValue(key string) (any, bool) {
	if st.isForwarded(key) {
		return nil, false // the request says it, through a proxy
	}
	for base := range st.bases {
		if v, ok := base[key]; ok {
			return v, true
		}
	}
	return nil, false
}

// serverString returns what the server knows of key, where that is a string.
// Base values win over it.
func (st *state) serverString(key string) (string, bool) {
	switch key {
	case "GATEWAY_INTERFACE":
		return "CGI/1.1", true
	case "SERVER_SOFTWARE":
		return serverSoftware, true
	case "SERVER_NAME":
		return st.serverName(), true
	case "SERVER_PORT":
		return st.serverPort(), true
	case "wsgi.url_scheme":
		return st.scheme(), true
	case "HTTPS":
		if st.scheme() == "https" {
			return "on", true
		}
	}
	return "", false
}

// serverOther returns what the server knows of key, where that is no string.
func (st *state) serverOther(key string) (any, bool) {
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
	return nil, false
}

func (st *state) fileWrapper() any {
	for ; st != nil; st = st.parent {
		if st.scope != nil && st.scope.FileWrapper != nil {
			return st.scope.FileWrapper
		}
	}
	return nil
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

func pythonText(v any) string { return string(pyrepr.Append(nil, v)) }
