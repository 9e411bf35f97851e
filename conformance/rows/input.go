package rows

import (
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var inputRows = []replay.Rule{
	{
		Name: "A request body that is cut short, read past its end", Origin: replay.ByGowsgi,
		Pywsgi: "OSError: 500 and a traceback, or 400 where a chunk's size was cut; 200 where only the end of the last chunk is missing", Gowsgi: "400 and one line in the log", Why: "RFC 9112, 8: the message is incomplete, and the client's fault. DESIGN.md, What happens when.",
		When: all(withBody(wire.BodyCutShort), readFailed), Effects: own400, Parts: true,
	},
	{
		Name: "A malformed chunk", Origin: replay.ByNetHTTP,
		Pywsgi: "400 without a word in the log; 500 for some; what follows a chunk's data up to LF is dropped unseen", Gowsgi: "400 and one line in the log", Why: "RFC 9112, 7.1.",
		When: all(withBody(wire.BadChunk), readFailed), Effects: append([]replay.Effect{
			{Field: "response.body", Pywsgi: "'*", Gowsgi: "'*", Holds: begins},
			{Field: "response.chunks", Pywsgi: "[*]", Gowsgi: "[*]"},
			{Field: "response.complete", Pywsgi: "true", Gowsgi: "false"},
		}, own400...), Parts: true,
	},
	{
		Name: "A malformed trailer", Origin: replay.ByNetHTTP,
		Pywsgi: "the trailer is not read", Gowsgi: "400 and one line in the log", Why: "RFC 9112, 7.1.2: it belongs to the body.",
		When: all(withBody(wire.BadTrailer), readFailed), Effects: own400, Parts: true,
	},
	{
		Name: "A malformed body that the application did not read, or answers for", Origin: replay.ByNetHTTP,
		Pywsgi: "the rest is parsed as requests", Gowsgi: "the connection closes", Why: "Nobody can say where the next request begins: request smuggling.",
		When:    all(faultyBody, func(x *replay.Exchange, at int) bool { return x.Closed(at) }),
		Effects: []replay.Effect{{Field: "error_log", Pywsgi: "exception|client", Gowsgi: ""}}, Parts: true,
	},
	{
		Name: "An application that reads on after a failed read", Origin: replay.ByGowsgi,
		Pywsgi: "a bad chunk fails once, then it is another kind of error; or what follows is read", Gowsgi: "the same error again", Why: "A body that has failed stays failed.",
		When: all(faultyBody, calls("read_error_again")),
		Effects: append([]replay.Effect{
			{Field: "response.body", Pywsgi: "'*", Gowsgi: "'*<error>*"},
			{Field: "response.header.content-length", Pywsgi: "'*", Gowsgi: "'*"},
		}, served...),
	},
	{
		Name: "An application that answers for a body that is no good", Origin: replay.ByNetHTTP,
		Pywsgi: "sees a good end where only the end of the last chunk is missing, and two kinds of errors elsewhere", Gowsgi: "sees an error of one kind", Why: "RFC 9112, 8. DESIGN.md: never a quiet end.",
		When: all(faultyBody, calls("read_error_answered", "read_error_ignored")),
		Effects: []replay.Effect{
			{Field: "response.code", Pywsgi: "200|500", Gowsgi: "400"},
			{Field: "response.reason", Pywsgi: "'OK'|'Internal Server Error'", Gowsgi: "'Bad Request'"},
			{Field: "response.body", Pywsgi: "'*", Gowsgi: "'the app says: bad input'|'error swallowed'"},
			{Field: "response.header.content-length", Pywsgi: "'*", Gowsgi: "'23'|'15'"},
			{Field: "access.status", Pywsgi: "'200'|'500'", Gowsgi: "'400'"},
			{Field: "error_log", Pywsgi: "exception|client", Gowsgi: ""},
		},
	},
	{
		Name: "A trailer", Origin: replay.ByNetHTTP,
		Pywsgi: "not read: what is left of it is taken for the next request", Gowsgi: "read", Why: "RFC 9112, 7.1.2. gevent 23.9 mended it (CVE-2023-41419).",
		When: withBody(wire.TrailerPresent), Parts: true,
	},
	{
		Name: "A body that is not yet there and that the application does not read", Origin: replay.ByNetHTTP,
		Pywsgi: "the response goes out at once", Gowsgi: "the response, or its end, waits for up to 256 KiB of the body", Why: "net/http reads what is left of a body before it answers, for clients that do not read while they send.",
		When: all(withBody(wire.BodyCutShort), func(x *replay.Exchange, _ int) bool { return !hasHalfClose(x) }),
		Effects: []replay.Effect{
			{Field: "late", Pywsgi: "''", Gowsgi: "'HTTP/1.*|'<*|'0\\r\\n\\r\\n'"},
			{Field: "responses", Pywsgi: "*", Gowsgi: "*", Holds: func(x *replay.Exchange, _ int, _ replay.Difference) bool {
				return len(x.Pywsgi.Responses) == len(x.Gowsgi.Responses)+1
			}},
			{Field: "connection", Pywsgi: "closed", Gowsgi: "open"},
			{Field: "response.complete", Pywsgi: "true", Gowsgi: "false"},
		},
	},
	{
		Name: "An application that fails before its input is there", Origin: replay.ByNetHTTP,
		Pywsgi: "the 500 waits for the rest of the body", Gowsgi: "the 500 goes out at once", Why: "It says Connection: close, and net/http reads a body first only where the connection is to go on.",
		When: all(withBody(wire.BodyCutShort), func(x *replay.Exchange, at int) bool { return x.Ours(at).Code == 500 }),
		Effects: []replay.Effect{
			{Field: "late", Pywsgi: "'HTTP/1.1 500 *", Gowsgi: "''"},
			{Field: "responses", Pywsgi: "0", Gowsgi: "1"},
		},
	},
	{
		Name: "A client that leaves in the middle of its request body", Origin: replay.ByGowsgi,
		Pywsgi: "logged as an exception, status 500", Gowsgi: "one line in the log, status 400", Why: "It cannot be told from a body that is cut short. DESIGN.md, What happens when.",
		When: all(withBody(wire.BodyCutShort), func(x *replay.Exchange, _ int) bool { return x.GoesAway() }),
		Effects: []replay.Effect{
			{Field: "error_log", Pywsgi: "exception", Gowsgi: "client"},
			{Field: "access.status", Pywsgi: "'500'", Gowsgi: "'400'"},
		},
	},
	{
		Name: "More than 256 KiB of a body that the application did not read", Origin: replay.ByNetHTTP,
		Pywsgi: "read and thrown away", Gowsgi: "the connection closes", Why: "net/http's limit: a new connection costs less.",
		When: all(calls("plain", "raises_first"), func(x *replay.Exchange, at int) bool { return x.Closed(at) && bodyOver(x.Request(at), 256<<10) }), Parts: true,
	},
	{
		Name: "Whitespace after a chunk's size", Origin: replay.ByNetHTTP,
		Pywsgi: "400", Gowsgi: "allowed", Why: "net/http. It changes nothing: no other reading of the line gives another size (RFC 9112, 7.1.1 has such whitespace before an extension).",
		When: func(x *replay.Exchange, _ int) bool {
			return strings.Contains(x.Sent(), "\r\n2 \r\n") || strings.Contains(x.Sent(), "\r\n2\t\r\n")
		},
		Effects: served, Parts: true,
	},
	{
		Name: "A chunk extension or a trailer of over 4 KiB", Origin: replay.ByNetHTTP,
		Pywsgi: "extensions are allowed up to 8 KiB, trailers not read", Gowsgi: "400 and one line in the log", Why: "net/http. A limit is in order (RFC 9112, 7.1.1).",
		When: all(withBody(wire.LongLine), readFailed), Effects: own400, Parts: true,
	},
	{
		Name: "Whitespace before a chunk extension", Origin: replay.ByNetHTTP,
		Pywsgi: "400 without a word in the log", Gowsgi: "400 and one line in the log", Why: "net/http. RFC 9112, 7.1.1 would have it accepted.",
		When: all(withBody(wire.SpacedExtension), readFailed), Effects: own400, Parts: true,
	},
	{
		Name: "Transfer-Encoding over HTTP/1.0", Origin: replay.ByNetHTTP,
		Pywsgi: "honoured", Gowsgi: "not looked at: the body ends by Content-Length, or there is none", Why: "net/http; HTTP/1.0 does not know it. RFC 9112, 6.1 would have the connection closed.",
		When: func(x *replay.Exchange, at int) bool {
			return overHTTP10(x, at) && len(x.Request(at).Values("transfer-encoding")) > 0
		},
		Effects: append([]replay.Effect{
			{Field: "environ.HTTP_TRANSFER_ENCODING", Pywsgi: "'*", Gowsgi: missing},
			{Field: "environ.CONTENT_LENGTH", Pywsgi: missing, Gowsgi: "'*"},
			{Field: "response.body", Pywsgi: "'*", Gowsgi: "'*"},
			{Field: "response.framing", Pywsgi: "close", Gowsgi: "length"},
			{Field: "response.header.content-length", Pywsgi: "*", Gowsgi: "'*"},
		}, served...),
		Parts: true,
	},
}

// readFailed says that the application met the fault when it read.
func readFailed(x *replay.Exchange, at int) bool {
	r := x.Ours(at)
	return r.Code == 400 || at < len(x.Gowsgi.Responses) && !r.Complete || strings.HasPrefix(strings.Replace(string(x.Gowsgi.Late), "/1.0", "/1.1", 1), "HTTP/1.1 400 ")
}

func withBody(f wire.Fault) func(x *replay.Exchange, at int) bool {
	return func(x *replay.Exchange, at int) bool { return x.Request(at).BodyFault == f }
}

func faultyBody(x *replay.Exchange, at int) bool {
	f := x.Request(at).BodyFault
	return f != "" && f != wire.TrailerPresent
}

func hasHalfClose(x *replay.Exchange) bool {
	for _, step := range x.Steps {
		if step.HalfClose {
			return true
		}
	}
	return false
}

func bodyOver(r *wire.Request, limit int) bool {
	for _, length := range r.Values("content-length") {
		if wire.Number(length) > limit {
			return true
		}
	}
	return false
}
