package environ

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"sync/atomic"
	"unsafe"

	"github.com/go-chi/chi/v5"

	"github.com/gowsgi/gowsgi/internal/seam"
	"github.com/gowsgi/gowsgi/secure"
)

// Environ is the WSGI environ of one request. It belongs to that request and is
// never recycled: an application may keep it. Reading it from many goroutines
// at once is safe; Set and Delete are not safe beside anything else, as with a
// map.
//
// The zero Environ is empty and ready to use.
type Environ struct {
	// The values lie where reflection (go-spew, testify's diffs) finds an
	// address and no values. A func would hide them as well, for an
	// allocation more and a call at each key (docs/cost.md).
	hidden unsafe.Pointer // *state
}

type state struct {
	pub    Environ
	req    *http.Request  // nil for a literal environ
	scope  *seam.Scope    // the innermost; nil for none
	outer  *seam.Scope    // the server's, from the context, or of trusted proxies; nil for none
	parent *state         // the environ found in the request's context; nil for none
	set    map[string]any // what Set and Delete said
	policy *secure.Policy // this instance's; nil: the scopes' or secure.WSGI

	route route
	live  *live // where the route is still being found; nil elsewhere

	input   atomic.Pointer[Input]
	trailer *string // HTTP_TRAILER, read before net/http fills the trailer in
	peer    seam.Peer
	from    *remade // the request, where it was made of an environ outside; nil for one that came in
}

// deleted stands in state.set for a key that was deleted.
type deleted struct{}

// FromRequest returns the environ of r. It reads r when it is asked, so r must
// not be changed meanwhile. Where r's context carries an Environ (middleware.Environ,
// adapter.Server), its base values, its policy and what was Set on it hold here too.
//
// Inside a chi router the split of SCRIPT_NAME and PATH_INFO follows the
// routing as it proceeds. chi recycles its routing context: to keep an Environ
// made by FromRequest beyond its request, keep a Clone of it.
func FromRequest(r *http.Request) *Environ {
	st := new(state)
	st.init(r, nil, false)
	return &st.pub
}

// New returns a literal environ that holds a copy of values and nothing else:
// for tests, and for bridges from elsewhere. Its Request is nil.
func New(values map[string]any) *Environ {
	st := &state{set: maps.Clone(values)}
	if v, ok := st.set["wsgi.input"]; ok {
		st.set["wsgi.input"] = asInput("wsgi.input", v)
	}
	return st.publish()
}

func (st *state) init(r *http.Request, scope *seam.Scope, pin bool) {
	st.req, st.scope = r, scope
	st.publish()
	ctx := r.Context()
	st.inherit(ctx)
	rctx := chi.RouteContext(ctx)
	switch {
	case pin:
		st.route.find(st, rctx)
		st.route.final = true
	case rctx != nil:
		st.live = &live{rctx: rctx}
	}
	if r.Trailer != nil {
		names := joinTrailer(r.Trailer)
		st.trailer = &names
	}
}

func (st *state) inherit(ctx context.Context) {
	switch v := ctx.Value(seam.ContextKey{}).(type) {
	case *Environ:
		st.parent = v.state()
		if st.parent != nil {
			st.set, st.from = maps.Clone(st.parent.set), st.parent.from
		}
	case *remade:
		st.parent, st.from, st.outer = v.env.state(), v, v.scope
		st.set = st.parent.setBeside()
	case *seam.Scope:
		st.outer = v
	}
}

// state and hide are the two places that know how a state is hidden.

func (e *Environ) state() *state {
	if e == nil {
		return nil
	}
	return (*state)(e.hidden)
}

func (e *Environ) hide(st *state) { e.hidden = unsafe.Pointer(st) }

// publish returns the Environ that lies in st and shows it.
func (st *state) publish() *Environ {
	st.pub.hide(st)
	return &st.pub
}

// own returns the state of e, which is made for a zero Environ.
func (e *Environ) own() *state {
	st := e.state()
	if st == nil {
		st = new(state)
		st.publish()
		e.hide(st)
	}
	return st
}

// Get returns the value of key if it is a string, and "" if it is not, or is
// absent. Of an integer that was Set under a key without a dot it returns the
// decimal text.
func (e *Environ) Get(key string) string {
	st := e.state()
	if st == nil {
		return ""
	}
	if st.set != nil {
		if v, ok := st.set[key]; ok {
			s, _ := textOf(key, asSet(v))
			return s
		}
	}
	if st.req == nil {
		return ""
	}
	if s, ok := st.requestString(key); ok {
		return s
	}
	if _, ok := st.baseValue(key); ok {
		v, _ := st.lookup(key) // the request may have no string under key
		s, _ := textOf(key, v)
		return s
	}
	s, _ := st.serverString(key)
	return s
}

// Value returns the value of key, nil when it is absent.
func (e *Environ) Value(key string) any {
	v, _ := e.Lookup(key)
	return v
}

// Lookup returns the value of key and whether there is one.
func (e *Environ) Lookup(key string) (any, bool) {
	st := e.state()
	if st == nil {
		return nil, false
	}
	return st.lookup(key)
}

func (st *state) lookup(key string) (any, bool) {
	if v, ok := st.set[key]; ok {
		if isDeleted(v) {
			return nil, false
		}
		return asSet(v), true
	}
	if st.req == nil {
		return nil, false
	}
	e := entry{key: key}
	if !st.find(&e) {
		return nil, false
	}
	return e.boxed(), true
}

// Set gives key a value, which wins over every other source of it. Lookup, Value,
// All and Map give the value back as it is.
//
// A key without a dot has a string (PEP 3333, "environ Variables"). An integer
// does as well: Get returns its decimal text, which is also what a request made of e says.
// wsgi.input has an io.Reader; a []byte or a string does as well: Input reads
// it. With a value of another type there, Get returns "", reading Input fails,
// and AsRequest and adapter.FromHandler return an error. middleware.Validate
// keeps to the PEP and reports all of these. Other keys with a dot may have any
// value.
func (e *Environ) Set(key string, value any) {
	st := e.own()
	if st.set == nil {
		st.set = make(map[string]any)
	}
	st.set[key] = asInput(key, value)
}

// Delete removes key; a computed one stays away too.
func (e *Environ) Delete(key string) {
	st := e.state()
	switch {
	case st == nil:
	case st.req == nil:
		delete(st.set, key)
	default:
		e.Set(key, deleted{})
	}
}

// Len returns the number of keys.
func (e *Environ) Len() int {
	st := e.state()
	if st == nil {
		return 0
	}
	var space [usual]entry
	return len(st.entries(space[:0]))
}

// All yields every key with its value, computed ones included, in sorted order.
func (e *Environ) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		st := e.state()
		if st == nil {
			return
		}
		var space [usual]entry
		entries := st.sorted(space[:0])
		for i := range entries {
			if !yield(entries[i].key, entries[i].boxed()) {
				return
			}
		}
	}
}

// Map returns a plain map of every key and value: a copy, unmasked when printed.
func (e *Environ) Map() map[string]any {
	st := e.state()
	if st == nil {
		return map[string]any{}
	}
	var space [usual]entry
	return toMap(st.entries(space[:0]))
}

// Clone returns a copy whose keys are its own. It is masked as its origin was,
// reads the same request and shares its wsgi.input, and depends on nothing that
// a router recycles.
func (e *Environ) Clone() *Environ {
	st := e.state()
	if st == nil {
		return New(nil)
	}
	clone := &state{
		req: st.req, scope: st.scope, outer: st.outer, parent: st.parent,
		set: maps.Clone(st.set), policy: st.policy,
		trailer: st.trailer, peer: st.peer, from: st.from,
	}
	if st.req != nil {
		clone.route = st.currentRoute()
		clone.route.final = true
		clone.input.Store(st.inputOf())
	}
	return clone.publish()
}

// SetPolicy makes p the policy under which this instance, and clones made of it
// later, are printed. Without it the policy is the Handler's or Server's, or
// else secure.WSGI.
func (e *Environ) SetPolicy(p secure.Policy) {
	e.own().policy = &p
}

// Request returns the request behind e, as it came: the way out to net/http. It
// does not show what was Set or Deleted on e, by middleware for example;
// AsRequest makes a request that does. Its context is the one that it came with,
// without e. It is nil for an environ made by New.
func (e *Environ) Request() *http.Request {
	if st := e.state(); st != nil {
		return st.req
	}
	return nil
}

// Context returns the request's context, or context.Background where there is
// no request. In an App it also carries e, for FromContext.
func (e *Environ) Context() context.Context {
	st := e.state()
	switch {
	case st == nil || st.req == nil:
		return context.Background()
	case st.peer != nil:
		return NewContext(st.req.Context(), e)
	default:
		return st.req.Context()
	}
}

func isDeleted(v any) bool {
	_, ok := v.(deleted)
	return ok
}
