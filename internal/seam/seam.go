// Package seam holds the types that environ and the packages above it share and
// that no user needs: the scope that a server, a Handler or a middleware gives
// to the environs below it, the context that carries one, and the key to
// environ.Inside.
package seam

import (
	"context"
	"io"
	"maps"
	"reflect"

	"github.com/gowsgi/gowsgi/internal/forwarded"
	"github.com/gowsgi/gowsgi/internal/opaque"
	"github.com/gowsgi/gowsgi/logadapter"
	"github.com/gowsgi/gowsgi/secure"
)

// Pass unlocks environ.Inside. Only packages of this module can name it, and
// its field keeps a plain struct{}{} from being one.
type Pass struct{ _ pass }

type pass struct{}

// Peer is the response in progress that an environ belongs to.
type Peer interface {
	// Hijacked reports whether the response has given its connection away.
	Hijacked() bool
	// Interrupt makes a read of the request's body that is under way fail, and
	// those that follow. An error says that the server cannot do that.
	Interrupt() error
}

// Scope is what one server, Handler or middleware gives to every environ below
// it. It is shared by requests, but for one with a Client, and never written once
// it is in use.
type Scope struct {
	// A base environ may hold passwords: it lies behind a func, where
	// reflection (go-spew, testify's diffs) does not find it.
	base        func() map[string]any
	Policy      *secure.Policy // nil: the scope outside decides
	Errors      any            // wsgi.errors, an environ.ErrorStream; nil: the scope outside decides
	FileWrapper any            // wsgi.file_wrapper; nil: none

	// Client is what trusted proxies say of one request, in a scope that is
	// that request's alone; nil: nothing.
	Client *forwarded.Client
}

// NewScope returns a scope with base, in which a plain writer as wsgi.errors is
// made a stream: one for all requests, so that one Write is one record.
func NewScope(base map[string]any) *Scope {
	if w, ok := base["wsgi.errors"].(io.Writer); ok {
		if _, whole := w.(interface{ WriteLines([]string) error }); !whole {
			base = maps.Clone(base)
			base["wsgi.errors"] = logadapter.FromWriter(w)
		}
	}
	scope := new(Scope)
	scope.SetBase(base)
	return scope
}

// Base returns the base environ, nil for none.
func (s *Scope) Base() map[string]any {
	if s.base == nil {
		return nil
	}
	return s.base()
}

// SetBase makes base the base environ.
func (s *Scope) SetBase(base map[string]any) { s.base = func() map[string]any { return base } }

// ContextKey is the key under which a context carries its environ
// (*environ.Environ) or the scope of its server (*Scope).
type ContextKey struct{}

// Carrier is a context that carries an environ, or the scope of a server. A context
// that is printed does not print the value it carries.
type Carrier struct {
	opaque.Type
	context.Context
	Carried any
}

// Value returns the carried value for ContextKey.
func (c *Carrier) Value(key any) any {
	if key == (ContextKey{}) {
		return c.Carried
	}
	return c.Context.Value(key)
}

// Same reports whether a and b are one reader or writer. Two values of a type
// that cannot be compared are never the same.
func Same(a, b any) bool {
	return a != nil && b != nil && reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}
