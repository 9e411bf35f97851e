package rows

import (
	"slices"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

// refusedRequestRows are about the requests that net/http refuses. There is a row for
// each rule that a request can break.
var refusedRequestRows = []replay.Rule{
	{
		Name:   "The response to a request that both servers refuse",
		Pywsgi: "answers 400 or 414 with an empty body, and writes a line into both logs", Gowsgi: "answers net/http's 400, 501 or 505 with a text, and logs nothing",
		Why:    "net/http answers before it calls a handler.",
		Origin: replay.ByNetHTTP,
		When: func(x *replay.Exchange, at int) bool {
			return refused(x, at) && !slices.Contains([]int{0, 200}, x.Theirs(at).Code)
		},
		Effects: refusedEffects, Parts: true,
	},
	{
		Name:   "One to three bytes after a request",
		Pywsgi: "answers 400: to an empty line at once, to a part of a line when the connection ends", Gowsgi: "waits for more, and closes the connection when it ends",
		Why:    "net/http wants four bytes before it starts to read a request. RFC 9112, 2.2 asks servers to ignore an empty line there.",
		Origin: replay.ByNetHTTP,
		When: func(x *replay.Exchange, at int) bool {
			r := x.Request(at)
			return at > 0 && at == len(x.Gowsgi.Responses) && r.Fault != "" && r.Left < 4
		},
		Effects: []replay.Effect{{Field: "error_log", Pywsgi: "client", Gowsgi: ""}},
		Parts:   true,
	},
	{
		Name:   "An empty line after a POST",
		Pywsgi: "answers 400", Gowsgi: "ignores it",
		Why:     "A server should ignore it (RFC 9112, 2.2). net/http does so only after a POST.",
		Origin:  replay.ByNetHTTP,
		When:    func(x *replay.Exchange, at int) bool { return x.Request(at).Skipped },
		Effects: append([]replay.Effect{{Field: "access.request", Pywsgi: "''", Gowsgi: "'*"}}, served...), Parts: true,
	},
	refusedFor(wire.HeadCutShort, "serves it with what has come, even if that ends within a header", "An incomplete request must not be processed (RFC 9112, 8)."),
	refusedFor(wire.BadLine, "splits the line at any whitespace that Python knows, however much there is", "Single spaces separate the three (RFC 9112, 3)."),
	refusedFor(wire.BadMethod, "serves it", "A method is a token (RFC 9110, 9.1)."),
	refusedFor(wire.BadVersion, "serves it if Python's int() accepts the two numbers", "A version is two single digits with a dot between them (RFC 9112, 2.3)."),
	refusedFor(wire.OtherVersion, "answers 400", "The status for this is 505 (RFC 9110, 15.6.6)."),
	refusedFor(wire.ControlTarget, "serves it", "A URI has no control characters (RFC 3986, 2)."),
	refusedFor(wire.BadEscape, "serves it and keeps the percent sign", "A percent sign begins an escape of two digits (RFC 3986, 2.1)."),
	refusedFor(wire.BadTarget, "serves it and puts the whole target into PATH_INFO", "A target has origin, absolute, authority or asterisk form (RFC 9112, 3.2)."),
	refusedFor(wire.NoColon, "ends the header block there without an error, so that the lines after it are no headers and the body becomes the next request", "A server that ignores headers which a proxy obeys allows request smuggling (RFC 9112, 5)."),
	refusedFor(wire.BadName, "ends the header block there in most cases; accepts names with quotation marks, parentheses or a slash", "A server must answer 400 if whitespace stands before the colon (RFC 9112, 5.1)."),
	refusedFor(wire.ControlValue, "passes it on; a bare CR begins a new header", "CR, LF and NUL are dangerous, and a server refuses or replaces them (RFC 9110, 5.5)."),
	refusedFor(wire.FoldFirst, "skips the line", "A server refuses such a request, or skips the line (RFC 9112, 2.2)."),
	refusedFor(wire.NoHost, "serves it", "A server must answer 400 (RFC 9112, 3.2)."),
	refusedFor(wire.TwoHosts, "joins them", "A server must answer 400 (RFC 9112, 3.2)."),
	refusedFor(wire.BadHost, "serves it", "A server must answer 400 (RFC 9112, 3.2)."),
	refusedFor(wire.BadLength, "accepts whatever Python's int() accepts, and answers 400 for the rest", "A server must answer 400 (RFC 9112, 6.3)."),
	refusedFor(wire.LengthsDiffer, "takes the first", "A server must answer 400 (RFC 9112, 6.3)."),
	refusedFor(wire.OtherCoding, "strips characters that are no whitespace in HTTP; takes a coding other than chunked alone for no body, so that the body becomes the next request", "The status for an unknown coding is 501 (RFC 9112, 6.1), and a wrong end of the body allows request smuggling (RFC 9112, 6.3)."),
	refusedFor(wire.OtherExpect, "ignores it", "A server may answer 417 (RFC 9110, 10.1.1)."),
}

// refusedEffects is net/http's refusal in the place of a response.
var refusedEffects = []replay.Effect{
	{Field: "response.code", Pywsgi: "*", Gowsgi: "400|501|505|417"},
	{Field: "response.reason", Pywsgi: "*", Gowsgi: "'Bad Request*|'Not Implemented'|'HTTP Version*|'Expectation Failed'"},
	{Field: "response.body", Pywsgi: "*", Gowsgi: "'400 *|'505 *|'Unsupported transfer encoding'|''"},
	{Field: "response.framing", Pywsgi: "*", Gowsgi: "close|length"},
	{Field: "response.interim", Pywsgi: "'HTTP/1.1 100 Continue'", Gowsgi: ""},
	{Field: "response.complete", Pywsgi: "false", Gowsgi: "true"},
	{Field: "response.chunks", Pywsgi: "*", Gowsgi: missing},
	{Field: "response.body_on_head", Pywsgi: missing, Gowsgi: "true"},
	{Field: "response.header.connection", Pywsgi: "*", Gowsgi: "'close'"},
	{Field: "response.header.content-length", Pywsgi: "*", Gowsgi: "absent|'0'"},
	{Field: "response.header.content-type", Pywsgi: "*", Gowsgi: "'text/plain; charset=utf-8'|absent"},
	{Field: "response.header.*", Pywsgi: "*", Gowsgi: missing},
	{Field: "response.dump.*", Pywsgi: "*", Gowsgi: missing},
	{Field: "error_log", Pywsgi: "client|exception|client, client", Gowsgi: ""},
	{Field: "late", Pywsgi: "*", Gowsgi: "'HTTP/1.1 400 Bad Request*"},
}

func refusedFor(f wire.Fault, pywsgi, why string) replay.Rule {
	return replay.Rule{
		Name: "A request with " + string(f), Pywsgi: pywsgi, Gowsgi: "answers " + refusalStatus(f) + " and closes the connection", Why: why, Origin: replay.ByNetHTTP,
		When:    func(x *replay.Exchange, at int) bool { return x.Request(at).Fault == f && refused(x, at) },
		Effects: refusedEffects, Parts: true,
	}
}

func refusalStatus(f wire.Fault) string {
	switch f {
	case wire.OtherVersion:
		return "505"
	case wire.OtherCoding:
		return "501"
	case wire.OtherExpect:
		return "417"
	}
	return "400"
}

// refused says that the request at a place breaks a rule, and that net/http refused
// it: no application was called, and the connection ended.
func refused(x *replay.Exchange, at int) bool {
	if x.Request(at).Fault == "" || len(x.Gowsgi.Environs) > at {
		return false
	}
	if at == len(x.Gowsgi.Responses) {
		return strings.HasPrefix(string(x.Gowsgi.Late), "HTTP/1.1 400 Bad Request") || x.GoesAway()
	}
	r := x.Ours(at)
	kind, _ := r.Header("Content-Type")
	return x.Closed(at) && (kind == "text/plain; charset=utf-8" || r.Code == 417)
}
