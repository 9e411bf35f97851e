package rows

import (
	"slices"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
)

var connectionRows = []replay.Rule{
	{
		Name:   "Connection: close in a list of options, in the second of two headers, or before a space",
		Pywsgi: "does not see it and keeps the connection", Gowsgi: "closes the connection",
		Why:    "Connection is a list of options (RFC 9110, 7.6.1).",
		Origin: replay.ByNetHTTP,
		When: func(x *replay.Exchange, at int) bool {
			values := x.Request(at).Values("connection")
			return x.Closed(at) && slices.Contains(options(values), "close") && !overHTTP10(x, at)
		},
		Effects: []replay.Effect{{Field: "connection", Pywsgi: "open", Gowsgi: "closed"}},
	},
	{
		Name:   "Connection: keep-alive in a list of options, over HTTP/1.0",
		Pywsgi: "closes the connection", Gowsgi: "keeps the connection",
		Why:    "Connection is a list of options (RFC 9110, 7.6.1). If close is among them too, RFC 9112, 9.3 asks a server to close; net/http looks for keep-alive first.",
		Origin: replay.ByNetHTTP,
		When: func(x *replay.Exchange, at int) bool {
			values := options(x.Request(at).Values("connection"))
			return overHTTP10(x, at) && len(values) > 1 && slices.Contains(values, "keep-alive")
		},
		Effects: []replay.Effect{
			{Field: "response.header.connection", Pywsgi: "'close'", Gowsgi: "'keep-alive'"},
			{Field: "connection", Pywsgi: "closed", Gowsgi: "open"},
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
