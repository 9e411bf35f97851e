package rows

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/gowsgi/gowsgi/conformance/apps"
	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var refusedHeadRows = []replay.Rule{
	refuses(badStatus, "sent as it is", "PEP 3333, The start_response() Callable; RFC 9112, 4: three digits."),
	refuses(informational, "sent as the final response, body and all: an interim response and junk to the client", "RFC 9110, 15.2: an informational response is no final one, and has no body."),
	refuses(controlInHead, "sent, but for CR and LF", "RFC 9110, 5.5 and RFC 9112, 4: recipients take them for more than they are."),
	refuses(nameNoToken, "sent, but for CR and LF", "RFC 9110, 5.1: clients read such a line each in their own way."),
	refuses(hopByHop, "sent", "PEP 3333, Other HTTP Features: between this server and the client only."),
	refuses(connectionOption, "sent", "As above; its options are the server's to know."),
	refuses(lengthNoNumber, "sent", "RFC 9112, 6.3: a message nobody can frame."),
	{
		Name: "What start_response refuses, the failure caught", Origin: replay.ByGowsgi,
		Pywsgi: "not refused: sent", Gowsgi: "refused: the application's other answer is sent", Why: "As in the rows above.",
		When: all(calls("respond_caught"), func(x *replay.Exchange, at int) bool {
			return refusal(x.Request(at)) != "" && x.Ours(at).Body == "refused"
		}),
		Effects: []replay.Effect{
			{Field: "response.code", Pywsgi: "*", Gowsgi: "200"},
			{Field: "response.reason", Pywsgi: "*", Gowsgi: "'OK'"},
			{Field: "response.body", Pywsgi: "'body'|'bo*|''", Gowsgi: "'refused'"},
			{Field: "response.header.content-length", Pywsgi: "*", Gowsgi: "'7'"},
			{Field: "response.header.content-type", Pywsgi: missing, Gowsgi: "'text/plain'"},
			{Field: "response.header.*", Pywsgi: "*", Gowsgi: missing},
			{Field: "response.framing", Pywsgi: "close|chunked", Gowsgi: "length"},
			{Field: "response.complete", Pywsgi: "false", Gowsgi: "true"},
			{Field: "response.chunks", Pywsgi: "[]", Gowsgi: missing},
			{Field: "leftover", Pywsgi: "'body'", Gowsgi: "''"},
			{Field: "access.status", Pywsgi: "'*", Gowsgi: "'200'"},
		},
	},
	{
		Name: "Connection given twice", Origin: replay.ByGowsgi,
		Pywsgi: "sent twice", Gowsgi: "close alone, where one of them is close", Why: "It is what both come to (RFC 9112, 9.3).",
		When:    func(x *replay.Exchange, at int) bool { return x.App(at) == "respond" && x.Closed(at) },
		Effects: []replay.Effect{{Field: "response.header.connection", Pywsgi: "'keep-alive' + 'close'", Gowsgi: "'close'"}},
	},
	{
		Name: "An application's Connection: keep-alive to HTTP/1.0", Origin: replay.ByNetHTTP,
		Pywsgi: "sent, and the connection closed", Gowsgi: "not sent", Why: "The client did not ask for it, and the connection closes.",
		When:    all(calls("respond"), closes10),
		Effects: []replay.Effect{{Field: "response.header.connection", Pywsgi: "'keep-alive'", Gowsgi: missing}},
	},
	{
		Name: "Spaces at the ends of a response header", Origin: replay.ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "trimmed", Why: "They are no part of the value (RFC 9110, 5.5).",
		When: calls("respond"),
		Effects: []replay.Effect{{Field: "response.header.*", Pywsgi: "'*", Gowsgi: "'*", Holds: func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return wire.Quote(strings.Trim(strings.Trim(d.Pywsgi, "'"), " ")) == d.Gowsgi
		}}},
	},
	{
		Name: "Content-Length with spaces around it", Origin: replay.ByGowsgi,
		Pywsgi: "sent", Gowsgi: "refused: 500", Why: "DESIGN.md, What start_response refuses: digits alone.",
		When:    all(calls("respond"), answered500, headerAsked("Content-Length", regexp.MustCompile(`^ +\d+ *$|^\d+ +$`))),
		Effects: own500, Parts: true,
	},
	{
		Name: "Content-Length with leading zeros", Origin: replay.ByGowsgi,
		Pywsgi: "sent as given", Gowsgi: "sent as the number", Why: "Both are the same length (RFC 9110, 8.6).",
		When:    all(calls("respond"), headerAsked("Content-Length", regexp.MustCompile(`^0+\d+$`))),
		Effects: []replay.Effect{{Field: "response.header.content-length", Pywsgi: "'004'", Gowsgi: "'4'"}},
	},
	{
		Name: "An application's Connection: close, in other letters", Origin: replay.ByGowsgi,
		Pywsgi: "sent, and the connection stays open", Gowsgi: "honoured", Why: "RFC 9110, 7.6.1: options are case-insensitive.",
		When: all(calls("respond"), headerAsked("Connection", regexp.MustCompile(`^C`))),
		Effects: []replay.Effect{
			{Field: "response.header.connection", Pywsgi: "'Close'", Gowsgi: "'close'"},
			{Field: "connection", Pywsgi: "open", Gowsgi: "closed"},
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

func refuses(kind, pywsgi, why string) replay.Rule {
	return replay.Rule{
		Name: kind, Origin: replay.ByGowsgi, Pywsgi: pywsgi, Gowsgi: "refused: 500", Why: why + " DESIGN.md, What start_response refuses.",
		When:    all(calls("respond"), answered500, func(x *replay.Exchange, at int) bool { return refusal(x.Request(at)) == kind }),
		Effects: own500, Parts: true,
	}
}

var statusForm = regexp.MustCompile(`(?s)^[0-9]{3}( .*)?$`)

// refusal is the kind of what a request asks the application respond to send
// that start_response refuses; "" where there is nothing.
func refusal(r *wire.Request) string {
	_, query, _ := strings.Cut(r.Target, "?")
	a := apps.AskedFor(query)
	switch {
	case wire.HasControl(strings.ReplaceAll(a.Status, "\t", "")):
		return controlInHead
	case !statusForm.MatchString(a.Status) || a.Status[0] == '0':
		return badStatus
	case a.Status[0] == '1' && a.Status[:3] != "101":
		return informational
	}
	for _, field := range a.Headers {
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
	case wire.HasControl(strings.ReplaceAll(value, "\t", "")):
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
func headerAsked(name string, value *regexp.Regexp) func(x *replay.Exchange, at int) bool {
	return func(x *replay.Exchange, at int) bool {
		_, query, _ := strings.Cut(x.Request(at).Target, "?")
		return slices.ContainsFunc(apps.AskedFor(query).Headers, func(field [2]string) bool {
			return strings.EqualFold(field[0], name) && value.MatchString(field[1])
		})
	}
}
