package conformance

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

var refusedHeadRows = []Rule{
	refuses(badStatus, "sent as it is", "PEP 3333, The start_response() Callable; RFC 9112, 4: three digits."),
	refuses(informational, "sent as the final response, body and all: an interim response and junk to the client", "RFC 9110, 15.2: an informational response is no final one, and has no body."),
	refuses(controlInHead, "sent, but for CR and LF", "RFC 9110, 5.5 and RFC 9112, 4: recipients take them for more than they are."),
	refuses(nameNoToken, "sent, but for CR and LF", "RFC 9110, 5.1: clients read such a line each in their own way."),
	refuses(hopByHop, "sent", "PEP 3333, Other HTTP Features: between this server and the client only."),
	refuses(connectionOption, "sent", "As above; its options are the server's to know."),
	refuses(lengthNoNumber, "sent", "RFC 9112, 6.3: a message nobody can frame."),
	{
		Name: "What start_response refuses, the failure caught", Origin: ByGowsgi,
		Pywsgi: "not refused: sent", Gowsgi: "refused: the application's other answer is sent", Why: "As in the rows above.",
		when: all(calls("respond_caught"), func(x *Exchange, at int) bool {
			return refusal(x.request(at)) != "" && x.ours(at).Body == "refused"
		}),
		effects: []effect{
			{field: "response.code", pywsgi: "*", gowsgi: "200"},
			{field: "response.reason", pywsgi: "*", gowsgi: "'OK'"},
			{field: "response.body", pywsgi: "'body'|'bo*|''", gowsgi: "'refused'"},
			{field: "response.header.content-length", pywsgi: "*", gowsgi: "'7'"},
			{field: "response.header.content-type", pywsgi: missing, gowsgi: "'text/plain'"},
			{field: "response.header.*", pywsgi: "*", gowsgi: missing},
			{field: "response.framing", pywsgi: "close|chunked", gowsgi: "length"},
			{field: "response.complete", pywsgi: "false", gowsgi: "true"},
			{field: "response.chunks", pywsgi: "[]", gowsgi: missing},
			{field: "leftover", pywsgi: "'body'", gowsgi: "''"},
			{field: "access.status", pywsgi: "'*", gowsgi: "'200'"},
		},
	},
	{
		Name: "Connection given twice", Origin: ByGowsgi,
		Pywsgi: "sent twice", Gowsgi: "close alone, where one of them is close", Why: "It is what both come to (RFC 9112, 9.3).",
		when:    func(x *Exchange, at int) bool { return x.app(at) == "respond" && x.closed(at) },
		effects: []effect{{field: "response.header.connection", pywsgi: "'keep-alive' + 'close'", gowsgi: "'close'"}},
	},
	{
		Name: "An application's Connection: keep-alive to HTTP/1.0", Origin: ByNetHTTP,
		Pywsgi: "sent, and the connection closed", Gowsgi: "not sent", Why: "The client did not ask for it, and the connection closes.",
		when:    all(calls("respond"), closes10),
		effects: []effect{{field: "response.header.connection", pywsgi: "'keep-alive'", gowsgi: missing}},
	},
	{
		Name: "Spaces at the ends of a response header", Origin: ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "trimmed", Why: "They are no part of the value (RFC 9110, 5.5).",
		when: calls("respond"),
		effects: []effect{{field: "response.header.*", pywsgi: "'*", gowsgi: "'*", holds: func(_ *Exchange, _ int, d Difference) bool {
			return quote(strings.Trim(strings.Trim(d.Pywsgi, "'"), " ")) == d.Gowsgi
		}}},
	},
	{
		Name: "Content-Length with spaces around it", Origin: ByGowsgi,
		Pywsgi: "sent", Gowsgi: "refused: 500", Why: "DESIGN.md, What start_response refuses: digits alone.",
		when:    all(calls("respond"), answered500, headerAsked("Content-Length", regexp.MustCompile(`^ +\d+ *$|^\d+ +$`))),
		effects: own500, parts: true,
	},
	{
		Name: "Content-Length with leading zeros", Origin: ByGowsgi,
		Pywsgi: "sent as given", Gowsgi: "sent as the number", Why: "Both are the same length (RFC 9110, 8.6).",
		when:    all(calls("respond"), headerAsked("Content-Length", regexp.MustCompile(`^0+\d+$`))),
		effects: []effect{{field: "response.header.content-length", pywsgi: "'004'", gowsgi: "'4'"}},
	},
	{
		Name: "An application's Connection: close, in other letters", Origin: ByGowsgi,
		Pywsgi: "sent, and the connection stays open", Gowsgi: "honoured", Why: "RFC 9110, 7.6.1: options are case-insensitive.",
		when: all(calls("respond"), headerAsked("Connection", regexp.MustCompile(`^C`))),
		effects: []effect{
			{field: "response.header.connection", pywsgi: "'Close'", gowsgi: "'close'"},
			{field: "connection", pywsgi: "open", gowsgi: "closed"},
		},
	},
}

// The kinds of what start_response refuses.
const (
	badStatus        = "A status that is not three digits, or three digits, a space and a reason"
	informational    = "A status of 1xx"
	controlInHead    = "A control character in a status or a value"
	nameNoToken      = "A header name that is no token"
	hopByHop         = "A hop-by-hop header"
	connectionOption = "A Connection that is neither close nor keep-alive"
	lengthNoNumber   = "A Content-Length that is no number, or too large"
)

func refuses(kind, pywsgi, why string) Rule {
	return Rule{
		Name: kind, Origin: ByGowsgi, Pywsgi: pywsgi, Gowsgi: "refused: 500", Why: why + " DESIGN.md, What start_response refuses.",
		when:    all(calls("respond"), answered500, func(x *Exchange, at int) bool { return refusal(x.request(at)) == kind }),
		effects: own500, parts: true,
	}
}

var statusForm = regexp.MustCompile(`(?s)^[0-9]{3}( .*)?$`)

// refusal is the kind of what a request asks the application respond to send
// that start_response refuses; "" where there is nothing.
func refusal(r *rawRequest) string {
	_, query, _ := strings.Cut(r.target, "?")
	a := askedFor(query)
	switch {
	case hasControl(strings.ReplaceAll(a.status, "\t", "")):
		return controlInHead
	case !statusForm.MatchString(a.status) || a.status[0] == '0':
		return badStatus
	case a.status[0] == '1' && a.status[:3] != "101":
		return informational
	}
	for _, field := range a.headers {
		if kind := fieldRefusal(field[0], field[1]); kind != "" {
			return kind
		}
	}
	return ""
}

var hopByHopNames = []string{"transfer-encoding", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"}

func fieldRefusal(name, value string) string {
	lower := strings.ToLower(name)
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return nameNoToken
	case hasControl(strings.ReplaceAll(value, "\t", "")):
		return controlInHead
	case slices.Contains(hopByHopNames, lower):
		return hopByHop
	case lower == "connection" && !strings.EqualFold(value, "close") && !strings.EqualFold(value, "keep-alive"):
		return connectionOption
	case lower == "content-length" && badDeclared(strings.Trim(value, " ")):
		return lengthNoNumber
	}
	return ""
}

func badDeclared(value string) bool {
	_, err := strconv.ParseInt(value, 10, 64)
	return err != nil || strings.Trim(value, "0123456789") != ""
}

// headerAsked says that the application respond was asked for a header like this.
func headerAsked(name string, value *regexp.Regexp) func(x *Exchange, at int) bool {
	return func(x *Exchange, at int) bool {
		_, query, _ := strings.Cut(x.request(at).target, "?")
		return slices.ContainsFunc(askedFor(query).headers, func(field [2]string) bool {
			return strings.EqualFold(field[0], name) && value.MatchString(field[1])
		})
	}
}
