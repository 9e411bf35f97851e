package rows

import (
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
)

var lengthRows = []replay.Rule{
	{
		Name: "A stream without a single byte", Origin: replay.ByGowsgi,
		Pywsgi: "chunked, or until the connection closes", Gowsgi: "Content-Length: 0", Why: "Nothing has gone out when it ends, so its length is known.",
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
		Name: "An empty list in answer to HEAD", Origin: replay.ByGowsgi,
		Pywsgi: "Content-Length: 0", Gowsgi: "no Content-Length", Why: "An application may leave out the body of a HEAD; 0 would be the wrong length then (RFC 9110, 8.6).",
		When:    func(x *replay.Exchange, at int) bool { return x.Request(at).Method == "HEAD" && x.Ours(at).Code == 200 },
		Effects: []replay.Effect{{Field: "response.header.content-length", Pywsgi: "'0'", Gowsgi: missing}},
	},
	{
		Name: "Content-Type with 304", Origin: replay.ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "left out", Why: "net/http; a 304 has no use for it (RFC 9110, 15.4.5).",
		When:    calls("not_modified_typed"),
		Effects: []replay.Effect{{Field: "response.header.content-type", Pywsgi: "'text/plain'", Gowsgi: missing}},
	},
	{
		Name: "Content-Length: 0 with 204", Origin: replay.ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "left out", Why: "RFC 9110, 8.6: it must not be sent with a 204.",
		When:    calls("no_content_zero_length"),
		Effects: []replay.Effect{{Field: "response.header.content-length", Pywsgi: "'0'", Gowsgi: missing}},
	},
	{
		Name: "The same Content-Length twice", Origin: replay.ByGowsgi,
		Pywsgi: "sent twice", Gowsgi: "sent once", Why: "Both say the same (RFC 9112, 6.3). DESIGN.md, What start_response refuses.",
		When:    calls("length_twice_same"),
		Effects: []replay.Effect{{Field: "response.header.content-length", Pywsgi: "'5' + '5'", Gowsgi: "'5'"}},
	},
	{
		Name: "A list shorter than its Content-Length", Origin: replay.ByGowsgi,
		Pywsgi: "sent; the client waits, or eats the next response", Gowsgi: "500", Why: "It is seen in time. DESIGN.md, What happens when.",
		When: all(calls("length_over_list"), answered500), Effects: own500, Parts: true,
	},
	{
		Name: "A stream shorter than its Content-Length", Origin: replay.ByGowsgi,
		Pywsgi: "sent, the connection stays open: the client waits, or eats the next response", Gowsgi: "logged, and the connection cut", Why: "The client sees the truncation. DESIGN.md, What happens when.",
		When:    all(calls("length_over_generator", "length_over_write", "closing_short"), truncated),
		Effects: append([]replay.Effect{{Field: "response.body", Pywsgi: "'*HTTP/1.1 *", Gowsgi: "'*", Holds: begins}}, cut...), Parts: true,
	},
	{
		Name: "A body longer than its Content-Length", Origin: replay.ByGowsgi,
		Pywsgi: "the surplus is sent, in front of the next response", Gowsgi: "the surplus is not sent, nor a stream asked for it; logged", Why: "PEP 3333, Handling the Content-Length Header.",
		When: all(calls("length_under_list", "length_under_generator", "length_under_write", "length_zero_body", "closing_long"), notHead),
		Effects: []replay.Effect{
			{Field: "leftover", Pywsgi: "'*", Gowsgi: "''"},
			{Field: "error_log", Pywsgi: "", Gowsgi: "exception"},
			{Field: "counter.yields", Pywsgi: "2", Gowsgi: "1"},
		},
		Parts: true,
	},
	{
		Name: "A stream in answer to HEAD", Origin: replay.ByGowsgi,
		Pywsgi: "asked for all its chunks", Gowsgi: "closed after the first", Why: "None of them is sent; so what it would have raised later is not met. DESIGN.md, What happens when.",
		When: func(x *replay.Exchange, at int) bool { return x.Request(at).Method == "HEAD" },
		Effects: []replay.Effect{
			{Field: "counter.yields", Pywsgi: "2", Gowsgi: "1"},
			{Field: "error_log", Pywsgi: "exception", Gowsgi: ""},
			{Field: "connection", Pywsgi: "closed", Gowsgi: "open"},
		},
	},
	{
		Name: "A list after write()", Origin: replay.ByGowsgi,
		Pywsgi: "a chunk on the wire for each of its own", Gowsgi: "one chunk", Why: "A list is there as a whole and goes out as one. Chunk boundaries mean nothing (RFC 9112, 7.1).",
		When:    calls("restart_after_bytes_caught"),
		Effects: []replay.Effect{{Field: "response.chunks", Pywsgi: "[8 7 3]", Gowsgi: "[8 10]"}},
	},
}

func notHead(x *replay.Exchange, at int) bool { return x.Request(at).Method != "HEAD" }

// begins holds where pywsgi's text begins with gowsgi's.
func begins(_ *replay.Exchange, _ int, d replay.Difference) bool {
	return strings.HasPrefix(d.Pywsgi, strings.TrimSuffix(d.Gowsgi, "'"))
}
