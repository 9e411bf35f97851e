package conformance

import (
	"slices"
	"strings"
)

// refusedRequestRows are the requests that net/http refuses, a row for each
// rule of RFC 9112 that they break.
var refusedRequestRows = []Rule{
	{
		Name: "The answer to a request that both refuse", Origin: ByNetHTTP,
		Pywsgi: "400 or 414 with an empty body, and a line in both logs", Gowsgi: "net/http's 400, 501 or 505, with its text and in no log", Why: "net/http answers before any handler is asked.",
		when: func(x *Exchange, at int) bool {
			return refused(x, at) && !slices.Contains([]int{0, 200}, x.theirs(at).Code)
		},
		effects: refusedEffects, parts: true,
	},
	{
		Name: "Less than four bytes after a request", Origin: ByNetHTTP,
		Pywsgi: "an empty line is 400 at once, a piece of a line once the connection ends", Gowsgi: "waits for more, and ends in silence", Why: "net/http looks at four bytes before it begins to read a request. RFC 9112, 2.2 would have an empty line ignored.",
		when: func(x *Exchange, at int) bool {
			r := x.request(at)
			return at > 0 && at == len(x.Gowsgi.Responses) && r.fault != "" && r.left < 4
		},
		effects: []effect{{field: "error_log", pywsgi: "client", gowsgi: ""}},
		parts:   true,
	},
	{
		Name: "An empty line after a POST", Origin: ByNetHTTP,
		Pywsgi: "400", Gowsgi: "ignored", Why: "RFC 9112, 2.2: it should be. net/http does so after a POST only.",
		when:    func(x *Exchange, at int) bool { return x.request(at).skipped },
		effects: append([]effect{{field: "access.request", pywsgi: "''", gowsgi: "'*"}}, served...), parts: true,
	},
	refusedFor(headCutShort, "served with what has come, a header cut in the middle included", "RFC 9112, 8: an incomplete request is not processed."),
	refusedFor(badLine, "split at any of Python's whitespace, as often as it comes", "RFC 9112, 3: single spaces."),
	refusedFor(badMethod, "served", "RFC 9110, 9.1: a method is a token."),
	refusedFor(badVersion, "served, where int() takes the digits", "RFC 9112, 2.3: a digit, a dot and a digit."),
	refusedFor(otherVersion, "400", "RFC 9110, 15.6.6: 505."),
	refusedFor(controlTarget, "served", "RFC 3986, 2: no URI has one."),
	refusedFor(badEscape, "served, the percent sign as it is", "RFC 3986, 2.1."),
	refusedFor(badTarget, "served, all of it in PATH_INFO", "RFC 9112, 3.2: origin, absolute, authority or asterisk form."),
	refusedFor(noColon, "the header block ends there, unseen: the lines after it are not headers any more, and the body is the next request", "RFC 9112, 5: request smuggling."),
	refusedFor(badName, "the header block ends there for most; a quoted name, one in parentheses or one with a slash is a header", "RFC 9112, 5.1: a server must answer 400 where whitespace stands before the colon."),
	refusedFor(controlValue, "passed on; a bare CR begins a new header", "RFC 9110, 5.5: CR, LF and NUL are dangerous, and refused or replaced."),
	refusedFor(foldFirst, "the line is skipped", "RFC 9112, 2.2: whitespace between the request line and the first header is refused, or the line skipped."),
	refusedFor(noHost, "served", "RFC 9112, 3.2: a server must answer 400."),
	refusedFor(twoHosts, "joined", "RFC 9112, 3.2: a server must answer 400."),
	refusedFor(badHost, "served", "RFC 9112, 3.2: a server must answer 400."),
	refusedFor(badLength, "whatever int() takes is a length; beyond that 400", "RFC 9112, 6.3: a server must answer 400."),
	refusedFor(lengthsDiffer, "the first counts", "RFC 9112, 6.3: a server must answer 400."),
	refusedFor(otherCoding, "whitespace that is none is stripped; no body for what is not chunked alone, and the body is the next request", "RFC 9112, 6.1: 501, and 6.3: request smuggling."),
	refusedFor(otherExpect, "ignored", "RFC 9110, 10.1.1: 417 is allowed."),
}

// refusedEffects is net/http's refusal in the place of a response.
var refusedEffects = []effect{
	{field: "response.code", pywsgi: "*", gowsgi: "400|501|505|417"},
	{field: "response.reason", pywsgi: "*", gowsgi: "'Bad Request*|'Not Implemented'|'HTTP Version*|'Expectation Failed'"},
	{field: "response.body", pywsgi: "*", gowsgi: "'400 *|'505 *|'Unsupported transfer encoding'|''"},
	{field: "response.framing", pywsgi: "*", gowsgi: "close|length"},
	{field: "response.interim", pywsgi: "'HTTP/1.1 100 Continue'", gowsgi: ""},
	{field: "response.complete", pywsgi: "false", gowsgi: "true"},
	{field: "response.chunks", pywsgi: "*", gowsgi: missing},
	{field: "response.body_on_head", pywsgi: missing, gowsgi: "true"},
	{field: "response.header.connection", pywsgi: "*", gowsgi: "'close'"},
	{field: "response.header.content-length", pywsgi: "*", gowsgi: "absent|'0'"},
	{field: "response.header.content-type", pywsgi: "*", gowsgi: "'text/plain; charset=utf-8'|absent"},
	{field: "response.header.*", pywsgi: "*", gowsgi: missing},
	{field: "response.dump.*", pywsgi: "*", gowsgi: missing},
	{field: "error_log", pywsgi: "client|exception|client, client", gowsgi: ""},
	{field: "late", pywsgi: "*", gowsgi: "'HTTP/1.1 400 Bad Request*"},
}

func refusedFor(f fault, pywsgi, why string) Rule {
	return Rule{
		Name: "A request with " + string(f), Origin: ByNetHTTP, Pywsgi: pywsgi, Gowsgi: refusalStatus(f) + ", and the connection closes", Why: why,
		when:    func(x *Exchange, at int) bool { return x.request(at).fault == f && refused(x, at) },
		effects: refusedEffects, parts: true,
	}
}

func refusalStatus(f fault) string {
	switch f {
	case otherVersion:
		return "505"
	case otherCoding:
		return "501"
	case otherExpect:
		return "417"
	}
	return "400"
}

// refused says that net/http itself answered the request at a place, which
// breaks a rule: in its own form, last of all, and no application was called.
func refused(x *Exchange, at int) bool {
	if x.request(at).fault == "" || len(x.Gowsgi.Environs) > at {
		return false
	}
	if at == len(x.Gowsgi.Responses) {
		return strings.HasPrefix(string(x.Gowsgi.Late), "HTTP/1.1 400 Bad Request") || x.goesAway()
	}
	r := x.ours(at)
	kind, _ := r.header("Content-Type")
	return x.closed(at) && (kind == "text/plain; charset=utf-8" || r.Code == 417)
}

var connectionRows = []Rule{
	{
		Name: "Connection: close in a list, in the second of two, or before spaces", Origin: ByNetHTTP,
		Pywsgi: "not seen: the connection stays open", Gowsgi: "honoured", Why: "RFC 9110, 7.6.1: a list of options.",
		when: func(x *Exchange, at int) bool {
			values := x.request(at).values("connection")
			return x.closed(at) && slices.Contains(options(values), "close") && !overHTTP10(x, at)
		},
		effects: []effect{{field: "connection", pywsgi: "open", gowsgi: "closed"}},
	},
	{
		Name: "Connection: keep-alive among other options, to HTTP/1.0", Origin: ByNetHTTP,
		Pywsgi: "closes", Gowsgi: "stays open", Why: "RFC 9110, 7.6.1: a list of options. Where close is another of them, RFC 9112, 9.3 says close, but net/http looks for keep-alive first.",
		when: func(x *Exchange, at int) bool {
			values := options(x.request(at).values("connection"))
			return overHTTP10(x, at) && len(values) > 1 && slices.Contains(values, "keep-alive")
		},
		effects: []effect{
			{field: "response.header.connection", pywsgi: "'close'", gowsgi: "'keep-alive'"},
			{field: "connection", pywsgi: "closed", gowsgi: "open"},
		},
	},
}

func options(values []string) []string {
	var all []string
	for _, value := range values {
		for option := range strings.SplitSeq(value, ",") {
			all = append(all, strings.ToLower(strings.TrimSpace(option)))
		}
	}
	return all
}
