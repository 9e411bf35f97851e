package environ

import (
	"context"
	"io"
	"os"
	"sync"

	"github.com/gowsgi/gowsgi/logadapter"
)

// ErrorStream has the methods of wsgi.errors (PEP 3333, "Input and Error Streams").
// A *logadapter.Stream is one.
type ErrorStream interface {
	io.Writer
	io.StringWriter
	WriteLines(lines []string) error
	Flush() error
}

// stderr is the one stream over os.Stderr that all environs share.
var stderr = sync.OnceValue(func() *logadapter.Stream { return logadapter.FromWriter(os.Stderr) })

// Errors returns wsgi.errors, bound to the request's context where it is a
// *logadapter.Stream. An io.Writer that was Set or given as a base value under
// that key is wrapped; without any it is os.Stderr.
func (e *Environ) Errors() ErrorStream {
	v, _ := e.Lookup("wsgi.errors")
	return asErrorStream(v, e.Context())
}

func asErrorStream(v any, ctx context.Context) ErrorStream {
	switch v := v.(type) {
	case *logadapter.Stream:
		return v.WithContext(ctx)
	case ErrorStream:
		return v
	case io.Writer:
		return logadapter.FromWriter(v)
	default:
		return stderr()
	}
}

// errorStream is wsgi.errors as the Handler or Server around the request gives it.
func (st *state) errorStream() ErrorStream {
	for at := st; at != nil; at = at.parent {
		if at.scope != nil && at.scope.Errors != nil {
			return asErrorStream(at.scope.Errors, st.pub.Context())
		}
		if at.outer != nil && at.outer.Errors != nil {
			return asErrorStream(at.outer.Errors, st.pub.Context())
		}
	}
	return stderr()
}
