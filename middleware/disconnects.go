package middleware

import (
	"errors"
	"net/http"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/gone"
	"github.com/gowsgi/gowsgi/internal/recorder"
)

// QuietDisconnects meets in silence that a client went away: a handler that
// panics with the error that its own ResponseWriter gave it ends without a trace
// in the log. The errors are EPIPE and ECONNRESET, and over HTTP/2 those for a
// stream or a connection that the client has ended. So does a handler that panics
// with the error of a response that GuardHeaders has refused, and logged. Any other
// panic goes on.
func QuietDisconnects(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder.Recorder{ResponseWriter: w}
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			err, _ := v.(error)
			if disconnected(err, rec.Err, r) {
				panic(http.ErrAbortHandler)
			}
			if !refused(err) {
				panic(v)
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// disconnected reports whether err is met, what the connection met, and says
// that the client went away.
func disconnected(err, met error, r *http.Request) bool {
	if met == nil || !errors.Is(err, met) {
		return false
	}
	return !refused(met) && gone.Is(met, r, adapter.DefaultIgnoredErrors)
}

// refused reports whether err says that GuardHeaders has answered already.
func refused(err error) bool {
	var refusal *recorder.Refusal
	return errors.As(err, &refusal)
}
