package middleware

import (
	"context"
	"net/http"
	"time"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/recorder"
)

// Records hands each finished request's record to fn: slog.LogAttrs(ctx, …,
// slog.Any("request", rec)) is one line. That holds for a request whose handler
// panicked too, also with http.ErrAbortHandler. The Status is 0 where none was sent
// or the client was gone by then, and 101 for a connection that was taken over.
// A nil fn means none.
//
// Fn runs in the goroutine of the request, before the server goes on with the
// connection, and may be called from many goroutines at once. Ctx is the context of
// the request as it came to Records, so it has what middleware outside put there,
// such as a trace; below chi, chi.RouteContext(ctx).RoutePattern() is the route. It
// may have ended, and ends when fn returns: context.WithoutCancel is for work that
// goes on.
func Records(fn func(ctx context.Context, rec adapter.Record)) func(http.Handler) http.Handler {
	if fn == nil {
		return func(next http.Handler) http.Handler { return next }
	}
	return func(next http.Handler) http.Handler {
		return recorder.Watch(next, func(rec *recorder.Recorder, r *http.Request, began time.Time) {
			status, bytes := rec.Outcome()
			fn(r.Context(), adapter.NewRecord(r, began, status, bytes))
		})
	}
}
