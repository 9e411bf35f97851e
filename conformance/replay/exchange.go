package replay

import (
	"maps"
	"slices"

	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

// Exchange is a case with what came of it on a pywsgi and on gowsgi.
type Exchange struct {
	wire.Case
	Server         recorded.Server // that answered as Pywsgi says
	Pywsgi, Gowsgi *wire.Outcome
	Differences    []Difference
	requests       []wire.Request
}

// NewExchanges compares gowsgi's outcome of a case with that of each server, in
// the order of their versions.
func NewExchanges(v *recorded.Vector, gowsgi *wire.Outcome) []*Exchange {
	var all []*Exchange
	requests := wire.ReadRequests(v.Sent())
	for _, server := range slices.Sorted(maps.Keys(v.Outcomes)) {
		x := &Exchange{Case: v.Case, Server: server, Pywsgi: v.Outcomes[server], Gowsgi: gowsgi, requests: requests}
		x.Differences = compare(v.Name, x.Pywsgi, gowsgi)
		for i := range x.Differences {
			x.Differences[i].Server = server
		}
		all = append(all, x)
	}
	return all
}

// places is the number of requests on the connection, as far as anybody counted them.
func (x *Exchange) places() int {
	return max(len(x.Pywsgi.Responses), len(x.Gowsgi.Responses), len(x.Pywsgi.Environs), len(x.Gowsgi.Environs), len(x.requests), 1)
}

// Request is the request at a place, or an empty one if there is none.
func (x *Exchange) Request(at int) *wire.Request {
	if at < len(x.requests) {
		return &x.requests[at]
	}
	return new(wire.Request)
}

// Ours is gowsgi's response at a place, or an empty one if there is none.
func (x *Exchange) Ours(at int) *wire.Response { return responseAt(x.Gowsgi, at) }

// Theirs is pywsgi's response at a place, or an empty one if there is none.
func (x *Exchange) Theirs(at int) *wire.Response { return responseAt(x.Pywsgi, at) }

func responseAt(o *wire.Outcome, at int) *wire.Response {
	if at < len(o.Responses) {
		return &o.Responses[at]
	}
	return new(wire.Response)
}

// App is the name of the application that was called at a place, or "".
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

// parted reports whether the servers took different numbers of requests from the
// connection, or only one of them closed it.
func (x *Exchange) parted() bool {
	return len(x.Pywsgi.Responses) != len(x.Gowsgi.Responses) || len(x.Pywsgi.Environs) != len(x.Gowsgi.Environs) ||
		len(x.Pywsgi.AccessLog) != len(x.Gowsgi.AccessLog) || x.Pywsgi.Connection != x.Gowsgi.Connection
}
