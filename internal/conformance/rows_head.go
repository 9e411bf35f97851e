package conformance

import (
	"net/http"
	"strconv"
)

var headRows = []Rule{
	{
		Name: "The version of a response to HTTP/1.0", Origin: ByNetHTTP,
		Pywsgi: "HTTP/1.1", Gowsgi: "HTTP/1.0", Why: "net/http. Both are allowed (RFC 9110, 2.5).",
		when:    overHTTP10,
		effects: []effect{{field: "response.version", pywsgi: "HTTP/1.1", gowsgi: "HTTP/1.0"}},
	},
	{
		Name: "Connection: close to HTTP/1.0", Origin: ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "left out", Why: "Closing is what HTTP/1.0 does unless told otherwise (RFC 9112, 9.3).",
		when:    closes10,
		effects: []effect{{field: "response.header.connection", pywsgi: "'close'", gowsgi: missing}},
	},
	{
		Name: "A body of unknown length to HTTP/1.0 with keep-alive", Origin: ByNetHTTP,
		Pywsgi: "says keep-alive and leaves the connection open: nobody can tell where the body ends", Gowsgi: "closes the connection after it", Why: "RFC 9112, 6.3: without a length the body ends with the connection.",
		when: all(overHTTP10, func(x *Exchange, at int) bool { return x.ours(at).Framing == "close" }),
		effects: []effect{
			{field: "response.header.connection", pywsgi: "'keep-alive'", gowsgi: missing},
			{field: "response.complete", pywsgi: "false", gowsgi: "true"},
			{field: "response.body", pywsgi: "'*HTTP/1.1 *", gowsgi: "'*"},
		},
		parts: true,
	},
	{
		Name: "Connection: close before a connection is closed", Origin: ByNetHTTP,
		Pywsgi: "left out where the client asked for it, or the body is broken", Gowsgi: "sent", Why: "RFC 9112, 9.6: who closes says so in the last response.",
		when:    func(x *Exchange, at int) bool { return x.closed(at) || faultyBody(x, at) && !expects(x, at) },
		effects: []effect{{field: "response.header.connection", pywsgi: "absent|'keep-alive'", gowsgi: "'close'"}},
	},
	{
		Name: "The reason phrase", Origin: ByNetHTTP,
		Pywsgi: "the application's", Gowsgi: "net/http's for the code", Why: "net/http takes a code only. A client ignores the phrase (RFC 9112, 4).",
		effects: []effect{{field: "response.reason", pywsgi: "'*", gowsgi: "'*", holds: func(x *Exchange, at int, d Difference) bool {
			code := x.ours(at).Code
			text := http.StatusText(code)
			if text == "" {
				text = "status code " + strconv.Itoa(code)
			}
			return code == x.theirs(at).Code && d.Gowsgi == quote(text)
		}}},
	},
	{
		Name: "The body of a response to HEAD", Origin: ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "not sent", Why: "RFC 9110, 9.3.2: there is none.",
		when: func(x *Exchange, at int) bool { return x.theirs(at).BodyOnHead },
		effects: []effect{
			{field: "response.body", pywsgi: missing, gowsgi: "''"},
			{field: "response.header.content-length", pywsgi: "'<length>'", gowsgi: "'*"},
			{field: "response.body", pywsgi: "'*", gowsgi: "''"},
			{field: "response.body_on_head", pywsgi: "true", gowsgi: missing},
			{field: "response.framing", pywsgi: "length|chunked|close", gowsgi: "none"},
			{field: "response.complete", pywsgi: "false", gowsgi: "true"},
			{field: "response.chunks", pywsgi: "[*]", gowsgi: missing},
			{field: "response.dump.*", pywsgi: "*", gowsgi: missing},
			{field: "leftover", pywsgi: "'*", gowsgi: "''"},
		},
	},
	{
		Name: "Transfer-Encoding in a response to HEAD", Origin: ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "left out", Why: "net/http. It may be left out (RFC 9112, 6.1).",
		when:    func(x *Exchange, at int) bool { return x.theirs(at).BodyOnHead },
		effects: []effect{{field: "response.header.transfer-encoding", pywsgi: "'chunked'", gowsgi: missing}},
	},
}
