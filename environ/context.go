package environ

import (
	"context"

	"github.com/gowsgi/gowsgi/internal/seam"
)

// NewContext returns a copy of ctx that carries env for FromContext.
func NewContext(ctx context.Context, env *Environ) context.Context {
	return context.WithValue(ctx, seam.ContextKey{}, env)
}

// FromContext returns the Environ that ctx carries and whether it does: behind
// middleware.Environ, behind an adapter.Server, and in a handler run by
// adapter.FromHandler.
func FromContext(ctx context.Context) (*Environ, bool) {
	env, ok := ctx.Value(seam.ContextKey{}).(*Environ)
	return env, ok
}
