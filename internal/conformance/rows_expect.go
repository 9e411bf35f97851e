package conformance

var expectRows = []Rule{
	{
		Name: "A body that was expected by 100-continue, not read and not sent", Origin: ByNetHTTP,
		Pywsgi: "the connection goes on", Gowsgi: "Connection: close; it closes once the client has sent the body or leaves", Why: "Whether a body comes is the client's to decide (RFC 9110, 10.1.1), and net/http waits for it.",
		when:    all(expects, withBody(bodyCutShort), func(x *Exchange, _ int) bool { return x.Gowsgi.Connection == "open" }),
		effects: []effect{{field: "response.header.connection", pywsgi: missing, gowsgi: "'close'"}},
	},
	{
		Name: "A body that was expected by 100-continue and not read to its end", Origin: ByNetHTTP,
		Pywsgi: "it is left in place and taken for the next request", Gowsgi: "the connection closes", Why: "The client may or may not send it (RFC 9110, 10.1.1). gevent 23.9 mended it.",
		when: all(expects, func(x *Exchange, at int) bool { return x.closed(at) && x.request(at).fault == "" }), parts: true,
	},
	{
		Name: "100 Continue for a body without a byte", Origin: ByNetHTTP,
		Pywsgi: "sent at the first read", Gowsgi: "not sent", Why: "There is nothing to wait for.",
		when:    all(expects, func(x *Exchange, at int) bool { return !bodyOver(x.request(at), 0) }),
		effects: []effect{{field: "response.interim", pywsgi: "'HTTP/1.1 100 Continue'", gowsgi: ""}},
	},
	{
		Name: "100 Continue to HTTP/1.0", Origin: ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "not sent", Why: "RFC 9110, 10.1.1 and 15.2: never to HTTP/1.0.",
		when:    all(expects, overHTTP10),
		effects: []effect{{field: "response.interim", pywsgi: "'HTTP/1.1 100 Continue'", gowsgi: ""}},
	},
	{
		Name: "Expect in other letters, or twice", Origin: ByNetHTTP,
		Pywsgi: "not understood", Gowsgi: "100 Continue", Why: "RFC 9110, 10.1.1: case-insensitive, and a list.",
		when: all(expects, func(x *Exchange, at int) bool {
			values := x.request(at).values("expect")
			return len(values) > 1 || values[0] != "100-continue"
		}),
		effects: []effect{{field: "response.interim", pywsgi: "", gowsgi: "'HTTP/1.1 100 Continue'"}},
	},
	{
		Name: "The first read comes after the first bytes of the response", Origin: ByGowsgi,
		Pywsgi: "100 Continue goes out in the middle of the chunked body", Gowsgi: "the body is read without it, and the connection closed", Why: "An interim response comes before the final one (RFC 9110, 15.2).",
		when: all(expects, calls("read_after_bytes", "read_partial_after_bytes")),
		effects: []effect{
			{field: "response.body", pywsgi: "'start;'", gowsgi: "'start;*"},
			{field: "response.chunks", pywsgi: "[6]", gowsgi: "[6 *]"},
			{field: "leftover", pywsgi: "'*", gowsgi: "''"},
			{field: "trailing_interim", pywsgi: "'HTTP/1.1 100 Continue'", gowsgi: ""},
			{field: "response.complete", pywsgi: "false", gowsgi: "true"},
		},
		parts: true,
	},
}

func expects(x *Exchange, at int) bool { return len(x.request(at).values("expect")) > 0 }
