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
	refuses(badStatus, "sends it as it is", "A status is three digits, a space and a reason (PEP 3333, The start_response() Callable; RFC 9112, 4)."),
	refuses(informational, "sends it as the final response with its body, which a client takes for an interim response and the beginning of another", "An interim response is not the final one and has no body (RFC 9110, 15.2)."),
	refuses(controlInHead, "sends it unless it is CR or LF", "Recipients may take a control character for the end of a line (RFC 9110, 5.5; RFC 9112, 4)."),
	refuses(nameNoToken, "sends it unless it has CR or LF", "A name is a token (RFC 9110, 5.1), and recipients read another line each in their own way."),
	refuses(hopByHop, "sends it", "Such a header is between this server and the client only (PEP 3333, Other HTTP Features)."),
	refuses(connectionOption, "sends it", "Connection lists hop-by-hop headers, which an application must not send (PEP 3333, Other HTTP Features)."),
	refuses(lengthNoNumber, "sends it", "Recipients cannot tell where such a message ends (RFC 9112, 6.3)."),
	{
		Name:   "An application that catches that start_response refused its response",
		Pywsgi: "does not refuse the response and sends it", Gowsgi: "sends the application's other response",
		Why:    "start_response refuses the responses of the rows above.",
		Origin: replay.ByGowsgi,
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
		Name:   "An application that sends both Connection: keep-alive and Connection: close",
		Pywsgi: "sends both", Gowsgi: "sends Connection: close",
		Why:     "Two Connection headers are one list, and close decides in it (RFC 9112, 9.3).",
		Origin:  replay.ByGowsgi,
		When:    func(x *replay.Exchange, at int) bool { return x.App(at) == "respond" && x.Closed(at) },
		Effects: []replay.Effect{{Field: "response.header.connection", Pywsgi: "'keep-alive' + 'close'", Gowsgi: "'close'"}},
	},
	{
		Name:   "An application's Connection: keep-alive, over HTTP/1.0",
		Pywsgi: "sends it and closes the connection", Gowsgi: "does not send it and closes the connection",
		Why:     "The client did not ask for keep-alive, so that the connection closes.",
		Origin:  replay.ByNetHTTP,
		When:    all(calls("respond"), closes10),
		Effects: []replay.Effect{{Field: "response.header.connection", Pywsgi: "'keep-alive'", Gowsgi: missing}},
	},
	{
		Name:   "Spaces at the ends of a response header",
		Pywsgi: "sends them", Gowsgi: "removes them",
		Why:    "They are no part of the value (RFC 9110, 5.5).",
		Origin: replay.ByNetHTTP,
		When:   calls("respond"),
		Effects: []replay.Effect{{Field: "response.header.*", Pywsgi: "'*", Gowsgi: "'*", Holds: func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return wire.Quote(strings.Trim(strings.Trim(d.Pywsgi, "'"), " ")) == d.Gowsgi
		}}},
	},
	{
		Name:   "An application's Content-Length with spaces around it",
		Pywsgi: "sends it", Gowsgi: "refuses it and answers 500",
		Why:     "A Content-Length is made of digits alone (RFC 9110, 8.6).",
		Origin:  replay.ByGowsgi,
		When:    all(calls("respond"), answered500, headerAsked("Content-Length", regexp.MustCompile(`^ +\d+ *$|^\d+ +$`))),
		Effects: own500, Parts: true,
	},
	{
		Name:   "An application's Content-Length with leading zeros",
		Pywsgi: "sends it as it is", Gowsgi: "sends the number without them",
		Why:     "Both are the same length (RFC 9110, 8.6).",
		Origin:  replay.ByGowsgi,
		When:    all(calls("respond"), headerAsked("Content-Length", regexp.MustCompile(`^0+\d+$`))),
		Effects: []replay.Effect{{Field: "response.header.content-length", Pywsgi: "'004'", Gowsgi: "'4'"}},
	},
	{
		Name:   "An application's Connection: Close",
		Pywsgi: "sends it and keeps the connection", Gowsgi: "sends it and closes the connection",
		Why:    "The options are case-insensitive (RFC 9110, 7.6.1).",
		Origin: replay.ByGowsgi,
		When:   all(calls("respond"), headerAsked("Connection", regexp.MustCompile(`^C`))),
		Effects: []replay.Effect{
			{Field: "response.header.connection", Pywsgi: "'Close'", Gowsgi: "'close'"},
			{Field: "connection", Pywsgi: "open", Gowsgi: "closed"},
		},
	},
}

// The kinds of responses that start_response refuses.
const (
	badStatus        = "a status that is not three digits, a space and a reason"
	informational    = "a status of 1xx other than 101"
	controlInHead    = "a control character in a status or a header value"
	nameNoToken      = "a header name that is not a token"
	hopByHop         = "a hop-by-hop header"
	connectionOption = "a Connection other than close and keep-alive"
	lengthNoNumber   = "a Content-Length that is not a number, or too large"
)

func refuses(kind, pywsgi, why string) replay.Rule {
	return replay.Rule{
		Name: "An application that sends " + kind, Pywsgi: pywsgi, Gowsgi: "refuses it and answers 500", Why: why, Origin: replay.ByGowsgi,
		When:    all(calls("respond"), answered500, func(x *replay.Exchange, at int) bool { return refusal(x.Request(at)) == kind }),
		Effects: own500, Parts: true,
	}
}

var statusForm = regexp.MustCompile(`(?s)^[0-9]{3}( .*)?$`)

// refusal says why start_response refuses the response that a request asks the
// application respond for. It is "" if nothing is to be refused.
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
