package environ

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"
)

var errTarget = errors.New("environ: no request can be made with this REQUEST_URI: it has to be a path or a URL")

// AsRequest returns a request that says what e says now, for code that knows
// net/http and not WSGI: its ParseForm, BasicAuth and Cookie see what middleware
// Set and Deleted. Request is the one that came.
//
// The method, the path, the query, the protocol, the headers (Host,
// Content-Type and Content-Length among them), the client's address and the
// body are those of e. Where SCRIPT_NAME was Set or Deleted, URL.Path is
// PATH_INFO alone, as behind http.StripPrefix; elsewhere it has both. TLS is nil
// where wsgi.url_scheme is "http", and not nil where it is "https". The rest is
// as in the request that came. FromContext finds e in the request's context, and
// with it the keys that a request has no place for.
//
// The body is what wsgi.input has left: what is read from one of them is gone
// from the other. ContentLength is -1 where there is an input and no
// CONTENT_LENGTH. A key that is Set on e later does not show in the request, and a
// later change of the request does not show in e. The request of an environ made
// by New is made as net/http/cgi makes it.
//
// It is an error if e has a value that no request can have: one that is neither
// a string nor an integer, a CONTENT_LENGTH that is not digits, a
// SERVER_PROTOCOL that is no version of HTTP. AsRequest may be called as long as
// the request lasts.
func (e *Environ) AsRequest() (*http.Request, error) {
	if e == nil {
		e = new(Environ)
	}
	st := e.state()
	if st == nil || st.req == nil {
		return e.requestFromValues()
	}
	ctx := st.req.Context()
	rctx := chi.RouteContext(ctx)
	if rctx != nil && st.moved() { // the router goes on with its own
		rctx = rctx.Clone()
		ctx = context.WithValue(ctx, chi.RouteCtxKey, rctx)
	}
	if !isEmpty(st.req.Body) {
		st.inputOf() // which reads ahead
	}
	r, err := st.remake(ctx, rctx)
	if err != nil {
		return nil, err
	}
	for base := range st.bases {
		for key := range base {
			if st.overridden(key) || !isFromRequest(key) || st.requestSays(key) {
				continue
			}
			if err := st.apply(r, key); err != nil {
				return nil, err
			}
		}
	}
	st.applyScheme(r)
	return r, st.applyClient(r)
}

// requestFromValues makes a request of a literal environ, as net/http/cgi does.
func (e *Environ) requestFromValues() (*http.Request, error) {
	st := e.state()
	if st == nil {
		st = new(state)
	}
	target, err := e.literalURL()
	if err != nil {
		return nil, err
	}
	r := (&http.Request{
		Method: http.MethodGet, URL: target, RequestURI: target.RequestURI(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header), Body: http.NoBody, RemoteAddr: ":0",
	}).WithContext(NewContext(context.Background(), e))
	if err := st.applyInput(r); err != nil {
		return nil, err
	}
	for key := range st.set {
		if err := st.apply(r, key); err != nil {
			return nil, err
		}
	}
	st.applyScheme(r)
	err = st.applyLength(r)
	r.Header.Del("Content-Length") // CGI has it in no header
	return r, err
}

// literalURL is the URL of the path and the query in a literal environ, escaped
// as in REQUEST_URI, and that of REQUEST_URI where there is no path.
func (e *Environ) literalURL() (*url.URL, error) {
	target := &url.URL{Path: "/"}
	if uri := e.Get("REQUEST_URI"); uri != "" {
		var err error
		if target, err = url.ParseRequestURI(uri); err != nil {
			return nil, errTarget
		}
	}
	_, script := e.Lookup("SCRIPT_NAME")
	_, info := e.Lookup("PATH_INFO")
	if path := e.Get("SCRIPT_NAME") + e.Get("PATH_INFO"); (script || info) && path != target.Path {
		target = &url.URL{Path: path, RawQuery: target.RawQuery}
	}
	if query, ok := e.Lookup("QUERY_STRING"); ok {
		target.RawQuery, _ = textOf("QUERY_STRING", query)
	}
	return target, nil
}
