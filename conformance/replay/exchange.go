package replay

import (
	"github.com/gowsgi/gowsgi/conformance/wire"
)

// Exchange is a case with what came of it on both servers.
type Exchange struct {
	wire.Case
	Pywsgi, Gowsgi *wire.Outcome
	Differences    []Difference
	requests       []wire.Request
}

// NewExchange compares what came of a case on both servers.
func NewExchange(c wire.Case, pywsgi, gowsgi *wire.Outcome) *Exchange {
	return &Exchange{
		Case: c, Pywsgi: pywsgi, Gowsgi: gowsgi,
		Differences: Compare(c.Name, pywsgi, gowsgi), requests: wire.ReadRequests(c.Sent()),
	}
}

// places is the number of places at which something may be said of x.
func (x *Exchange) places() int {
	return max(len(x.Pywsgi.Responses), len(x.Gowsgi.Responses), len(x.Pywsgi.Environs), len(x.Gowsgi.Environs), len(x.requests), 1)
}

// Request is the request at a place; an empty one where there is none.
func (x *Exchange) Request(at int) *wire.Request {
	if at < len(x.requests) {
		return &x.requests[at]
	}
	return new(wire.Request)
}

// Ours is gowsgi's response at a place, theirs pywsgi's.
func (x *Exchange) Ours(at int) *wire.Response { return responseAt(x.Gowsgi, at) }

func (x *Exchange) Theirs(at int) *wire.Response { return responseAt(x.Pywsgi, at) }

func responseAt(o *wire.Outcome, at int) *wire.Response {
	if at < len(o.Responses) {
		return &o.Responses[at]
	}
	return new(wire.Response)
}

// App is the name of the application that was called at a place, "" for none.
func (x *Exchange) App(at int) string {
	for _, environs := range [][]wire.Environ{x.Gowsgi.Environs, x.Pywsgi.Environs} {
		if at < len(environs) {
			if name, ok := environs[at]["HTTP_X_APP"]; ok {
				return name.Text
			}
			return "plain"
		}
	}
	return ""
}

// Closed reports whether gowsgi closed the connection with its response at a place.
func (x *Exchange) Closed(at int) bool {
	return x.Gowsgi.Connection == "closed" && at == len(x.Gowsgi.Responses)-1
}

// parted reports whether only one server has gone on at some place, or both
// with different requests.
func (x *Exchange) parted() bool {
	return len(x.Pywsgi.Responses) != len(x.Gowsgi.Responses) || len(x.Pywsgi.Environs) != len(x.Gowsgi.Environs) ||
		len(x.Pywsgi.AccessLog) != len(x.Gowsgi.AccessLog) || x.Pywsgi.Connection != x.Gowsgi.Connection
}
