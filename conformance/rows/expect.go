package rows

import (
	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var expectRows = []replay.Rule{
	{
		Name:   "A request with Expect: 100-continue whose body the client does not send and the application does not read",
		Pywsgi: "answers and keeps the connection", Gowsgi: "answers with Connection: close, and closes once the client has sent the body or left",
		Why:     "The client may send the body or go on without it (RFC 9110, 10.1.1). net/http waits for the body and does not take another request.",
		Origin:  replay.ByNetHTTP,
		When:    all(expects, withBody(wire.BodyCutShort), func(x *replay.Exchange, _ int) bool { return x.Gowsgi.Connection == "open" }),
		Effects: []replay.Effect{{Field: "response.header.connection", Pywsgi: missing, Gowsgi: "'close'"}},
	},
	{
		Name:   "A request with Expect: 100-continue whose body the application does not read",
		Pywsgi: "leaves the body in place and takes it for the next request", Gowsgi: "closes the connection",
		Why:    "The client may send the body or go on without it (RFC 9110, 10.1.1), so nobody can say what comes next. gevent 23.9 changed this.",
		Origin: replay.ByNetHTTP, Only: recorded.Debian,
		When: all(expects, unread), Parts: true,
	},
	{
		Name:   "A request with Expect: 100-continue whose body the application does not read",
		Pywsgi: "reads what comes next as the body, whether the client sent it or a new request", Gowsgi: "closes the connection",
		Why:    "The client may send the body or go on without it (RFC 9110, 10.1.1), so nobody can say what comes next.",
		Origin: replay.ByNetHTTP, Only: recorded.Newest,
		When: all(expects, unread), Parts: true,
	},
	{
		Name:   "A request with Expect: 100-continue whose body the application reads in part",
		Pywsgi: "reads the rest and keeps the connection", Gowsgi: "closes the connection",
		Why:    "net/http does not keep a connection after a body that was asked for by 100 Continue and not read to its end.",
		Origin: replay.ByNetHTTP,
		When: all(expects, func(x *replay.Exchange, at int) bool {
			return x.Closed(at) && x.Request(at).Fault == "" && !leavesInput(x, at)
		}), Parts: true,
	},
	{
		Name:   "Expect: 100-continue with a Content-Length of 0, or with none",
		Pywsgi: "sends 100 Continue at the first read", Gowsgi: "does not send 100 Continue",
		Why:     "There is no body that the client could be waiting to send.",
		Origin:  replay.ByNetHTTP,
		When:    all(expects, func(x *replay.Exchange, at int) bool { return !bodyOver(x.Request(at), 0) }),
		Effects: []replay.Effect{{Field: "response.interim", Pywsgi: "'HTTP/1.1 100 Continue'", Gowsgi: ""}},
	},
	{
		Name:   "Expect: 100-continue over HTTP/1.0",
		Pywsgi: "sends 100 Continue", Gowsgi: "does not send 100 Continue",
		Why:     "An HTTP/1.0 client does not know interim responses (RFC 9110, 15.2).",
		Origin:  replay.ByNetHTTP,
		When:    all(expects, overHTTP10),
		Effects: []replay.Effect{{Field: "response.interim", Pywsgi: "'HTTP/1.1 100 Continue'", Gowsgi: ""}},
	},
	{
		Name:   "Expect: 100-continue in other letters, or twice",
		Pywsgi: "does not understand it", Gowsgi: "sends 100 Continue",
		Why:    "The value is case-insensitive, and a list (RFC 9110, 10.1.1).",
		Origin: replay.ByNetHTTP,
		When: all(expects, func(x *replay.Exchange, at int) bool {
			values := x.Request(at).Values("expect")
			return len(values) > 1 || values[0] != "100-continue"
		}),
		Effects: []replay.Effect{{Field: "response.interim", Pywsgi: "", Gowsgi: "'HTTP/1.1 100 Continue'"}},
	},
	{
		Name:   "Expect: 100-continue, and an application that reads only after the first bytes of its response",
		Pywsgi: "sends 100 Continue in the middle of the chunked body", Gowsgi: "reads the body without sending 100 Continue, and closes the connection",
		Why:    "An interim response comes before the final one (RFC 9110, 15.2).",
		Origin: replay.ByGowsgi,
		When:   all(expects, calls("read_after_bytes", "read_partial_after_bytes")),
		Effects: []replay.Effect{
			{Field: "response.body", Pywsgi: "'start;'", Gowsgi: "'start;*"},
			{Field: "response.chunks", Pywsgi: "[6]", Gowsgi: "[6 *]"},
			{Field: "leftover", Pywsgi: "'*", Gowsgi: "''"},
			{Field: "trailing_interim", Pywsgi: "'HTTP/1.1 100 Continue'", Gowsgi: ""},
			{Field: "response.complete", Pywsgi: "false", Gowsgi: "true"},
		},
		Parts: true,
	},
}

// unread says that the application does not read, and that gowsgi closed the
// connection for it.
func unread(x *replay.Exchange, at int) bool {
	return x.Closed(at) && x.Request(at).Fault == "" && leavesInput(x, at)
}

func expects(x *replay.Exchange, at int) bool { return len(x.Request(at).Values("expect")) > 0 }
