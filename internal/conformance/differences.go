package conformance

import "slices"

// Differences is the table: every way in which gowsgi answers otherwise than
// pywsgi. What is seen and not in here fails the replay, and so does a row that
// explains nothing.
var Differences = slices.Concat(
	environRows, logRows, headRows, lengthRows, failureRows, startRows, refusedHeadRows, inputRows, expectRows,
	upgradeRows, connectionRows, refusedRequestRows, requestRows,
)

// effects that several rows share

// own500 is gowsgi's 500 in the place of another response.
var own500 = []effect{
	{field: "response.code", pywsgi: "*", gowsgi: "500"},
	{field: "response.reason", pywsgi: "*", gowsgi: "'Internal Server Error'"},
	{field: "response.body", pywsgi: "*", gowsgi: "'Internal Server Error'|''"},
	{field: "response.framing", pywsgi: "*", gowsgi: "length|none"},
	{field: "response.complete", pywsgi: "false", gowsgi: "true"},
	{field: "response.chunks", pywsgi: "*", gowsgi: missing},
	{field: "response.header.connection", pywsgi: "*", gowsgi: "'close'"},
	{field: "response.header.content-length", pywsgi: "*", gowsgi: "'21'"},
	{field: "response.header.content-type", pywsgi: "*", gowsgi: "'text/plain'"},
	{field: "response.header.date", pywsgi: missing, gowsgi: "'<date>'"},
	{field: "response.header.*", pywsgi: "*", gowsgi: missing},
	{field: "access.status", pywsgi: "*", gowsgi: "'500'"},
	{field: "error_log", pywsgi: "|exception", gowsgi: "exception"},
	{field: "leftover", pywsgi: "'*", gowsgi: "''"},
}

// own400 is gowsgi's 400 for a request body that is no good.
var own400 = []effect{
	{field: "response.code", pywsgi: "200|500", gowsgi: "400"},
	{field: "response.reason", pywsgi: "'OK'|'Internal Server Error'", gowsgi: "'Bad Request'"},
	{field: "response.body", pywsgi: "*", gowsgi: "''"},
	{field: "response.framing", pywsgi: "chunked", gowsgi: "length"},
	{field: "response.complete", pywsgi: "false", gowsgi: "true"},
	{field: "response.chunks", pywsgi: "[*]", gowsgi: missing},
	{field: "response.header.transfer-encoding", pywsgi: "'chunked'", gowsgi: missing},
	{field: "response.header.content-length", pywsgi: "*", gowsgi: "'0'"},
	{field: "response.header.connection", pywsgi: missing, gowsgi: "'close'"},
	{field: "access.status", pywsgi: "'200'|'500'", gowsgi: "'400'"},
	{field: "error_log", pywsgi: "|exception|client", gowsgi: "client"},
	{field: "late", pywsgi: "*", gowsgi: "'HTTP/1.1 400 Bad Request*|'HTTP/1.0 400 Bad Request*"},
}

// served is another response than pywsgi's error.
var served = []effect{
	{field: "response.code", pywsgi: "400|500", gowsgi: "2*|404"},
	{field: "response.reason", pywsgi: "*", gowsgi: "'OK'|'Not Found'"},
	{field: "response.body", pywsgi: "'Internal Server Error'|''", gowsgi: "*"},
	{field: "response.header.connection", pywsgi: "'close'", gowsgi: missing},
	{field: "response.header.content-length", pywsgi: "'21'|'0'", gowsgi: "*"},
	{field: "response.header.content-type", pywsgi: missing, gowsgi: "'text/plain'"},
	{field: "response.header.date", pywsgi: missing, gowsgi: "'<date>'"},
	{field: "access.status", pywsgi: "'400'|'500'", gowsgi: "'200'|'404'"},
	{field: "error_log", pywsgi: "exception|client", gowsgi: ""},
	{field: "connection", pywsgi: "closed", gowsgi: "open"},
}

// cut is a connection that gowsgi ends for the client to see the truncation.
var cut = []effect{
	{field: "response.complete", pywsgi: "true", gowsgi: "false"},
	{field: "connection", pywsgi: "open", gowsgi: "closed"},
	{field: "error_log", pywsgi: "", gowsgi: "exception"},
}

// calls makes a predicate of the names of applications.
func calls(names ...string) func(x *Exchange, at int) bool {
	return func(x *Exchange, at int) bool { return slices.Contains(names, x.app(at)) }
}

// all makes a predicate of several.
func all(conditions ...func(x *Exchange, at int) bool) func(x *Exchange, at int) bool {
	return func(x *Exchange, at int) bool {
		for _, condition := range conditions {
			if !condition(x, at) {
				return false
			}
		}
		return true
	}
}

// answered500 says that gowsgi answered with its own 500, which ends the connection.
func answered500(x *Exchange, at int) bool {
	last, _ := x.ours(at).header("Connection")
	return x.ours(at).Code == 500 && last == "close" && at == len(x.Gowsgi.Responses)-1
}

// truncated says that gowsgi cut the connection off in the middle of a response.
func truncated(x *Exchange, at int) bool { return at < len(x.Gowsgi.Responses) && !x.ours(at).Complete }

// overHTTP10 says that the request is of HTTP/1.0.
func overHTTP10(x *Exchange, at int) bool { return x.request(at).version == "HTTP/1.0" }

func closes10(x *Exchange, at int) bool { return overHTTP10(x, at) && x.closed(at) }
