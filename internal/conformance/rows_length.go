package conformance

import "strings"

var lengthRows = []Rule{
	{
		Name: "A stream without a single byte", Origin: ByGowsgi,
		Pywsgi: "chunked, or until the connection closes", Gowsgi: "Content-Length: 0", Why: "Nothing has gone out when it ends, so its length is known.",
		when: func(x *Exchange, at int) bool {
			return x.ours(at).Body == "" && x.theirs(at).Body == "" && x.theirs(at).Framing != "length"
		},
		effects: []effect{
			{field: "response.framing", pywsgi: "chunked|close", gowsgi: "length"},
			{field: "response.chunks", pywsgi: "[]", gowsgi: missing},
			{field: "response.complete", pywsgi: "false", gowsgi: "true"},
			{field: "response.header.content-length", pywsgi: missing, gowsgi: "'0'"},
			{field: "response.header.transfer-encoding", pywsgi: "'chunked'", gowsgi: missing},
		},
	},
	{
		Name: "An empty list in answer to HEAD", Origin: ByGowsgi,
		Pywsgi: "Content-Length: 0", Gowsgi: "no Content-Length", Why: "An application may leave out the body of a HEAD; 0 would be the wrong length then (RFC 9110, 8.6).",
		when:    func(x *Exchange, at int) bool { return x.request(at).method == "HEAD" && x.ours(at).Code == 200 },
		effects: []effect{{field: "response.header.content-length", pywsgi: "'0'", gowsgi: missing}},
	},
	{
		Name: "Content-Type with 304", Origin: ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "left out", Why: "net/http; a 304 has no use for it (RFC 9110, 15.4.5).",
		when:    calls("not_modified_typed"),
		effects: []effect{{field: "response.header.content-type", pywsgi: "'text/plain'", gowsgi: missing}},
	},
	{
		Name: "Content-Length: 0 with 204", Origin: ByNetHTTP,
		Pywsgi: "sent", Gowsgi: "left out", Why: "RFC 9110, 8.6: it must not be sent with a 204.",
		when:    calls("no_content_zero_length"),
		effects: []effect{{field: "response.header.content-length", pywsgi: "'0'", gowsgi: missing}},
	},
	{
		Name: "The same Content-Length twice", Origin: ByGowsgi,
		Pywsgi: "sent twice", Gowsgi: "sent once", Why: "Both say the same (RFC 9112, 6.3). DESIGN.md, What start_response refuses.",
		when:    calls("length_twice_same"),
		effects: []effect{{field: "response.header.content-length", pywsgi: "'5' + '5'", gowsgi: "'5'"}},
	},
	{
		Name: "A list shorter than its Content-Length", Origin: ByGowsgi,
		Pywsgi: "sent; the client waits, or eats the next response", Gowsgi: "500", Why: "It is seen in time. DESIGN.md, What happens when.",
		when: all(calls("length_over_list"), answered500), effects: own500, parts: true,
	},
	{
		Name: "A stream shorter than its Content-Length", Origin: ByGowsgi,
		Pywsgi: "sent, the connection stays open: the client waits, or eats the next response", Gowsgi: "logged, and the connection cut", Why: "The client sees the truncation. DESIGN.md, What happens when.",
		when:    all(calls("length_over_generator", "length_over_write", "closing_short"), truncated),
		effects: append([]effect{{field: "response.body", pywsgi: "'*HTTP/1.1 *", gowsgi: "'*", holds: begins}}, cut...), parts: true,
	},
	{
		Name: "A body longer than its Content-Length", Origin: ByGowsgi,
		Pywsgi: "the surplus is sent, in front of the next response", Gowsgi: "the surplus is not sent, nor a stream asked for it; logged", Why: "PEP 3333, Handling the Content-Length Header.",
		when: all(calls("length_under_list", "length_under_generator", "length_under_write", "length_zero_body", "closing_long"), notHead),
		effects: []effect{
			{field: "leftover", pywsgi: "'*", gowsgi: "''"},
			{field: "error_log", pywsgi: "", gowsgi: "exception"},
			{field: "counter.yields", pywsgi: "2", gowsgi: "1"},
		},
		parts: true,
	},
	{
		Name: "A stream in answer to HEAD", Origin: ByGowsgi,
		Pywsgi: "asked for all its chunks", Gowsgi: "closed after the first", Why: "None of them is sent; so what it would have raised later is not met. DESIGN.md, What happens when.",
		when: func(x *Exchange, at int) bool { return x.request(at).method == "HEAD" },
		effects: []effect{
			{field: "counter.yields", pywsgi: "2", gowsgi: "1"},
			{field: "error_log", pywsgi: "exception", gowsgi: ""},
			{field: "connection", pywsgi: "closed", gowsgi: "open"},
		},
	},
	{
		Name: "A list after write()", Origin: ByGowsgi,
		Pywsgi: "a chunk on the wire for each of its own", Gowsgi: "one chunk", Why: "A list is there as a whole and goes out as one. Chunk boundaries mean nothing (RFC 9112, 7.1).",
		when:    calls("restart_after_bytes_caught"),
		effects: []effect{{field: "response.chunks", pywsgi: "[8 7 3]", gowsgi: "[8 10]"}},
	},
}

func notHead(x *Exchange, at int) bool { return x.request(at).method != "HEAD" }

// begins holds where pywsgi's text begins with gowsgi's.
func begins(_ *Exchange, _ int, d Difference) bool {
	return strings.HasPrefix(d.Pywsgi, strings.TrimSuffix(d.Gowsgi, "'"))
}
