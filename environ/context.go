package environ

import (
	"context"
	"net/http"

	"github.com/gowsgi/gowsgi/internal/seam"
)

// NewContext returns a copy of ctx that carries env for FromContext.
func NewContext(ctx context.Context, env *Environ) context.Context {
	return &carrier{ctx, env}
}

// FromContext returns the Environ that ctx carries and whether it does: behind
// middleware.Environ, behind an adapter.Server, and in a handler run by
// adapter.FromHandler.
func FromContext(ctx context.Context) (*Environ, bool) {
	env, ok := ctx.Value(seam.ContextKey{}).(*Environ)
	return env, ok
}

// carrier is a context that carries an environ.
type carrier struct {
	context.Context
	env *Environ
}

func (c *carrier) Value(key any) any {
	if key == (seam.ContextKey{}) {
		return c.env
	}
	return c.Context.Value(key)
}

// String keeps a context that is printed from printing what it carries.
func (c *carrier) String() string { return "environ.NewContext" }

// carried is an environ with the request that carries it: middleware pays for
// one allocation in the place of three.
type carried struct {
	state state
	ctx   carrier
	req   http.Request
}

// carry makes the environ of r, and a request like r whose context carries it.
func carry(r *http.Request, scope *seam.Scope) (*http.Request, *Environ) {
	c := new(carried)
	c.state.init(r, scope, false)
	c.ctx = carrier{r.Context(), &c.state.pub}
	c.req = *r.WithContext(&c.ctx)
	// What a router below writes into its request, the environ reads there.
	c.state.req = &c.req
	return &c.req, &c.state.pub
}
