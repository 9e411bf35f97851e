package environ

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

var (
	errLength   = errors.New("environ: no request can be made with this CONTENT_LENGTH: it has to be digits")
	errProtocol = errors.New(`environ: no request can be made with this SERVER_PROTOCOL: it has to be a version like "HTTP/1.1"`)
)

func noText(key string, value any) error {
	return fmt.Errorf("environ: no request can be made with a %T as %s: it has to be a string or an integer", value, key)
}

func (st *state) value(key string) any {
	value, _ := st.lookup(key)
	return value
}

// text returns what the environ says of key, in a request's words.
func (st *state) text(key string) (text string, present bool, err error) {
	value, ok := st.lookup(key)
	if !ok {
		return "", false, nil
	}
	text, ok = textOf(key, value)
	if !ok {
		err = noText(key, value)
	}
	return text, true, err
}

// apply makes r say of key what the environ says. The path and the length are
// left to applyPath and applyLength.
func (st *state) apply(r *http.Request, key string) error {
	if key == "wsgi.input" || !isFromRequest(key) {
		return nil
	}
	value, present, err := st.text(key)
	if err != nil {
		return err
	}
	switch key {
	case "REQUEST_METHOD":
		r.Method = value
	case "QUERY_STRING":
		r.URL.RawQuery, r.Form = value, nil
	case "REQUEST_URI":
		r.RequestURI = value
	case "SERVER_PROTOCOL":
		return applyProtocol(r, value, present)
	case "REMOTE_ADDR", "REMOTE_PORT":
		return st.applyRemote(r)
	case "CONTENT_TYPE":
		setHeader(r.Header, "Content-Type", value, present)
	default:
		if name, ok := strings.CutPrefix(key, "HTTP_"); ok {
			applyHeader(r, name, value, present)
		}
	}
	return nil
}

// applyHeader sets the header that is called name in the environ, without HTTP_.
func applyHeader(r *http.Request, name, value string, present bool) {
	switch name {
	case "HOST":
		r.Host = value
		return
	case "CONTENT_TYPE", "CONTENT_LENGTH": // not these headers: they have keys of their own
		return
	case "TRANSFER_ENCODING":
		r.TransferEncoding = nil
		if present {
			r.TransferEncoding = []string{value}
		}
		return
	case "TRAILER":
		r.Trailer = nil
	}
	setHeader(r.Header, textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(name, "_", "-")), value, present)
}

func setHeader(h http.Header, name, value string, present bool) {
	if !present {
		h.Del(name)
		return
	}
	h[name] = []string{value}
}

// applyProtocol leaves the protocol as it is where there is none: no request is
// without.
func applyProtocol(r *http.Request, value string, present bool) error {
	if !present {
		return nil
	}
	full := value
	switch {
	case value == "INCLUDED": // the name of a server-side include in CGI
		full = "HTTP/1.0"
	case len(value) == len("HTTP/2"):
		full += ".0"
	}
	major, minor, ok := http.ParseHTTPVersion(full)
	if !ok {
		return errProtocol
	}
	r.Proto, r.ProtoMajor, r.ProtoMinor = value, major, minor
	return nil
}

func (st *state) applyRemote(r *http.Request) error {
	addr, _, err := st.text("REMOTE_ADDR")
	if err != nil {
		return err
	}
	port, _, err := st.text("REMOTE_PORT")
	if err != nil {
		return err
	}
	r.RemoteAddr = ""
	if addr != "" {
		r.RemoteAddr = net.JoinHostPort(addr, port)
	}
	return nil
}

// applyScheme makes r come by TLS, or not, as the environ says.
func (st *state) applyScheme(r *http.Request) {
	scheme := st.value("wsgi.url_scheme")
	if https := st.value("HTTPS"); scheme == nil && (https == "on" || https == "1") {
		scheme = "https" // as in CGI, which has no other key for it
	}
	switch {
	case scheme == "https" && r.TLS == nil:
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	case scheme == "http":
		r.TLS = nil
	}
}

// applyInput makes the body of r what wsgi.input has left, where somebody may
// have read of it.
func (st *state) applyInput(r *http.Request) error {
	if !st.overridden("wsgi.input") {
		if in := st.input.Load(); in != nil && !isEmpty(r.Body) {
			r.Body = inputBody{in, r.Body}
		}
		return nil
	}
	r.Form, r.PostForm, r.MultipartForm = nil, nil, nil
	if st.value("wsgi.input") == nil {
		r.Body = http.NoBody
		return nil
	}
	if in, _ := st.set["wsgi.input"].(*Input); in != nil && in.open != nil {
		if bad, ok := in.stream().r.(noReader); ok {
			return bad.err()
		}
	}
	r.Body = inputBody{st.pub.Input(), r.Body}
	return nil
}

// applyLength makes the length of r's body what the environ says it is.
func (st *state) applyLength(r *http.Request) error {
	switch {
	case st.overridden("CONTENT_LENGTH"):
	case st.overridden("wsgi.input"):
	default:
		return nil
	}
	value, _, err := st.text("CONTENT_LENGTH")
	if err != nil {
		return err
	}
	if value == "" {
		r.Header.Del("Content-Length")
		r.ContentLength = -1
		if isEmpty(r.Body) {
			r.ContentLength = 0
		}
		return nil
	}
	n, err := strconv.ParseUint(value, 10, 63)
	if err != nil {
		return errLength
	}
	if st.overridden("CONTENT_LENGTH") {
		r.Header["Content-Length"] = []string{value}
	}
	r.ContentLength = int64(n)
	return nil
}

func isEmpty(body io.Reader) bool { return body == nil || body == http.NoBody }

// applyPath gives r the path that a WSGI application would see. Below a
// SCRIPT_NAME that moved, that is PATH_INFO alone, as behind http.StripPrefix.
func (st *state) applyPath(r *http.Request, made *remade, rctx *chi.Context) {
	path, script := st.pub.Get("PATH_INFO"), st.overridden("SCRIPT_NAME")
	found := st.currentRoute()
	if rctx != nil && rctx.RoutePath != "" {
		rctx.RoutePath = "/" + strings.TrimPrefix(path, "/")
	}
	mount := strings.TrimPrefix(found.script, made.script)
	if !script && r.URL.Path == mount+found.info {
		path = mount + path
	}
	r.URL.Path, r.URL.RawPath = path, ""
	made.path = path
	if script {
		made.script = st.pub.Get("SCRIPT_NAME")
	}
}
