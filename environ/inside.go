package environ

import (
	"io"
	"net/http"

	"github.com/gowsgi/gowsgi/internal/masked"
	"github.com/gowsgi/gowsgi/internal/seam"
	"github.com/gowsgi/gowsgi/secure"
)

// Inside is the side of an Environ that the other packages of this module use:
// how one is made for a response, and what belongs to the response in progress.
// Nobody else can reach it, since its methods are behind a value of an internal
// type. It is exported because package adapter has the memory of a request's
// environ within its response, which makes one allocation of two.
type Inside state

// Inside returns the inner side of e: nil, whose methods answer as for an empty
// environ, where e is nil or zero.
func (e *Environ) Inside(seam.Pass) *Inside { return (*Inside)(e.state()) }

// Make makes in, which must be zero, the environ of r under scope, for the
// response in progress that peer is. Whatever lies in memory that others
// recycle is read now. It reports whether the request lies outside the
// SCRIPT_NAME that a scope gives.
func (in *Inside) Make(_ seam.Pass, r *http.Request, scope *seam.Scope, peer seam.Peer) (env *Environ, outside bool) {
	st := (*state)(in)
	st.init(r, scope, true)
	st.peer = peer
	return &st.pub, st.route.outside
}

// Handler gives the requests of next an environ under scope, in their context.
func (*Inside) Handler(_ seam.Pass, next http.Handler, scope *seam.Scope) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, env := carry(r, scope)
		defer env.state().pin()
		next.ServeHTTP(w, r)
	})
}

// Peer returns the response in progress, nil for none.
func (in *Inside) Peer() seam.Peer {
	if in == nil {
		return nil
	}
	return in.peer
}

// Request returns the request as the environ has it, with what was Set on it,
// for a handler that knows nothing of WSGI.
func (in *Inside) Request() (*http.Request, error) {
	if in == nil {
		return new(Environ).handlerRequest()
	}
	return in.pub.handlerRequest()
}

// ResetInput makes wsgi.input read from r from now on and forgets what it had
// read ahead.
func (in *Inside) ResetInput(r io.Reader) { in.pub.Input().stream().reset(r) }

// Allows reports whether the policy lets the value of key be printed.
func (in *Inside) Allows(key string) bool {
	if in == nil {
		return masked.Allows(secure.WSGI, key)
	}
	return masked.Allows(in.pub.policy(), key)
}

// InputError returns the first error that a read of the request's wsgi.input
// met, nil where there was none; the end of the body is no error. It may be
// called from any goroutine.
func (in *Inside) InputError() error {
	if s := in.inputStream(); s != nil {
		return s.failure()
	}
	return nil
}

// ReadError is InputError, or that of the Input that was Set in its place. It
// reads the environ, so the application must be done.
func (in *Inside) ReadError() error {
	if err := in.InputError(); err != nil || in == nil {
		return err
	}
	if input, ok := in.set["wsgi.input"].(*Input); ok {
		return input.stream().failure()
	}
	return nil
}

// InputRead returns how many bytes of the request's body were read from
// wsgi.input. The application must be done.
func (in *Inside) InputRead() int64 {
	if s := in.inputStream(); s != nil {
		return s.got - int64(s.have-s.at)
	}
	return 0
}

// InputEnded reports whether a read of the request's wsgi.input met the end of
// the body. It may be called from any goroutine.
func (in *Inside) InputEnded() bool {
	s := in.inputStream()
	return s != nil && s.ended()
}

// inputStream returns what the request's wsgi.input reads, nil where nobody has
// asked for it.
func (in *Inside) inputStream() *stream {
	if in == nil {
		return nil
	}
	input := in.input.Load()
	if input == nil {
		return nil
	}
	return input.stream()
}
