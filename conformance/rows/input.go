package rows

import (
	"regexp"
	"slices"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/apps"
	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var inputRows = []replay.Rule{
	{
		Name:   "An application that reads past the end of a body that is cut short",
		Pywsgi: "answers 500 and logs a traceback", Gowsgi: "answers 400 and logs one line",
		Why:    "The message is incomplete, and that is the client's fault (RFC 9112, 8).",
		Origin: replay.ByGowsgi,
		When:   all(withBody(wire.BodyCutShort), readFailed), Effects: own400For500, Parts: true,
	},
	{
		Name:   "An application that reads past the end of a chunked body that is cut short outside a chunk's data",
		Pywsgi: "answers 400 without a line in the error log; takes the body for complete if only the end of its last chunk is missing", Gowsgi: "answers 400 and logs one line",
		Why:    "A body is complete only when its last chunk is (RFC 9112, 8). gevent 26.9.0 treats all of these as gowsgi does.",
		Origin: replay.ByGowsgi, Only: recorded.Debian,
		When: all(withBody(wire.BodyCutShort), readFailed), Effects: slices.Concat(cutBody, own400For200), Parts: true,
	},
	{
		Name:   "A line feed within a chunk extension",
		Pywsgi: "accepts it", Gowsgi: "answers 400 and logs one line",
		Why:    "A chunk extension cannot hold a line feed (RFC 9112, 7.1.1), and servers that disagree about one allow request smuggling.",
		Origin: replay.ByNetHTTP,
		When:   all(withBody(wire.BadChunk), readFailed, func(x *replay.Exchange, _ int) bool { return feedInExtension.MatchString(x.Sent()) }), Effects: own400For200, Parts: true,
	},
	{
		Name:   "An application that reads a malformed chunk",
		Pywsgi: "answers 400 without a line in the error log; answers 500 if the chunk has no size; drops what stands between a chunk's data and the next line feed", Gowsgi: "answers 400 and logs one line",
		Why:    "A chunk that does not follow the grammar makes the whole message invalid (RFC 9112, 7.1). gevent 26.9.0 treats most of these as gowsgi does.",
		Origin: replay.ByNetHTTP, Only: recorded.Debian,
		When: all(withBody(wire.BadChunk), readFailed), Effects: slices.Concat(cutBody, own400For500, own400For200), Parts: true,
	},
	{
		Name:   "An application that reads up to a malformed trailer",
		Pywsgi: "does not read the trailer, and takes what is left of it for the next request", Gowsgi: "answers 400 and logs one line",
		Why:    "The trailer is a part of the body (RFC 9112, 7.1.2).",
		Origin: replay.ByNetHTTP, Only: recorded.Debian,
		When: all(withBody(wire.BadTrailer), readFailed), Effects: slices.Concat(cutBody, own400For200), Parts: true,
	},
	{
		Name:   "A trailer line without a colon",
		Pywsgi: "skips the line", Gowsgi: "answers 400 and logs one line",
		Why:    "It is no field line (RFC 9112, 7.1.2).",
		Origin: replay.ByNetHTTP, Only: recorded.Newest,
		When: all(withBody(wire.BadTrailer), readFailed), Effects: slices.Concat(cutBody, own400For200), Parts: true,
	},
	{
		Name:   "Whitespace in the name of a trailer",
		Pywsgi: "answers 400", Gowsgi: "accepts it",
		Why:    "net/http accepts spaces in the names of trailers, though a name is a token (RFC 9110, 5.1).",
		Origin: replay.ByNetHTTP, Only: recorded.Newest,
		When:    all(withBody(wire.TrailerPresent), func(x *replay.Exchange, at int) bool { return x.Theirs(at).Code == 400 }),
		Effects: served, Parts: true,
	},
	{
		Name:   "A malformed body that the application does not read, or only as far as it is well formed",
		Pywsgi: "sends the response, keeps the connection, and takes the rest of the body for the next request", Gowsgi: "sends the response and closes the connection",
		Why:    "Nobody can say where the next request begins, and a guess allows request smuggling.",
		Origin: replay.ByNetHTTP, Only: recorded.Debian,
		When:    all(faultyBody, leavesFault, func(x *replay.Exchange, at int) bool { return x.Closed(at) }),
		Effects: []replay.Effect{{Field: "error_log", Pywsgi: "exception|client", Gowsgi: ""}}, Parts: true,
	},
	{
		Name:   "An application that fails without having read a malformed body",
		Pywsgi: "answers 400 and logs one line", Gowsgi: "answers 500 and logs the failure",
		Why:    "The application's failure comes first. gevent 26.9.0 reads the rest of the body before it answers, and forgets the failure over what it finds there.",
		Origin: replay.ByGowsgi, Only: recorded.Newest,
		When: all(faultyBody, leavesInput, answered500), Effects: own500For400,
	},
	{
		Name:   "A body that the application does not read and that turns out to be no good",
		Pywsgi: "logs the fault when it reads the rest of the body", Gowsgi: "does not log the fault",
		Why:    "The application has answered without the body, so nobody misses it. Both close the connection.",
		Origin: replay.ByNetHTTP, Only: recorded.Newest,
		When:    faultyBody,
		Effects: []replay.Effect{{Field: "error_log", Pywsgi: "client|exception", Gowsgi: "|exception"}},
	},
	{
		Name:   "An application that catches the error of a malformed body and answers",
		Pywsgi: "sends the response, keeps the connection, and takes the rest of the body for the next request", Gowsgi: "sends the response and closes the connection",
		Why:     "Nobody can say where the next request begins, and a guess allows request smuggling.",
		Origin:  replay.ByNetHTTP,
		When:    all(withBody(wire.BadChunk), calls("read_error_answered", "read_error_ignored", "read_error_again"), func(x *replay.Exchange, at int) bool { return x.Closed(at) }),
		Effects: []replay.Effect{{Field: "error_log", Pywsgi: "exception|client", Gowsgi: ""}}, Parts: true,
	},
	{
		Name:   "An application that reads on after a failed read",
		Pywsgi: "fails a second read with another kind of error, which it answers 500", Gowsgi: "fails every later read with the same error",
		Why:    "A body that has failed stays failed, so an application that catches the error once need not expect another.",
		Origin: replay.ByGowsgi,
		When:   all(faultyBody, calls("read_error_again")),
		Effects: append([]replay.Effect{
			{Field: "response.body", Pywsgi: "'*", Gowsgi: "'*<error>*"},
			{Field: "response.header.content-length", Pywsgi: "'*", Gowsgi: "'*"},
		}, served...),
	},
	{
		Name:   "An application that catches the error of a body that is no good",
		Pywsgi: "gives it no error if only the end of the last chunk is missing, or if something stands between a chunk's data and the next line feed", Gowsgi: "gives it an error",
		Why:    "A body is complete only when its last chunk is, and each chunk's data ends in CR LF (RFC 9112, 7.1 and 8).",
		Origin: replay.ByNetHTTP, Only: recorded.Debian,
		When: all(faultyBody, calls("read_error_answered", "read_error_ignored")),
		Effects: []replay.Effect{
			{Field: "response.code", Pywsgi: "200", Gowsgi: "400"},
			{Field: "response.reason", Pywsgi: "'OK'", Gowsgi: "'Bad Request'"},
			{Field: "response.body", Pywsgi: "'*", Gowsgi: "'the app says: bad input'|'error swallowed'"},
			{Field: "response.header.content-length", Pywsgi: "'*", Gowsgi: "'23'|'15'"},
			{Field: "access.status", Pywsgi: "'200'", Gowsgi: "'400'"},
		},
	},
	{
		Name:   "A trailer",
		Pywsgi: "does not read it, and takes what is left of it for the next request", Gowsgi: "reads it and drops it",
		Why:    "The trailer is a part of the body (RFC 9112, 7.1.2). gevent 23.9 repaired this (CVE-2023-41419).",
		Origin: replay.ByNetHTTP, Only: recorded.Debian,
		When: withBody(wire.TrailerPresent), Parts: true,
	},
	{
		Name:   "A request body that has not arrived and that the application does not read",
		Pywsgi: "sends the response at once", Gowsgi: "sends the response after up to 256 KiB of the body",
		Why:    "net/http reads what is left of a body before it answers, because some clients do not read while they send.",
		Origin: replay.ByNetHTTP,
		When:   all(withBody(wire.BodyCutShort), func(x *replay.Exchange, _ int) bool { return !hasHalfClose(x) }),
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
		Name:   "An application that fails before its input has arrived",
		Pywsgi: "sends the 500 after the rest of the body", Gowsgi: "sends the 500 at once",
		Why:    "The 500 says Connection: close, and net/http reads the rest of a body only if it wants to keep the connection.",
		Origin: replay.ByNetHTTP,
		When:   all(withBody(wire.BodyCutShort), func(x *replay.Exchange, at int) bool { return x.Ours(at).Code == 500 }),
		Effects: []replay.Effect{
			{Field: "late", Pywsgi: "'HTTP/1.1 500 *", Gowsgi: "''"},
			{Field: "responses", Pywsgi: "0", Gowsgi: "1"},
		},
	},
	{
		Name:   "A client that leaves while it sends a request body",
		Pywsgi: "logs a traceback and the status 500", Gowsgi: "logs one line and the status 400",
		Why:    "A server cannot tell this from a body that is cut short, which is the client's fault (RFC 9112, 8).",
		Origin: replay.ByGowsgi,
		When:   all(withBody(wire.BodyCutShort), func(x *replay.Exchange, _ int) bool { return x.GoesAway() }),
		Effects: []replay.Effect{
			{Field: "error_log", Pywsgi: "exception", Gowsgi: "client"},
			{Field: "access.status", Pywsgi: "'500'", Gowsgi: "'400'"},
		},
	},
	{
		Name:   "More than 256 KiB of a request body that the application did not read",
		Pywsgi: "reads and drops them", Gowsgi: "closes the connection",
		Why:    "That is net/http's limit, beyond which a new connection costs less than reading.",
		Origin: replay.ByNetHTTP,
		When:   all(calls("plain", "raises_first"), func(x *replay.Exchange, at int) bool { return x.Closed(at) && bodyOver(x.Request(at), 256<<10) }), Parts: true,
	},
	{
		Name:   "A response that begins before its request was read to the end",
		Pywsgi: "keeps the connection", Gowsgi: "says Connection: close, and closes the connection after the response",
		Why:    "The rest of the body is read in full duplex, and net/http does not check then where the next request begins. To keep the connection would allow request smuggling (RFC 9112, 11.2).",
		Origin: replay.ByGowsgi,
		When: all(goesOutPiecewise, hasBody, func(x *replay.Exchange, at int) bool {
			last, _ := x.Ours(at).Header("Connection")
			return x.Closed(at) && last == "close"
		}),
		Effects: []replay.Effect{
			{Field: "response.header.connection", Pywsgi: missing, Gowsgi: "'close'"},
			{Field: "connection", Pywsgi: "open", Gowsgi: "closed"},
		}, Parts: true,
	},
	{
		Name:   "An application that sends what it has read, up to a malformed chunk",
		Pywsgi: "answers 400 to the read that meets the chunk", Gowsgi: "gives it the bytes before the fault, and cuts the connection off at the next read",
		Why:    "Those bytes are good, and the failure belongs to the read that asks for more.",
		Origin: replay.ByGowsgi, Only: recorded.Newest,
		When: all(withBody(wire.BadChunk), calls("echo_stream"), func(x *replay.Exchange, at int) bool { return !x.Ours(at).Complete }),
		Effects: []replay.Effect{
			{Field: "response.code", Pywsgi: "400", Gowsgi: "200"},
			{Field: "response.reason", Pywsgi: "'Bad Request'", Gowsgi: "'OK'"},
			{Field: "response.body", Pywsgi: "''", Gowsgi: "'*"},
			{Field: "response.chunks", Pywsgi: missing, Gowsgi: "[*]"},
			{Field: "response.complete", Pywsgi: "true", Gowsgi: "false"},
			{Field: "response.framing", Pywsgi: "length", Gowsgi: "chunked"},
			{Field: "response.header.content-length", Pywsgi: "'0'", Gowsgi: missing},
			{Field: "response.header.transfer-encoding", Pywsgi: missing, Gowsgi: "'chunked'"},
			{Field: "access.status", Pywsgi: "'400'", Gowsgi: "'200'"},
		}, Parts: true,
	},
	{
		Name:   "Whitespace after a chunk's size",
		Pywsgi: "answers 400", Gowsgi: "accepts it",
		Why:    "net/http accepts it. No other reading of the line gives another size.",
		Origin: replay.ByNetHTTP,
		When: func(x *replay.Exchange, _ int) bool {
			return strings.Contains(x.Sent(), "\r\n2 \r\n") || strings.Contains(x.Sent(), "\r\n2\t\r\n")
		},
		Effects: served, Parts: true,
	},
	{
		Name:   "A chunk extension of over 4 KiB",
		Pywsgi: "accepts up to 8 KiB", Gowsgi: "answers 400 and logs one line",
		Why:    "That is net/http's limit. RFC 9112, 7.1.1 asks for one.",
		Origin: replay.ByNetHTTP,
		When:   all(withBody(wire.LongLine), readFailed, inExtension), Effects: own400For200, Parts: true,
	},
	{
		Name:   "A trailer of over 4 KiB",
		Pywsgi: "does not read it", Gowsgi: "answers 400 and logs one line",
		Why:    "That is net/http's limit. gevent 26.9.0 has one too.",
		Origin: replay.ByNetHTTP, Only: recorded.Debian,
		When: all(withBody(wire.LongLine), readFailed), Effects: own400For200, Parts: true,
	},
	{
		Name:   "Whitespace before a chunk extension",
		Pywsgi: "answers 400 without a line in the error log", Gowsgi: "answers 400 and logs one line",
		Why:    "net/http refuses it, though RFC 9112, 7.1.1 asks recipients to accept it. gevent 26.9.0 logs a line too.",
		Origin: replay.ByNetHTTP, Only: recorded.Debian,
		When:    all(withBody(wire.SpacedExtension), readFailed),
		Effects: []replay.Effect{{Field: "error_log", Pywsgi: "", Gowsgi: "client"}},
	},
	{
		Name:   "Transfer-Encoding over HTTP/1.0",
		Pywsgi: "decodes it", Gowsgi: "ignores it: the body ends by Content-Length, or there is none",
		Why:    "HTTP/1.0 does not know the header, and net/http treats it so. RFC 9112, 6.1 also asks a server to close the connection then.",
		Origin: replay.ByNetHTTP,
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

// feedInExtension is a chunk extension with a line feed in it.
var feedInExtension = regexp.MustCompile(`;[^\r\n]*\n`)

// inExtension says that a line of the body's framing is long for its extension.
func inExtension(x *replay.Exchange, _ int) bool { return longExtension.MatchString(x.Sent()) }

var longExtension = regexp.MustCompile(`\n[0-9a-f]+;[^\r\n]{1000}`)

// leavesFault says that the application does not read its input, or stops before the
// fault and answers.
func leavesFault(x *replay.Exchange, at int) bool {
	return leavesInput(x, at) || calls("read_five")(x, at) && x.Ours(at).Code == 200
}

// leavesInput says that the application does not read its input.
func leavesInput(x *replay.Exchange, at int) bool { return apps.InputApps[x.App(at)] == nil }

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

// goesOutPiecewise says that the response has no length, or that the application calls
// write().
func goesOutPiecewise(x *replay.Exchange, at int) bool {
	framing := x.Ours(at).Framing
	return framing == "chunked" || framing == "close" || strings.HasPrefix(x.App(at), "write_") || strings.HasSuffix(x.App(at), "_after_bytes")
}

// hasBody says that the request announces a body.
func hasBody(x *replay.Exchange, at int) bool {
	r := x.Request(at)
	return bodyOver(r, 0) || len(r.Values("transfer-encoding")) > 0
}

func bodyOver(r *wire.Request, limit int) bool {
	for _, length := range r.Values("content-length") {
		if wire.Number(length) > limit {
			return true
		}
	}
	return false
}
