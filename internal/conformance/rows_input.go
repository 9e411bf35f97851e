package conformance

import "strings"

var inputRows = []Rule{
	{
		Name: "A request body that is cut short, read past its end", Origin: ByGowsgi,
		Pywsgi: "OSError: 500 and a traceback, or 400 where a chunk's size was cut; 200 where only the end of the last chunk is missing", Gowsgi: "400 and one line in the log", Why: "RFC 9112, 8: the message is incomplete, and the client's fault. DESIGN.md, What happens when.",
		when: all(withBody(bodyCutShort), readFailed), effects: own400, parts: true,
	},
	{
		Name: "A malformed chunk", Origin: ByNetHTTP,
		Pywsgi: "400 without a word in the log; 500 for some; what follows a chunk's data up to LF is dropped unseen", Gowsgi: "400 and one line in the log", Why: "RFC 9112, 7.1.",
		when: all(withBody(badChunk), readFailed), effects: append([]effect{
			{field: "response.body", pywsgi: "'*", gowsgi: "'*", holds: begins},
			{field: "response.chunks", pywsgi: "[*]", gowsgi: "[*]"},
			{field: "response.complete", pywsgi: "true", gowsgi: "false"},
		}, own400...), parts: true,
	},
	{
		Name: "A malformed trailer", Origin: ByNetHTTP,
		Pywsgi: "the trailer is not read", Gowsgi: "400 and one line in the log", Why: "RFC 9112, 7.1.2: it belongs to the body.",
		when: all(withBody(badTrailer), readFailed), effects: own400, parts: true,
	},
	{
		Name: "A malformed body that the application did not read, or answers for", Origin: ByNetHTTP,
		Pywsgi: "the rest is parsed as requests", Gowsgi: "the connection closes", Why: "Nobody can say where the next request begins: request smuggling.",
		when:    all(faultyBody, func(x *Exchange, at int) bool { return x.closed(at) }),
		effects: []effect{{field: "error_log", pywsgi: "exception|client", gowsgi: ""}}, parts: true,
	},
	{
		Name: "An application that reads on after a failed read", Origin: ByGowsgi,
		Pywsgi: "a bad chunk fails once, then it is another kind of error; or what follows is read", Gowsgi: "the same error again", Why: "A body that has failed stays failed.",
		when: all(faultyBody, calls("read_error_again")),
		effects: append([]effect{
			{field: "response.body", pywsgi: "'*", gowsgi: "'*<error>*"},
			{field: "response.header.content-length", pywsgi: "'*", gowsgi: "'*"},
		}, served...),
	},
	{
		Name: "An application that answers for a body that is no good", Origin: ByNetHTTP,
		Pywsgi: "sees a good end where only the end of the last chunk is missing, and two kinds of errors elsewhere", Gowsgi: "sees an error of one kind", Why: "RFC 9112, 8. DESIGN.md: never a quiet end.",
		when: all(faultyBody, calls("read_error_answered", "read_error_ignored")),
		effects: []effect{
			{field: "response.code", pywsgi: "200|500", gowsgi: "400"},
			{field: "response.reason", pywsgi: "'OK'|'Internal Server Error'", gowsgi: "'Bad Request'"},
			{field: "response.body", pywsgi: "'*", gowsgi: "'the app says: bad input'|'error swallowed'"},
			{field: "response.header.content-length", pywsgi: "'*", gowsgi: "'23'|'15'"},
			{field: "access.status", pywsgi: "'200'|'500'", gowsgi: "'400'"},
			{field: "error_log", pywsgi: "exception|client", gowsgi: ""},
		},
	},
	{
		Name: "A trailer", Origin: ByNetHTTP,
		Pywsgi: "not read: what is left of it is taken for the next request", Gowsgi: "read", Why: "RFC 9112, 7.1.2. gevent 23.9 mended it (CVE-2023-41419).",
		when: withBody(trailerPresent), parts: true,
	},
	{
		Name: "A body that is not yet there and that the application does not read", Origin: ByNetHTTP,
		Pywsgi: "the response goes out at once", Gowsgi: "the response, or its end, waits for up to 256 KiB of the body", Why: "net/http reads what is left of a body before it answers, for clients that do not read while they send.",
		when: all(withBody(bodyCutShort), func(x *Exchange, _ int) bool { return !hasHalfClose(x) }),
		effects: []effect{
			{field: "late", pywsgi: "''", gowsgi: "'HTTP/1.*|'<*|'0\\r\\n\\r\\n'"},
			{field: "responses", pywsgi: "*", gowsgi: "*", holds: func(x *Exchange, _ int, _ Difference) bool {
				return len(x.Pywsgi.Responses) == len(x.Gowsgi.Responses)+1
			}},
			{field: "connection", pywsgi: "closed", gowsgi: "open"},
			{field: "response.complete", pywsgi: "true", gowsgi: "false"},
		},
	},
	{
		Name: "An application that fails before its input is there", Origin: ByNetHTTP,
		Pywsgi: "the 500 waits for the rest of the body", Gowsgi: "the 500 goes out at once", Why: "It says Connection: close, and net/http reads a body first only where the connection is to go on.",
		when: all(withBody(bodyCutShort), func(x *Exchange, at int) bool { return x.ours(at).Code == 500 }),
		effects: []effect{
			{field: "late", pywsgi: "'HTTP/1.1 500 *", gowsgi: "''"},
			{field: "responses", pywsgi: "0", gowsgi: "1"},
		},
	},
	{
		Name: "A client that leaves in the middle of its request body", Origin: ByGowsgi,
		Pywsgi: "logged as an exception, status 500", Gowsgi: "one line in the log, status 400", Why: "It cannot be told from a body that is cut short. DESIGN.md, What happens when.",
		when: all(withBody(bodyCutShort), func(x *Exchange, _ int) bool { return x.goesAway() }),
		effects: []effect{
			{field: "error_log", pywsgi: "exception", gowsgi: "client"},
			{field: "access.status", pywsgi: "'500'", gowsgi: "'400'"},
		},
	},
	{
		Name: "More than 256 KiB of a body that the application did not read", Origin: ByNetHTTP,
		Pywsgi: "read and thrown away", Gowsgi: "the connection closes", Why: "net/http's limit: a new connection costs less.",
		when: all(calls("plain", "raises_first"), func(x *Exchange, at int) bool { return x.closed(at) && bodyOver(x.request(at), 256<<10) }), parts: true,
	},
	{
		Name: "Whitespace after a chunk's size", Origin: ByNetHTTP,
		Pywsgi: "400", Gowsgi: "allowed", Why: "net/http. It changes nothing: no other reading of the line gives another size (RFC 9112, 7.1.1 has such whitespace before an extension).",
		when: func(x *Exchange, _ int) bool {
			return strings.Contains(x.sent(), "\r\n2 \r\n") || strings.Contains(x.sent(), "\r\n2\t\r\n")
		},
		effects: served, parts: true,
	},
	{
		Name: "A chunk extension or a trailer of over 4 KiB", Origin: ByNetHTTP,
		Pywsgi: "extensions are allowed up to 8 KiB, trailers not read", Gowsgi: "400 and one line in the log", Why: "net/http. A limit is in order (RFC 9112, 7.1.1).",
		when: all(withBody(longLine), readFailed), effects: own400, parts: true,
	},
	{
		Name: "Whitespace before a chunk extension", Origin: ByNetHTTP,
		Pywsgi: "400 without a word in the log", Gowsgi: "400 and one line in the log", Why: "net/http. RFC 9112, 7.1.1 would have it accepted.",
		when: all(withBody(spacedExtension), readFailed), effects: own400, parts: true,
	},
	{
		Name: "Transfer-Encoding over HTTP/1.0", Origin: ByNetHTTP,
		Pywsgi: "honoured", Gowsgi: "not looked at: the body ends by Content-Length, or there is none", Why: "net/http; HTTP/1.0 does not know it. RFC 9112, 6.1 would have the connection closed.",
		when: func(x *Exchange, at int) bool {
			return overHTTP10(x, at) && len(x.request(at).values("transfer-encoding")) > 0
		},
		effects: append([]effect{
			{field: "environ.HTTP_TRANSFER_ENCODING", pywsgi: "'*", gowsgi: missing},
			{field: "environ.CONTENT_LENGTH", pywsgi: missing, gowsgi: "'*"},
			{field: "response.body", pywsgi: "'*", gowsgi: "'*"},
			{field: "response.framing", pywsgi: "close", gowsgi: "length"},
			{field: "response.header.content-length", pywsgi: "*", gowsgi: "'*"},
		}, served...),
		parts: true,
	},
}

// readFailed says that the application met the fault when it read.
func readFailed(x *Exchange, at int) bool {
	r := x.ours(at)
	return r.Code == 400 || at < len(x.Gowsgi.Responses) && !r.Complete || strings.HasPrefix(strings.Replace(string(x.Gowsgi.Late), "/1.0", "/1.1", 1), "HTTP/1.1 400 ")
}

func withBody(f fault) func(x *Exchange, at int) bool {
	return func(x *Exchange, at int) bool { return x.request(at).bodyFault == f }
}

func faultyBody(x *Exchange, at int) bool {
	f := x.request(at).bodyFault
	return f != "" && f != trailerPresent
}

func hasHalfClose(x *Exchange) bool {
	for _, step := range x.Steps {
		if step.HalfClose {
			return true
		}
	}
	return false
}

func bodyOver(r *rawRequest, limit int) bool {
	for _, length := range r.values("content-length") {
		if number(length) > limit {
			return true
		}
	}
	return false
}
