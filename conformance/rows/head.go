package rows

import (
	"net/http"
	"strconv"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var headRows = []replay.Rule{
	{
		Name:   "The version of a response to an HTTP/1.0 request",
		Pywsgi: "says HTTP/1.1", Gowsgi: "says HTTP/1.0",
		Why:     "net/http answers in the version of the request. Both are allowed (RFC 9110, 2.5).",
		Origin:  replay.ByNetHTTP,
		When:    overHTTP10,
		Effects: []replay.Effect{{Field: "response.version", Pywsgi: "HTTP/1.1", Gowsgi: "HTTP/1.0"}},
	},
	{
		Name:   "Connection: close in a response to HTTP/1.0",
		Pywsgi: "sends it", Gowsgi: "does not send it",
		Why:     "An HTTP/1.0 connection closes unless both sides say otherwise (RFC 9112, 9.3).",
		Origin:  replay.ByNetHTTP,
		When:    closes10,
		Effects: []replay.Effect{{Field: "response.header.connection", Pywsgi: "'close'", Gowsgi: missing}},
	},
	{
		Name:   "A body of unknown length, over HTTP/1.0 with keep-alive",
		Pywsgi: "keeps the connection, so that the client cannot tell where the body ends", Gowsgi: "closes the connection after the body",
		Why:    "Without a length a body ends with its connection (RFC 9112, 6.3).",
		Origin: replay.ByNetHTTP,
		When:   all(overHTTP10, func(x *replay.Exchange, at int) bool { return x.Ours(at).Framing == "close" }),
		Effects: []replay.Effect{
			{Field: "response.header.connection", Pywsgi: "'keep-alive'", Gowsgi: missing},
			{Field: "response.complete", Pywsgi: "false", Gowsgi: "true"},
			{Field: "response.body", Pywsgi: "'*HTTP/1.1 *", Gowsgi: "'*"},
		},
		Parts: true,
	},
	{
		Name:   "The last response before a connection is closed",
		Pywsgi: "does not say Connection: close if the client asked for closing, or if the request's body was no good", Gowsgi: "says Connection: close",
		Why:     "A server that is going to close should say so in its last response (RFC 9112, 9.6).",
		Origin:  replay.ByNetHTTP,
		When:    func(x *replay.Exchange, at int) bool { return x.Closed(at) || faultyBody(x, at) && !expects(x, at) },
		Effects: []replay.Effect{{Field: "response.header.connection", Pywsgi: "absent|'keep-alive'", Gowsgi: "'close'"}},
	},
	{
		Name:   "The reason phrase",
		Pywsgi: "sends the application's", Gowsgi: "sends the one that net/http has for the code",
		Why:    "net/http takes only a code. Clients should ignore the phrase (RFC 9112, 4).",
		Origin: replay.ByNetHTTP,
		Effects: []replay.Effect{{Field: "response.reason", Pywsgi: "'*", Gowsgi: "'*", Holds: func(x *replay.Exchange, at int, d replay.Difference) bool {
			code := x.Ours(at).Code
			text := http.StatusText(code)
			if text == "" {
				text = "status code " + strconv.Itoa(code)
			}
			return code == x.Theirs(at).Code && d.Gowsgi == wire.Quote(text)
		}}},
	},
	{
		Name:   "The body that an application makes for a HEAD",
		Pywsgi: "sends it", Gowsgi: "does not send it",
		Why:    "A response to HEAD has no body, and a client takes one for the next response (RFC 9110, 9.3.2).",
		Origin: replay.ByNetHTTP,
		When:   func(x *replay.Exchange, at int) bool { return x.Theirs(at).BodyOnHead },
		Effects: []replay.Effect{
			{Field: "response.body", Pywsgi: missing, Gowsgi: "''"},
			{Field: "response.header.content-length", Pywsgi: "'<length>'", Gowsgi: "'*"},
			{Field: "response.body", Pywsgi: "'*", Gowsgi: "''"},
			{Field: "response.body_on_head", Pywsgi: "true", Gowsgi: missing},
			{Field: "response.framing", Pywsgi: "length|chunked|close", Gowsgi: "none"},
			{Field: "response.complete", Pywsgi: "false", Gowsgi: "true"},
			{Field: "response.chunks", Pywsgi: "[*]", Gowsgi: missing},
			{Field: "response.dump.*", Pywsgi: "*", Gowsgi: missing},
			{Field: "leftover", Pywsgi: "'*", Gowsgi: "''"},
		},
	},
	{
		Name:   "Transfer-Encoding in a response to HEAD",
		Pywsgi: "sends it", Gowsgi: "does not send it",
		Why:     "net/http leaves it out, which RFC 9112, 6.1 allows.",
		Origin:  replay.ByNetHTTP,
		When:    func(x *replay.Exchange, at int) bool { return x.Theirs(at).BodyOnHead },
		Effects: []replay.Effect{{Field: "response.header.transfer-encoding", Pywsgi: "'chunked'", Gowsgi: missing}},
	},
}
