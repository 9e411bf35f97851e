package rows

import (
	"github.com/gowsgi/gowsgi/conformance/replay"
)

var failureRows = []replay.Rule{
	{
		Name: "An application that returns no body", Origin: replay.ByPython,
		Pywsgi: "None is a TypeError: 500", Gowsgi: "a nil Body is the empty one", Why: "The zero value of Go's interface is the empty list. DESIGN.md, The public surface.",
		When:    calls("none_body"),
		Effects: append([]replay.Effect{{Field: "response.header.content-length", Pywsgi: "'21'", Gowsgi: "'0'"}}, served...), Parts: true,
	},
	{
		Name: "An application that never starts and has an empty body", Origin: replay.ByGowsgi,
		Pywsgi: "no response at all, and the connection goes on", Gowsgi: "500", Why: "Every request is answered (RFC 9110, 3.4). DESIGN.md, What happens when.",
		When: all(calls("unstarted_empty", "closing_unstarted_empty"), answered500), Effects: own500, Parts: true,
	},
	{
		Name: "An application's own EPIPE or ECONNRESET", Origin: replay.ByGowsgi,
		Pywsgi: "taken for a client that left: no response, not logged", Gowsgi: "an error like any other: 500, or the connection cut; logged", Why: "It is the application's database that left. DESIGN.md, What happens when.",
		When: all(calls("raises_broken_pipe", "raises_reset", "raises_broken_pipe_after_bytes"), func(x *replay.Exchange, at int) bool { return answered500(x, at) || truncated(x, at) }), Effects: own500, Parts: true,
	},
	{
		Name: "A Close that fails after a good response", Origin: replay.ByGowsgi,
		Pywsgi: "logged, and the connection closed", Gowsgi: "logged", Why: "The response is complete and its framing intact, so the connection is good.",
		When:    calls("close_raises", "close_raises_length", "close_raises_empty"),
		Effects: []replay.Effect{{Field: "connection", Pywsgi: "closed", Gowsgi: "open"}},
		Parts:   true,
	},
	{
		Name: "The iteration fails, and then Close", Origin: replay.ByGowsgi,
		Pywsgi: "only the second error is logged", Gowsgi: "both are", Why: "The first is the cause.",
		When:    calls("close_raises_after_error"),
		Effects: []replay.Effect{{Field: "error_log", Pywsgi: "exception", Gowsgi: "exception, exception"}},
	},
	{
		Name: "A body with 204, with the start refused", Origin: replay.ByGowsgi,
		Pywsgi: "an application that ignores the refusal sends its 204 with Content-Length: 5 all the same", Gowsgi: "500", Why: "A call that fails changes nothing, so the response was never started. DESIGN.md, The public surface.",
		When: all(calls("no_content_length_caught"), answered500), Effects: own500, Parts: true,
	},
}

var startRows = []replay.Rule{
	{
		Name: "start_response called twice without exc_info", Origin: replay.ByGowsgi,
		Pywsgi: "the second call replaces the first", Gowsgi: "the second call fails; 500 if that is not caught", Why: "PEP 3333, The start_response() Callable: a fatal error.",
		When: all(calls("start_twice", "start_twice_none"), answered500), Effects: own500, Parts: true,
	},
	{
		Name: "start_response called twice, the failure caught", Origin: replay.ByGowsgi,
		Pywsgi: "allowed: 201", Gowsgi: "refused: 200", Why: "As above.",
		When: calls("start_twice_caught"),
		Effects: []replay.Effect{
			{Field: "response.code", Pywsgi: "201", Gowsgi: "200"},
			{Field: "response.reason", Pywsgi: "'Created'", Gowsgi: "'OK'"},
			{Field: "response.body", Pywsgi: "'allowed'", Gowsgi: "'refused'"},
			{Field: "access.status", Pywsgi: "'201'", Gowsgi: "'200'"},
		},
	},
	{
		Name: "start_response called twice after bytes", Origin: replay.ByGowsgi,
		Pywsgi: "changes nothing but the logged status", Gowsgi: "fails; the connection is cut", Why: "As above; the body is not whole without what the application still had to say.",
		When: all(calls("start_twice_after_bytes"), func(x *replay.Exchange, at int) bool { return x.Closed(at) }),
		Effects: append([]replay.Effect{
			{Field: "access.status", Pywsgi: "'404'", Gowsgi: "'200'"},
			{Field: "response.body", Pywsgi: "'partial;rest'", Gowsgi: "'partial;'"},
			{Field: "response.chunks", Pywsgi: "[8 4]", Gowsgi: "[8]"},
		}, cut...), Parts: true,
	},
	{
		Name: "A value or a reason beyond latin-1", Origin: replay.ByPython,
		Pywsgi: "UnicodeEncodeError: 500", Gowsgi: "its bytes are sent", Why: "Go's strings are bytes, and obs-text may be in a value (RFC 9110, 5.5).",
		When:    calls("snowman_header", "snowman_status"),
		Effects: append([]replay.Effect{{Field: "response.header.x-snowman", Pywsgi: missing, Gowsgi: `'\xe2\x98\x83'`}}, served...), Parts: true,
	},
	{
		Name: "An application that sends Transfer-Encoding itself", Origin: replay.ByGowsgi,
		Pywsgi: "the header is there twice", Gowsgi: "refused: 500", Why: "It is hop-by-hop (PEP 3333, Other HTTP Features). DESIGN.md, What start_response refuses.",
		When: all(calls("says_chunked"), answered500), Effects: own500, Parts: true,
	},
	{
		Name: "Two Content-Lengths that differ", Origin: replay.ByGowsgi,
		Pywsgi: "both are sent", Gowsgi: "refused: 500", Why: "RFC 9112, 6.3: a message nobody can frame. DESIGN.md, What start_response refuses.",
		When: all(calls("length_twice_different"), answered500), Effects: own500, Parts: true,
	},
}
