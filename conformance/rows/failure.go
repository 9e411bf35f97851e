package rows

import (
	"github.com/gowsgi/gowsgi/conformance/replay"
)

var failureRows = []replay.Rule{
	{
		Name:   "An application that returns no body",
		Pywsgi: "fails with a TypeError and answers 500", Gowsgi: "takes a nil Body for an empty list",
		Why:     "nil is the zero value of a Go interface, and a handler that has nothing to send returns it.",
		Origin:  replay.ByPython,
		When:    calls("none_body"),
		Effects: append([]replay.Effect{{Field: "response.header.content-length", Pywsgi: "'21'", Gowsgi: "'0'"}}, served...), Parts: true,
	},
	{
		Name:   "An application that never calls start_response and has an empty body",
		Pywsgi: "sends no response at all and keeps the connection", Gowsgi: "answers 500",
		Why:    "A server answers every request (RFC 9110, 3.4).",
		Origin: replay.ByGowsgi,
		When:   all(calls("unstarted_empty", "closing_unstarted_empty"), answered500), Effects: own500, Parts: true,
	},
	{
		Name:   "An application that fails with EPIPE or ECONNRESET of its own",
		Pywsgi: "takes it for a client that left: sends no response and logs nothing", Gowsgi: "treats it as any error: answers 500 or cuts the connection, and logs it",
		Why:    "The error can come from the application's database, and then the client is still there.",
		Origin: replay.ByGowsgi,
		When:   all(calls("raises_broken_pipe", "raises_reset", "raises_broken_pipe_after_bytes"), func(x *replay.Exchange, at int) bool { return answered500(x, at) || truncated(x, at) }), Effects: own500, Parts: true,
	},
	{
		Name:   "A Close that fails after a complete response",
		Pywsgi: "logs it and closes the connection", Gowsgi: "logs it and keeps the connection",
		Why:     "The client has the whole response, and knows where it ends.",
		Origin:  replay.ByGowsgi,
		When:    calls("close_raises", "close_raises_length", "close_raises_empty"),
		Effects: []replay.Effect{{Field: "connection", Pywsgi: "closed", Gowsgi: "open"}},
		Parts:   true,
	},
	{
		Name:   "An iteration that fails, and a Close that fails after it",
		Pywsgi: "logs the error of Close", Gowsgi: "logs both errors",
		Why:     "The first error is the cause of the trouble.",
		Origin:  replay.ByGowsgi,
		When:    calls("close_raises_after_error"),
		Effects: []replay.Effect{{Field: "error_log", Pywsgi: "exception", Gowsgi: "exception, exception"}},
	},
	{
		Name:   "An application that ignores that its 204 with a Content-Length was refused",
		Pywsgi: "sends the 204 with Content-Length: 5", Gowsgi: "answers 500",
		Why:    "A call of start_response that fails changes nothing, so no response was started.",
		Origin: replay.ByGowsgi,
		When:   all(calls("no_content_length_caught"), answered500), Effects: own500, Parts: true,
	},
}

var startRows = []replay.Rule{
	{
		Name:   "An application that calls start_response twice without exc_info",
		Pywsgi: "sends the second response", Gowsgi: "refuses the second call, and answers 500 if the application does not catch that",
		Why:    "PEP 3333 calls it a fatal error (The start_response() Callable).",
		Origin: replay.ByGowsgi,
		When:   all(calls("start_twice", "start_twice_none"), answered500), Effects: own500, Parts: true,
	},
	{
		Name:   "An application that calls start_response twice without exc_info and catches the refusal",
		Pywsgi: "allows the second call", Gowsgi: "refuses the second call",
		Why:    "PEP 3333 calls it a fatal error (The start_response() Callable).",
		Origin: replay.ByGowsgi,
		When:   calls("start_twice_caught"),
		Effects: []replay.Effect{
			{Field: "response.code", Pywsgi: "201", Gowsgi: "200"},
			{Field: "response.reason", Pywsgi: "'Created'", Gowsgi: "'OK'"},
			{Field: "response.body", Pywsgi: "'allowed'", Gowsgi: "'refused'"},
			{Field: "access.status", Pywsgi: "'201'", Gowsgi: "'200'"},
		},
	},
	{
		Name:   "An application that calls start_response twice without exc_info, the second time after some bytes",
		Pywsgi: "changes only the status that it logs", Gowsgi: "refuses the second call and cuts the connection",
		Why:    "PEP 3333 calls it a fatal error (The start_response() Callable). The client has to see that the body is not complete.",
		Origin: replay.ByGowsgi,
		When:   all(calls("start_twice_after_bytes"), func(x *replay.Exchange, at int) bool { return !x.Ours(at).Complete }),
		Effects: append([]replay.Effect{
			{Field: "access.status", Pywsgi: "'404'", Gowsgi: "'200'"},
			{Field: "response.body", Pywsgi: "'partial;rest'", Gowsgi: "'partial;'"},
			{Field: "response.chunks", Pywsgi: "[8 4]", Gowsgi: "[8]"},
		}, cut...), Parts: true,
	},
	{
		Name:   "A header value or a reason with characters beyond latin-1",
		Pywsgi: "fails with a UnicodeEncodeError and answers 500", Gowsgi: "sends the bytes",
		Why:     "A Go string holds bytes, and a value may hold bytes beyond ASCII (RFC 9110, 5.5, obs-text).",
		Origin:  replay.ByPython,
		When:    calls("snowman_header", "snowman_status"),
		Effects: append([]replay.Effect{{Field: "response.header.x-snowman", Pywsgi: missing, Gowsgi: `'\xe2\x98\x83'`}}, served...), Parts: true,
	},
	{
		Name:   "An application that sends Transfer-Encoding itself",
		Pywsgi: "sends the header twice", Gowsgi: "refuses it and answers 500",
		Why:    "An application must not send hop-by-hop headers (PEP 3333, Other HTTP Features).",
		Origin: replay.ByGowsgi,
		When:   all(calls("says_chunked"), answered500), Effects: own500, Parts: true,
	},
	{
		Name:   "An application that sends two different Content-Lengths",
		Pywsgi: "sends both", Gowsgi: "refuses them and answers 500",
		Why:    "Recipients cannot tell where such a message ends (RFC 9112, 6.3).",
		Origin: replay.ByGowsgi,
		When:   all(calls("length_twice_different"), answered500), Effects: own500, Parts: true,
	},
}
