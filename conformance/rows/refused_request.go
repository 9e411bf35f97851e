package rows

import (
	"slices"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

// refusedRequestRows are the requests that net/http refuses, a row for each
// rule of RFC 9112 that they break.
var refusedRequestRows = []replay.Rule{
	{
		Name: "The answer to a request that both refuse", Origin: replay.ByNetHTTP,
		Pywsgi: "400 or 414 with an empty body, and a line in both logs", Gowsgi: "net/http's 400, 501 or 505, with its text and in no log", Why: "net/http answers before any handler is asked.",
		When: func(x *replay.Exchange, at int) bool {
			return refused(x, at) && !slices.Contains([]int{0, 200}, x.Theirs(at).Code)
		},
		Effects: refusedEffects, Parts: true,
	},
	{
		Name: "Less than four bytes after a request", Origin: replay.ByNetHTTP,
		Pywsgi: "an empty line is 400 at once, a piece of a line once the connection ends", Gowsgi: "waits for more, and ends in silence", Why: "net/http looks at four bytes before it begins to read a request. RFC 9112, 2.2 would have an empty line ignored.",
		When: func(x *replay.Exchange, at int) bool {
			r := x.Request(at)
			return at > 0 && at == len(x.Gowsgi.Responses) && r.Fault != "" && r.Left < 4
		},
		Effects: []replay.Effect{{Field: "error_log", Pywsgi: "client", Gowsgi: ""}},
		Parts:   true,
	},
	{
		Name: "An empty line after a POST", Origin: replay.ByNetHTTP,
		Pywsgi: "400", Gowsgi: "ignored", Why: "RFC 9112, 2.2: it should be. net/http does so after a POST only.",
		When:    func(x *replay.Exchange, at int) bool { return x.Request(at).Skipped },
		Effects: append([]replay.Effect{{Field: "access.request", Pywsgi: "''", Gowsgi: "'*"}}, served...), Parts: true,
	},
	refusedFor(wire.HeadCutShort, "served with what has come, a header cut in the middle included", "RFC 9112, 8: an incomplete request is not processed."),
	refusedFor(wire.BadLine, "split at any of Python's whitespace, as often as it comes", "RFC 9112, 3: single spaces."),
	refusedFor(wire.BadMethod, "served", "RFC 9110, 9.1: a method is a token."),
	refusedFor(wire.BadVersion, "served, where int() takes the digits", "RFC 9112, 2.3: a digit, a dot and a digit."),
	refusedFor(wire.OtherVersion, "400", "RFC 9110, 15.6.6: 505."),
	refusedFor(wire.ControlTarget, "served", "RFC 3986, 2: no URI has one."),
	refusedFor(wire.BadEscape, "served, the percent sign as it is", "RFC 3986, 2.1."),
	refusedFor(wire.BadTarget, "served, all of it in PATH_INFO", "RFC 9112, 3.2: origin, absolute, authority or asterisk form."),
	refusedFor(wire.NoColon, "the header block ends there, unseen: the lines after it are not headers any more, and the body is the next request", "RFC 9112, 5: request smuggling."),
	refusedFor(wire.BadName, "the header block ends there for most; a quoted name, one in parentheses or one with a slash is a header", "RFC 9112, 5.1: a server must answer 400 where whitespace stands before the colon."),
	refusedFor(wire.ControlValue, "passed on; a bare CR begins a new header", "RFC 9110, 5.5: CR, LF and NUL are dangerous, and refused or replaced."),
	refusedFor(wire.FoldFirst, "the line is skipped", "RFC 9112, 2.2: whitespace between the request line and the first header is refused, or the line skipped."),
	refusedFor(wire.NoHost, "served", "RFC 9112, 3.2: a server must answer 400."),
	refusedFor(wire.TwoHosts, "joined", "RFC 9112, 3.2: a server must answer 400."),
	refusedFor(wire.BadHost, "served", "RFC 9112, 3.2: a server must answer 400."),
	refusedFor(wire.BadLength, "whatever int() takes is a length; beyond that 400", "RFC 9112, 6.3: a server must answer 400."),
	refusedFor(wire.LengthsDiffer, "the first counts", "RFC 9112, 6.3: a server must answer 400."),
	refusedFor(wire.OtherCoding, "whitespace that is none is stripped; no body for what is not chunked alone, and the body is the next request", "RFC 9112, 6.1: 501, and 6.3: request smuggling."),
	refusedFor(wire.OtherExpect, "ignored", "RFC 9110, 10.1.1: 417 is allowed."),
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
		Name: "A request with " + string(f), Origin: replay.ByNetHTTP, Pywsgi: pywsgi, Gowsgi: refusalStatus(f) + ", and the connection closes", Why: why,
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

// refused says that net/http itself answered the request at a place, which
// breaks a rule: in its own form, last of all, and no application was called.
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
