package rows

import (
	"slices"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
)

var connectionRows = []replay.Rule{
	{
		Name: "Connection: close in a list, in the second of two, or before spaces", Origin: replay.ByNetHTTP,
		Pywsgi: "not seen: the connection stays open", Gowsgi: "honoured", Why: "RFC 9110, 7.6.1: a list of options.",
		When: func(x *replay.Exchange, at int) bool {
			values := x.Request(at).Values("connection")
			return x.Closed(at) && slices.Contains(options(values), "close") && !overHTTP10(x, at)
		},
		Effects: []replay.Effect{{Field: "connection", Pywsgi: "open", Gowsgi: "closed"}},
	},
	{
		Name: "Connection: keep-alive among other options, to HTTP/1.0", Origin: replay.ByNetHTTP,
		Pywsgi: "closes", Gowsgi: "stays open", Why: "RFC 9110, 7.6.1: a list of options. Where close is another of them, RFC 9112, 9.3 says close, but net/http looks for keep-alive first.",
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
