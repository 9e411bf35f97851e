package adapter

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/seam"
	"github.com/gowsgi/gowsgi/internal/visible"
	"github.com/gowsgi/gowsgi/logadapter"
)

// reporter tells the operator of a server what went wrong with one request.
type reporter struct {
	handler *Handler
	r       *http.Request
	env     *environ.Environ
}

func (res *response) reporter() reporter { return reporter{res.handler, res.r, res.env} }

// failure hands err to HandleError, or writes it to the error log as one record.
func (rep reporter) failure(err error) {
	if !rep.handled(err) {
		rep.record(err)
	}
}

// request does that for what is no failure of the App's, with one line in the
// place of the record.
func (rep reporter) request(status int, err error) {
	if rep.handled(&RequestError{status, err}) {
		return
	}
	from := " from " + printable(peer(rep.r)) + "): " + visible.Text(err.Error(), "") + "\n"
	if status == http.StatusGatewayTimeout {
		rep.log("Time is up (" + rep.requestLine() + from)
		return
	}
	rep.log("Invalid request (" + from[1:])
}

// peer is the client's address with its port, where that is known.
func peer(r *http.Request) string {
	addr, port, ok := new(environ.Inside).Client(seam.Pass{}, r)
	switch {
	case !ok:
		return r.RemoteAddr
	case port == "":
		return addr
	}
	return net.JoinHostPort(addr, port)
}

// handled hands err to HandleError, where there is one.
func (rep reporter) handled(err error) bool {
	if rep.handler.HandleError == nil {
		return false
	}
	defer func() {
		if v := recover(); v != nil {
			rep.record(&PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	rep.handler.HandleError(rep.env, err)
	return true
}

func (rep reporter) record(err error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n%v\n", rep.requestLine(), visible.Text(err.Error(), ""), rep.env)
	var panicked *PanicError
	if errors.As(err, &panicked) {
		b.WriteString(visible.Text(string(panicked.Stack), "\n\t"))
	}
	rep.log(b.String())
}

// requestLine is the request line with no more in it than the environ may show.
func (rep reporter) requestLine() string {
	rec := requestRecord(rep.r)
	inside := rep.env.Inside(seam.Pass{})
	if path, _, ok := strings.Cut(rec.Target, "?"); ok && !inside.Allows("QUERY_STRING") {
		rec.Target = path + "?"
	}
	if !inside.Allows("REQUEST_URI") {
		rec.Target = withoutUser(rec.Target)
	}
	return rec.RequestLine()
}

// withoutUser takes the user and password out of a target that has an authority
// in it (RFC 9112, 3.2).
func withoutUser(target string) string {
	if strings.HasPrefix(target, "/") {
		return target
	}
	scheme, rest, ok := strings.Cut(target, "://")
	if ok {
		scheme += "://"
	} else {
		scheme, rest = "", target
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		authority = rest[:end]
	}
	return scheme + rest[strings.LastIndexByte(authority, '@')+1:]
}

func (rep reporter) log(text string) {
	stream, own := rep.handler.scope.Errors.(environ.ErrorStream)
	switch s := stream.(type) {
	case *logadapter.Stream:
		stream = s.WithContext(rep.r.Context())
	default:
		if !own {
			stream = rep.env.Errors()
		}
	}
	_, _ = stream.WriteString(text)
}
