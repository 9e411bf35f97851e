package rows

import (
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
)

var lengthRows = []replay.Rule{
	{
		Name:   "A stream that ends without a single byte",
		Pywsgi: "sends an empty chunked body, or closes the connection to end it", Gowsgi: "sends Content-Length: 0",
		Why:    "No byte of the response is out when the stream ends, so its length is known.",
		Origin: replay.ByGowsgi,
		When: func(x *replay.Exchange, at int) bool {
			return x.Ours(at).Body == "" && x.Theirs(at).Body == "" && x.Theirs(at).Framing != "length"
		},
		Effects: []replay.Effect{
			{Field: "response.framing", Pywsgi: "chunked|close", Gowsgi: "length"},
			{Field: "response.chunks", Pywsgi: "[]", Gowsgi: missing},
			{Field: "response.complete", Pywsgi: "false", Gowsgi: "true"},
			{Field: "response.header.content-length", Pywsgi: missing, Gowsgi: "'0'"},
			{Field: "response.header.transfer-encoding", Pywsgi: "'chunked'", Gowsgi: missing},
		},
	},
	{
		Name:   "An empty list in a response to HEAD",
		Pywsgi: "sends Content-Length: 0", Gowsgi: "sends no Content-Length",
		Why:     "The application need not make a body for a HEAD, so that 0 may be the wrong length (RFC 9110, 8.6).",
		Origin:  replay.ByGowsgi,
		When:    func(x *replay.Exchange, at int) bool { return x.Request(at).Method == "HEAD" && x.Ours(at).Code == 200 },
		Effects: []replay.Effect{{Field: "response.header.content-length", Pywsgi: "'0'", Gowsgi: missing}},
	},
	{
		Name:   "A 304 with Content-Type",
		Pywsgi: "sends it", Gowsgi: "does not send it",
		Why:     "net/http leaves it out. A 304 carries no content that it could describe (RFC 9110, 15.4.5).",
		Origin:  replay.ByNetHTTP,
		When:    calls("not_modified_typed"),
		Effects: []replay.Effect{{Field: "response.header.content-type", Pywsgi: "'text/plain'", Gowsgi: missing}},
	},
	{
		Name:   "A 204 with Content-Length: 0",
		Pywsgi: "sends it", Gowsgi: "does not send it",
		Why:     "A 204 must not have a Content-Length (RFC 9110, 8.6).",
		Origin:  replay.ByNetHTTP,
		When:    calls("no_content_zero_length"),
		Effects: []replay.Effect{{Field: "response.header.content-length", Pywsgi: "'0'", Gowsgi: missing}},
	},
	{
		Name:   "The same Content-Length twice",
		Pywsgi: "sends it twice", Gowsgi: "sends it once",
		Why:     "Both say the same, and a recipient may refuse two (RFC 9112, 6.3).",
		Origin:  replay.ByGowsgi,
		When:    calls("length_twice_same"),
		Effects: []replay.Effect{{Field: "response.header.content-length", Pywsgi: "'5' + '5'", Gowsgi: "'5'"}},
	},
	{
		Name:   "A list shorter than its Content-Length",
		Pywsgi: "sends it, so that the client waits or takes the next response for the rest", Gowsgi: "answers 500",
		Why:    "The fault is seen before the response goes out.",
		Origin: replay.ByGowsgi,
		When:   all(calls("length_over_list"), answered500), Effects: own500, Parts: true,
	},
	{
		Name:   "A stream shorter than its Content-Length",
		Pywsgi: "sends it and keeps the connection, so that the client waits or takes the next response for the rest", Gowsgi: "logs it and cuts the connection",
		Why:     "The client has to see that the body is not complete.",
		Origin:  replay.ByGowsgi,
		When:    all(calls("length_over_generator", "length_over_write", "closing_short"), truncated),
		Effects: append([]replay.Effect{{Field: "response.body", Pywsgi: "'*HTTP/1.1 *", Gowsgi: "'*", Holds: begins}}, cut...), Parts: true,
	},
	{
		Name:   "A body longer than its Content-Length",
		Pywsgi: "sends all of it, so that the rest stands in front of the next response", Gowsgi: "stops at the length, asks a stream for no more, and logs it",
		Why:    "A server must not send more than the Content-Length says (PEP 3333, Handling the Content-Length Header).",
		Origin: replay.ByGowsgi,
		When:   all(calls("length_under_list", "length_under_generator", "length_under_write", "length_zero_body", "closing_long"), notHead),
		Effects: []replay.Effect{
			{Field: "leftover", Pywsgi: "'*", Gowsgi: "''"},
			{Field: "error_log", Pywsgi: "", Gowsgi: "exception"},
			{Field: "counter.yields", Pywsgi: "2", Gowsgi: "1"},
		},
		Parts: true,
	},
	{
		Name:   "A stream that fails after the last byte of its Content-Length",
		Pywsgi: "asks for more, logs the failure and closes the connection", Gowsgi: "asks for no more, so that it does not meet the failure",
		Why:    "The response is complete, and nothing more of it can be sent (PEP 3333, Handling the Content-Length Header).",
		Origin: replay.ByGowsgi,
		When:   all(calls("raises_after_full_length"), notHead),
		Effects: []replay.Effect{
			{Field: "error_log", Pywsgi: "exception", Gowsgi: ""},
			{Field: "connection", Pywsgi: "closed", Gowsgi: "open"},
		},
		Parts: true,
	},
	{
		Name:   "A stream in a response to HEAD",
		Pywsgi: "takes all its chunks", Gowsgi: "takes one chunk and closes the stream",
		Why:    "None of the chunks is sent. An error that a later chunk would have raised is not met.",
		Origin: replay.ByGowsgi,
		When:   func(x *replay.Exchange, at int) bool { return x.Request(at).Method == "HEAD" },
		Effects: []replay.Effect{
			{Field: "counter.yields", Pywsgi: "2", Gowsgi: "1"},
			{Field: "error_log", Pywsgi: "exception", Gowsgi: ""},
			{Field: "connection", Pywsgi: "closed", Gowsgi: "open"},
		},
	},
	{
		Name:   "A list after write()",
		Pywsgi: "sends a chunk for each of the list's", Gowsgi: "sends one chunk",
		Why:     "A list is complete when it is returned, and goes out as one. Where a chunk ends has no meaning (RFC 9112, 7.1).",
		Origin:  replay.ByGowsgi,
		When:    calls("restart_after_bytes_caught"),
		Effects: []replay.Effect{{Field: "response.chunks", Pywsgi: "[8 7 3]", Gowsgi: "[8 10]"}},
	},
}

func notHead(x *replay.Exchange, at int) bool { return x.Request(at).Method != "HEAD" }

// begins says that pywsgi's text begins with gowsgi's.
func begins(_ *replay.Exchange, _ int, d replay.Difference) bool {
	return strings.HasPrefix(d.Pywsgi, strings.TrimSuffix(d.Gowsgi, "'"))
}
