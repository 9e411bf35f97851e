// Package seam is where environ and the packages above it meet without a
// public name: what a Handler gives to the environs it makes, and what it needs
// of them, that no user has a use for.
package seam

import (
	"context"
	"io"
	"maps"
	"net/http"

	"github.com/gowsgi/gowsgi/logadapter"
	"github.com/gowsgi/gowsgi/secure"
)

// Scope is what one server, Handler or middleware gives to every environ below
// it. It is shared by requests and never written once it is in use.
type Scope struct {
	Base        map[string]any // base environ
	Policy      *secure.Policy // nil: the scope outside decides
	Errors      any            // wsgi.errors, an environ.ErrorStream; nil: the scope outside decides
	FileWrapper any            // wsgi.file_wrapper; nil: none
}

// NewScope returns a scope with base, in which a plain writer as wsgi.errors is
// made a stream: one for all requests, so that one Write is one record.
func NewScope(base map[string]any) *Scope {
	w, ok := base["wsgi.errors"].(io.Writer)
	if !ok {
		return &Scope{Base: base}
	}
	if _, whole := w.(interface{ WriteLines([]string) error }); !whole {
		base = maps.Clone(base)
		base["wsgi.errors"] = logadapter.NewWriter(w)
	}
	return &Scope{Base: base}
}

// ContextKey is under what a context carries its environ (*environ.Environ) or
// the scope of its server (*Scope).
type ContextKey struct{}

// Carrier is a context that carries an environ, or the scope of a server.
type Carrier struct {
	context.Context
	Carried any
}

// Value returns what is carried under ContextKey.
func (c *Carrier) Value(key any) any {
	if key == (ContextKey{}) {
		return c.Carried
	}
	return c.Context.Value(key)
}

// String keeps a context that is printed from printing what it carries.
func (c *Carrier) String() string { return "gowsgi" }

// Rebuilt is a request that was made of an environ, with its context.
type Rebuilt struct {
	ctx Carrier
	req http.Request
}

// Carry makes the request one like r, whose context carries what is given.
func (b *Rebuilt) Carry(r *http.Request, carried any) *http.Request {
	b.ctx = Carrier{r.Context(), carried}
	b.req = *r.WithContext(&b.ctx)
	return &b.req
}

// What package environ fills in. Each env is an *environ.Environ.
var (
	// New makes the environ of r under scope in room, a fresh *environ.Room,
	// for the response in progress that peer is. All that lies in memory
	// others recycle is read now. It reports whether the request lies outside
	// the SCRIPT_NAME that a scope gives.
	New func(room any, r *http.Request, scope *Scope, peer any) (env any, outside bool)
	// Carry makes the environ of r under scope, not pinned, and a request like
	// r whose context carries it.
	Carry func(r *http.Request, scope *Scope) (carrying *http.Request, env any)
	// Pin reads now, of an environ made without, what others recycle.
	Pin func(env any)
	// Peer returns the response in progress.
	Peer func(env any) any
	// Input returns the request's *environ.Input, if it has been asked for.
	Input func(env any) any
	// Request returns the request as env has it, with what was Set on it,
	// for a handler that knows nothing of WSGI.
	Request func(env any) (*http.Request, error)
)

// WithEnviron gives the requests of next an environ under scope, in their context.
func WithEnviron(next http.Handler, scope *Scope) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, env := Carry(r, scope)
		defer Pin(env)
		next.ServeHTTP(w, r)
	})
}

// What package adapter fills in.
var (
	// Hijacked reports whether the response attached to env has given its
	// connection away.
	Hijacked func(env any) bool
	// IsList and IsFile tell the bodies that a server sends in a way of its
	// own, which a wrapper would hide.
	IsList func(body any) bool
	IsFile func(body any) bool
)
