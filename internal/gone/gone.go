// Package gone tells the errors that only mean that the client left.
package gone

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Is reports whether err, which reading or writing the connection of r has met,
// only means that the client left: it is one of ignored. Over HTTP/2 the errors
// for a stream or a connection that the client has ended count as EPIPE and
// ECONNRESET, and no others do: a middleware that wraps the writer or the body
// has errors of its own.
func Is(err error, r *http.Request, ignored []error) bool {
	return Listed(err, ignored) || r.ProtoMajor >= 2 && slices.ContainsFunc(ignored, standard) && ofHTTP2(err)
}

// Listed reports whether err is one of ignored.
func Listed(err error, ignored []error) bool {
	return slices.ContainsFunc(ignored, func(target error) bool { return errors.Is(err, target) })
}

// Told reports whether err, with which an application ended, only passes on that
// ctx, the context of its request, was cancelled: net/http does that when the
// client leaves. A driver's own error for it has to be listed in ignored; one of
// Errors may come from anywhere, and tells nothing here.
func Told(err error, ctx context.Context, ignored []error) bool {
	if ctx.Err() != context.Canceled {
		return false
	}
	return slices.ContainsFunc(ignored, func(target error) bool {
		if standard(target) {
			return errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx))
		}
		return errors.Is(err, target)
	})
}

func standard(err error) bool { return slices.Contains(Errors, err) }

// ofHTTP2 reports whether err is how net/http says over HTTP/2 that a stream, or
// its connection, was ended by the client. These errors have no type that can be
// named from outside; their texts are all that tells them from others. A reset
// with a cause is the server's own.
func ofHTTP2(err error) bool {
	switch text := err.Error(); {
	case text == "client disconnected", text == "http2: stream closed":
		return true
	case strings.HasPrefix(text, "stream error: stream ID ") && strings.Count(text, "; ") == 1:
		return true
	}
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		inner := err.Unwrap()
		return inner != nil && ofHTTP2(inner)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(err.Unwrap(), ofHTTP2)
	default:
		return false
	}
}
