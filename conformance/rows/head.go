package rows

import (
	"net/http"
	"strconv"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var headRows = []replay.Rule{
	{
		Name: "The version of a response to HTTP/1.0", Origin: replay.ByNetHTTP,
		Pywsgi: "HTTP/1.1", Gowsgi: "HTTP/1.0", Why: "net/http. Both are allowed (RFC 9110, 2.5).",
		When:    overHTTP10,
		Effects: []replay.Effect{{Field: "response.version", Pywsgi: "HTTP/1.1", Gowsgi: "HTTP/1.0"}},
	},
	{
		Name: "Connection: close to HTTP/1.0", Origin: replay.ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "left out", Why: "Closing is what HTTP/1.0 does unless told otherwise (RFC 9112, 9.3).",
		When:    closes10,
		Effects: []replay.Effect{{Field: "response.header.connection", Pywsgi: "'close'", Gowsgi: missing}},
	},
	{
		Name: "A body of unknown length to HTTP/1.0 with keep-alive", Origin: replay.ByNetHTTP,
		Pywsgi: "says keep-alive and leaves the connection open: nobody can tell where the body ends", Gowsgi: "closes the connection after it", Why: "RFC 9112, 6.3: without a length the body ends with the connection.",
		When: all(overHTTP10, func(x *replay.Exchange, at int) bool { return x.Ours(at).Framing == "close" }),
		Effects: []replay.Effect{
			{Field: "response.header.connection", Pywsgi: "'keep-alive'", Gowsgi: missing},
			{Field: "response.complete", Pywsgi: "false", Gowsgi: "true"},
			{Field: "response.body", Pywsgi: "'*HTTP/1.1 *", Gowsgi: "'*"},
		},
		Parts: true,
	},
	{
		Name: "Connection: close before a connection is closed", Origin: replay.ByNetHTTP,
		Pywsgi: "left out where the client asked for it, or the body is broken", Gowsgi: "sent", Why: "RFC 9112, 9.6: who closes says so in the last response.",
		When:    func(x *replay.Exchange, at int) bool { return x.Closed(at) || faultyBody(x, at) && !expects(x, at) },
		Effects: []replay.Effect{{Field: "response.header.connection", Pywsgi: "absent|'keep-alive'", Gowsgi: "'close'"}},
	},
	{
		Name: "The reason phrase", Origin: replay.ByNetHTTP,
		Pywsgi: "the application's", Gowsgi: "net/http's for the code", Why: "net/http takes a code only. A client ignores the phrase (RFC 9112, 4).",
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
		Name: "The body of a response to HEAD", Origin: replay.ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "not sent", Why: "RFC 9110, 9.3.2: there is none.",
		When: func(x *replay.Exchange, at int) bool { return x.Theirs(at).BodyOnHead },
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
		Name: "Transfer-Encoding in a response to HEAD", Origin: replay.ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "left out", Why: "net/http. It may be left out (RFC 9112, 6.1).",
		When:    func(x *replay.Exchange, at int) bool { return x.Theirs(at).BodyOnHead },
		Effects: []replay.Effect{{Field: "response.header.transfer-encoding", Pywsgi: "'chunked'", Gowsgi: missing}},
	},
}
