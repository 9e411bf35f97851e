package environ

import (
	"context"
	"net/http"

	"github.com/gowsgi/gowsgi/internal/seam"
)

// NewContext returns a copy of ctx that carries env for FromContext.
func NewContext(ctx context.Context, env *Environ) context.Context {
	return &seam.Carrier{Context: ctx, Carried: env}
}

// FromContext returns the Environ that ctx carries and whether it does. There is
// one in
//
//   - the Context of the environ that an App is given: that environ itself, so
//     that whoever is handed the context finds it;
//   - the context of a request that a handler gets behind middleware.Environ,
//     from adapter.FromHandler, or behind an adapter.Server.
//
// A Server whose handler is itself an adapter.Handler, as NewServer's is, makes
// no environ of its own around that: there the context of the Request behind an
// environ carries none.
func FromContext(ctx context.Context) (*Environ, bool) {
	switch v := ctx.Value(seam.ContextKey{}).(type) {
	case *Environ:
		return v, true
	case *remade:
		return v.env, true
	}
	return nil, false
}

// carried is an environ with the request that carries it: middleware pays for
// one allocation in the place of three.
type carried struct {
	state   state
	request carrier
}

// carrier is a request with a context of its own, in one allocation.
type carrier struct {
	ctx seam.Carrier
	req http.Request
}

// carry makes the request one like r, whose context is ctx and carries an
// environ: an *Environ, or a *remade.
func (c *carrier) carry(ctx context.Context, r *http.Request, carried any) *http.Request {
	c.ctx = seam.Carrier{Context: ctx, Carried: carried}
	c.req = *r.WithContext(&c.ctx)
	return &c.req
}

// carry makes the environ of r, and a request like r whose context carries it.
// The environ also shows the changes that a router below makes to that request.
func carry(r *http.Request, scope *seam.Scope) (*http.Request, *Environ) {
	c := new(carried)
	c.state.init(r, scope, false)
	c.state.req = c.request.carry(r.Context(), r, &c.state.pub)
	return c.state.req, &c.state.pub
}
