// Package rows holds the tables of differences, whose rows explain every difference
// that the suite finds. README.md of the suite says how to add a row.
package rows

import (
	"slices"

	"github.com/gowsgi/gowsgi/conformance/replay"
)

// missing is the value of a field that one side does not have.
const missing = replay.Missing

// Differences are the differences between gowsgi and pywsgi. The first row that
// explains a difference counts. A test fails for a difference that no row explains,
// and for a row that explains none.
var Differences = slices.Concat(
	environRows, logRows, headRows, lengthRows, failureRows, startRows, refusedHeadRows, inputRows, expectRows,
	upgradeRows, connectionRows, refusedRequestRows, requestRows,
)

// own500 is gowsgi's 500 in the place of another response.
var own500 = []replay.Effect{
	{Field: "response.code", Pywsgi: "*", Gowsgi: "500"},
	{Field: "response.reason", Pywsgi: "*", Gowsgi: "'Internal Server Error'"},
	{Field: "response.body", Pywsgi: "*", Gowsgi: "'Internal Server Error'|''"},
	{Field: "response.framing", Pywsgi: "*", Gowsgi: "length|none"},
	{Field: "response.complete", Pywsgi: "false", Gowsgi: "true"},
	{Field: "response.chunks", Pywsgi: "*", Gowsgi: missing},
	{Field: "response.header.connection", Pywsgi: "*", Gowsgi: "'close'"},
	{Field: "response.header.content-length", Pywsgi: "*", Gowsgi: "'21'"},
	{Field: "response.header.content-type", Pywsgi: "*", Gowsgi: "'text/plain'"},
	{Field: "response.header.date", Pywsgi: missing, Gowsgi: "'<date>'"},
	{Field: "response.header.*", Pywsgi: "*", Gowsgi: missing},
	{Field: "access.status", Pywsgi: "*", Gowsgi: "'500'"},
	{Field: "error_log", Pywsgi: "|exception", Gowsgi: "exception"},
	{Field: "leftover", Pywsgi: "'*", Gowsgi: "''"},
}

// own500For400 is gowsgi's 500 where pywsgi answers 400.
var own500For400 = []replay.Effect{
	{Field: "response.code", Pywsgi: "400", Gowsgi: "500"},
	{Field: "response.reason", Pywsgi: "'Bad Request'", Gowsgi: "'Internal Server Error'"},
	{Field: "response.body", Pywsgi: "''", Gowsgi: "'Internal Server Error'"},
	{Field: "response.header.content-length", Pywsgi: "'0'", Gowsgi: "'21'"},
	{Field: "access.status", Pywsgi: "'400'", Gowsgi: "'500'"},
	{Field: "error_log", Pywsgi: "client", Gowsgi: "exception"},
}

// own400For500 is gowsgi's 400 for a request body that is no good, where pywsgi
// answers 500.
var own400For500 = []replay.Effect{
	{Field: "response.code", Pywsgi: "500", Gowsgi: "400"},
	{Field: "response.reason", Pywsgi: "'Internal Server Error'", Gowsgi: "'Bad Request'"},
	{Field: "response.body", Pywsgi: "'Internal Server Error'", Gowsgi: "''"},
	{Field: "response.header.content-length", Pywsgi: "'21'", Gowsgi: "'0'"},
	{Field: "access.status", Pywsgi: "'500'", Gowsgi: "'400'"},
	{Field: "error_log", Pywsgi: "exception", Gowsgi: "client"},
	{Field: "late", Pywsgi: "'HTTP/1.1 500 *", Gowsgi: "'HTTP/1.1 400 Bad Request*"},
}

// own400For200 is gowsgi's 400 for a request body that is no good, where pywsgi
// sends the application's response.
var own400For200 = []replay.Effect{
	{Field: "response.code", Pywsgi: "200", Gowsgi: "400"},
	{Field: "response.reason", Pywsgi: "'OK'", Gowsgi: "'Bad Request'"},
	{Field: "response.body", Pywsgi: "'*", Gowsgi: "''"},
	{Field: "response.framing", Pywsgi: "chunked", Gowsgi: "length"},
	{Field: "response.complete", Pywsgi: "false", Gowsgi: "true"},
	{Field: "response.chunks", Pywsgi: "[*]", Gowsgi: missing},
	{Field: "response.header.transfer-encoding", Pywsgi: "'chunked'", Gowsgi: missing},
	{Field: "response.header.content-length", Pywsgi: "*", Gowsgi: "'0'"},
	{Field: "response.header.connection", Pywsgi: missing, Gowsgi: "'close'"},
	{Field: "access.status", Pywsgi: "'200'", Gowsgi: "'400'"},
	{Field: "error_log", Pywsgi: "", Gowsgi: "client"},
	{Field: "late", Pywsgi: "'*", Gowsgi: "'HTTP/1.1 400 Bad Request*|'HTTP/1.0 400 Bad Request*"},
}

// cutBody is a body that gowsgi cuts off, because the rest of it would be made of a
// request body that is no good.
var cutBody = []replay.Effect{
	{Field: "response.body", Pywsgi: "'*", Gowsgi: "'*", Holds: begins},
	{Field: "response.chunks", Pywsgi: "[*]", Gowsgi: "[*]"},
	{Field: "response.complete", Pywsgi: "true", Gowsgi: "false"},
}

// served is gowsgi's response where pywsgi answers 400 or 500.
var served = []replay.Effect{
	{Field: "response.code", Pywsgi: "400|500", Gowsgi: "2*|404"},
	{Field: "response.reason", Pywsgi: "*", Gowsgi: "'OK'|'Not Found'"},
	{Field: "response.body", Pywsgi: "'Internal Server Error'|''", Gowsgi: "*"},
	{Field: "response.header.connection", Pywsgi: "'close'", Gowsgi: missing},
	{Field: "response.header.content-length", Pywsgi: "'21'|'0'", Gowsgi: "*"},
	{Field: "response.header.content-type", Pywsgi: missing, Gowsgi: "'text/plain'"},
	{Field: "response.header.date", Pywsgi: missing, Gowsgi: "'<date>'"},
	{Field: "access.status", Pywsgi: "'400'|'500'", Gowsgi: "'200'|'404'"},
	{Field: "error_log", Pywsgi: "exception|client", Gowsgi: ""},
	{Field: "connection", Pywsgi: "closed", Gowsgi: "open"},
}

// cut is a connection that gowsgi closes within a response.
var cut = []replay.Effect{
	{Field: "response.complete", Pywsgi: "true", Gowsgi: "false"},
	{Field: "connection", Pywsgi: "open", Gowsgi: "closed"},
	{Field: "error_log", Pywsgi: "", Gowsgi: "exception"},
}

// calls says that one of the applications was called.
func calls(names ...string) func(x *replay.Exchange, at int) bool {
	return func(x *replay.Exchange, at int) bool { return slices.Contains(names, x.App(at)) }
}

// all says that all of the conditions hold.
func all(conditions ...func(x *replay.Exchange, at int) bool) func(x *replay.Exchange, at int) bool {
	return func(x *replay.Exchange, at int) bool {
		for _, condition := range conditions {
			if !condition(x, at) {
				return false
			}
		}
		return true
	}
}

// answered500 says that gowsgi answered with its own 500, which ends the connection.
func answered500(x *replay.Exchange, at int) bool {
	last, _ := x.Ours(at).Header("Connection")
	return x.Ours(at).Code == 500 && last == "close" && at == len(x.Gowsgi.Responses)-1
}

// truncated says that gowsgi cut the connection off in the middle of a response.
func truncated(x *replay.Exchange, at int) bool {
	return at < len(x.Gowsgi.Responses) && !x.Ours(at).Complete
}

// overHTTP10 says that the request is of HTTP/1.0.
func overHTTP10(x *replay.Exchange, at int) bool { return x.Request(at).Version == "HTTP/1.0" }

func closes10(x *replay.Exchange, at int) bool { return overHTTP10(x, at) && x.Closed(at) }
