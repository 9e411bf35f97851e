package conformance

var failureRows = []Rule{
	{
		Name: "An application that returns no body", Origin: ByPython,
		Pywsgi: "None is a TypeError: 500", Gowsgi: "a nil Body is the empty one", Why: "The zero value of Go's interface is the empty list. DESIGN.md, The public surface.",
		when:    calls("none_body"),
		effects: append([]effect{{field: "response.header.content-length", pywsgi: "'21'", gowsgi: "'0'"}}, served...), parts: true,
	},
	{
		Name: "An application that never starts and has an empty body", Origin: ByGowsgi,
		Pywsgi: "no response at all, and the connection goes on", Gowsgi: "500", Why: "Every request is answered (RFC 9110, 3.4). DESIGN.md, What happens when.",
		when: all(calls("unstarted_empty", "closing_unstarted_empty"), answered500), effects: own500, parts: true,
	},
	{
		Name: "An application's own EPIPE or ECONNRESET", Origin: ByGowsgi,
		Pywsgi: "taken for a client that left: no response, not logged", Gowsgi: "an error like any other: 500, or the connection cut; logged", Why: "It is the application's database that left. DESIGN.md, What happens when.",
		when: all(calls("raises_broken_pipe", "raises_reset", "raises_broken_pipe_after_bytes"), func(x *Exchange, at int) bool { return answered500(x, at) || truncated(x, at) }), effects: own500, parts: true,
	},
	{
		Name: "A Close that fails after a good response", Origin: ByGowsgi,
		Pywsgi: "logged, and the connection closed", Gowsgi: "logged", Why: "The response is complete and its framing intact, so the connection is good.",
		when:    calls("close_raises", "close_raises_length", "close_raises_empty"),
		effects: []effect{{field: "connection", pywsgi: "closed", gowsgi: "open"}},
		parts:   true,
	},
	{
		Name: "The iteration fails, and then Close", Origin: ByGowsgi,
		Pywsgi: "only the second error is logged", Gowsgi: "both are", Why: "The first is the cause.",
		when:    calls("close_raises_after_error"),
		effects: []effect{{field: "error_log", pywsgi: "exception", gowsgi: "exception, exception"}},
	},
	{
		Name: "A body with 204, with the start refused", Origin: ByGowsgi,
		Pywsgi: "an application that ignores the refusal sends its 204 with Content-Length: 5 all the same", Gowsgi: "500", Why: "A call that fails changes nothing, so the response was never started. DESIGN.md, The public surface.",
		when: all(calls("no_content_length_caught"), answered500), effects: own500, parts: true,
	},
}

var startRows = []Rule{
	{
		Name: "start_response called twice without exc_info", Origin: ByGowsgi,
		Pywsgi: "the second call replaces the first", Gowsgi: "the second call fails; 500 if that is not caught", Why: "PEP 3333, The start_response() Callable: a fatal error.",
		when: all(calls("start_twice", "start_twice_none"), answered500), effects: own500, parts: true,
	},
	{
		Name: "start_response called twice, the failure caught", Origin: ByGowsgi,
		Pywsgi: "allowed: 201", Gowsgi: "refused: 200", Why: "As above.",
		when: calls("start_twice_caught"),
		effects: []effect{
			{field: "response.code", pywsgi: "201", gowsgi: "200"},
			{field: "response.reason", pywsgi: "'Created'", gowsgi: "'OK'"},
			{field: "response.body", pywsgi: "'allowed'", gowsgi: "'refused'"},
			{field: "access.status", pywsgi: "'201'", gowsgi: "'200'"},
		},
	},
	{
		Name: "start_response called twice after bytes", Origin: ByGowsgi,
		Pywsgi: "changes nothing but the logged status", Gowsgi: "fails; the connection is cut", Why: "As above; the body is not whole without what the application still had to say.",
		when: all(calls("start_twice_after_bytes"), func(x *Exchange, at int) bool { return x.closed(at) }),
		effects: append([]effect{
			{field: "access.status", pywsgi: "'404'", gowsgi: "'200'"},
			{field: "response.body", pywsgi: "'partial;rest'", gowsgi: "'partial;'"},
			{field: "response.chunks", pywsgi: "[8 4]", gowsgi: "[8]"},
		}, cut...), parts: true,
	},
	{
		Name: "A value or a reason beyond latin-1", Origin: ByPython,
		Pywsgi: "UnicodeEncodeError: 500", Gowsgi: "its bytes are sent", Why: "Go's strings are bytes, and obs-text may be in a value (RFC 9110, 5.5).",
		when:    calls("snowman_header", "snowman_status"),
		effects: append([]effect{{field: "response.header.x-snowman", pywsgi: missing, gowsgi: `'\xe2\x98\x83'`}}, served...), parts: true,
	},
	{
		Name: "An application that sends Transfer-Encoding itself", Origin: ByGowsgi,
		Pywsgi: "the header is there twice", Gowsgi: "refused: 500", Why: "It is hop-by-hop (PEP 3333, Other HTTP Features). DESIGN.md, What start_response refuses.",
		when: all(calls("says_chunked"), answered500), effects: own500, parts: true,
	},
	{
		Name: "Two Content-Lengths that differ", Origin: ByGowsgi,
		Pywsgi: "both are sent", Gowsgi: "refused: 500", Why: "RFC 9112, 6.3: a message nobody can frame. DESIGN.md, What start_response refuses.",
		when: all(calls("length_twice_different"), answered500), effects: own500, parts: true,
	},
}
