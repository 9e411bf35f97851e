package rows

import (
	"regexp"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var environRows = []replay.Rule{
	{
		Name:   "SERVER_SOFTWARE",
		Pywsgi: "names gevent and Python", Gowsgi: "names gowsgi and Go",
		Why:     "Each server names itself (RFC 3875, 4.1.17).",
		Origin:  replay.ByGowsgi,
		Effects: environEffect("SERVER_SOFTWARE", "'gevent/*", "'gowsgi/*"),
	},
	{
		Name:   "wsgi.multithread",
		Pywsgi: "is false", Gowsgi: "is true",
		Why:     "Goroutines run in parallel, and greenlets do not (PEP 3333, environ Variables).",
		Origin:  replay.ByPython,
		Effects: environEffect("wsgi.multithread", "bool False", "bool True"),
	},
	{
		Name:   "REQUEST_URI",
		Pywsgi: "has no such key", Gowsgi: "holds the target as the client sent it",
		Why:    "PATH_INFO is decoded, so that it cannot tell %2F from a slash. PEP 3333 allows a server to add keys.",
		Origin: replay.ByGowsgi,
		Effects: environEffect("REQUEST_URI", missing, "*", func(x *replay.Exchange, at int, d replay.Difference) bool {
			target := x.Request(at).Target
			return d.Gowsgi == wire.Quote(string(wire.Shown(target)))
		}),
	},
	{
		Name:   "wsgi.file_wrapper",
		Pywsgi: "has no such key", Gowsgi: "holds adapter.File",
		Why:     "The key is optional (PEP 3333, Optional Platform-Specific File Handling). gowsgi has it because net/http can send a file by sendfile.",
		Origin:  replay.ByGowsgi,
		Effects: environEffect("wsgi.file_wrapper", missing, "func(io.Reader, int) adapter.Body"),
	},
	{
		Name:   "An application that uses wsgi.file_wrapper if it is there",
		Pywsgi: "finds no wrapper", Gowsgi: "gives it a wrapper and sends the file",
		Why:    "gowsgi has the key, and pywsgi does not.",
		Origin: replay.ByGowsgi,
		When:   calls("file_wrapper"),
		Effects: []replay.Effect{
			{Field: "response.body", Pywsgi: "'no file_wrapper'", Gowsgi: "'the content of a file'"},
			{Field: "response.framing", Pywsgi: "length", Gowsgi: "chunked|close|none"},
			{Field: "response.chunks", Pywsgi: missing, Gowsgi: "[8 8 5]"},
			{Field: "response.header.content-length", Pywsgi: "'15'", Gowsgi: missing},
			{Field: "response.header.transfer-encoding", Pywsgi: missing, Gowsgi: "'chunked'"},
			{Field: "response.header.connection", Pywsgi: "'keep-alive'", Gowsgi: missing},
		},
	},
	{
		Name:   "An application that shows wsgi.file_wrapper",
		Pywsgi: "shows null", Gowsgi: "shows a func",
		Why:    "gowsgi has the key, and pywsgi does not.",
		Origin: replay.ByGowsgi,
		When:   all(calls("environ_key"), query("wsgi.file_wrapper")),
		Effects: []replay.Effect{
			{Field: "response.body", Pywsgi: "'null'", Gowsgi: `'{"type": "func(io.Reader, int) adapter.Body", "value": null}'`},
			{Field: "response.header.content-length", Pywsgi: "'4'", Gowsgi: "'60'"},
		},
	},
	{
		Name:   "An application that shows REQUEST_URI",
		Pywsgi: "shows null", Gowsgi: "shows the target",
		Why:    "gowsgi has the key, and pywsgi does not.",
		Origin: replay.ByGowsgi,
		When:   all(calls("environ_key"), query("REQUEST_URI")),
		Effects: []replay.Effect{
			{Field: "response.body", Pywsgi: "'null'", Gowsgi: `'"/?REQUEST_URI"'`},
			{Field: "response.header.content-length", Pywsgi: "'4'", Gowsgi: "'15'"},
		},
	},
	{
		Name:   "An application that shows wsgi.multithread",
		Pywsgi: "shows False", Gowsgi: "shows True",
		Why:    "Goroutines run in parallel, and greenlets do not (PEP 3333, environ Variables).",
		Origin: replay.ByPython,
		When:   all(calls("environ_key"), query("wsgi.multithread")),
		Effects: []replay.Effect{
			{Field: "response.body", Pywsgi: `*"False"*`, Gowsgi: `*"True"*`},
			{Field: "response.header.content-length", Pywsgi: "'34'", Gowsgi: "'33'"},
		},
	},
	{
		Name:   "A request with the header Proxy",
		Pywsgi: "puts it into HTTP_PROXY", Gowsgi: "drops it",
		Why:     "Many HTTP clients take a variable of that name for the proxy that they shall use, so a request could redirect them (httpoxy, CVE-2016-5385).",
		Origin:  replay.ByGowsgi,
		Effects: environEffect("HTTP_PROXY", "'*", missing),
	},
	{
		Name:   "A folded header",
		Pywsgi: "keeps the line break and the whitespace in the value", Gowsgi: "puts one space in their place",
		Why:     "A server has to replace each fold by spaces, or to refuse the request (RFC 9112, 5.2).",
		Origin:  replay.ByNetHTTP,
		Effects: environEffect("*", `'*\r\n*`, "'*", func(_ *replay.Exchange, _ int, d replay.Difference) bool { return unfolded(d.Pywsgi) == d.Gowsgi }),
	},
	{
		Name:   "A header that ends in a fold with nothing after it",
		Pywsgi: "drops the fold", Gowsgi: "puts a space in its place",
		Why:    "A server has to replace each fold by spaces (RFC 9112, 5.2). A space at the end of a value has no meaning (RFC 9110, 5.5).",
		Origin: replay.ByNetHTTP,
		When:   func(x *replay.Exchange, _ int) bool { return strings.Contains(x.Sent(), " \r\n") },
		Effects: environEffect("HTTP_*", "'*", "'*", func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return d.Pywsgi == strings.TrimRight(strings.TrimSuffix(d.Gowsgi, "'"), " ")+"'"
		}),
	},
	{
		Name:   "A no-break space at the ends of a header value",
		Pywsgi: "strips it", Gowsgi: "keeps it",
		Why:    "Only space and tab are whitespace around a value (RFC 9110, 5.5). Python's strip removes more.",
		Origin: replay.ByNetHTTP,
		Effects: environEffect("HTTP_*", "'*", "'*", func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return strings.ReplaceAll(d.Gowsgi, `\xa0`, "") == d.Pywsgi
		}),
	},
}

// environEffect is a difference in a key of the environ. It covers responses that
// show the environ too.
func environEffect(key, pywsgi, gowsgi string, holds ...func(x *replay.Exchange, at int, d replay.Difference) bool) []replay.Effect {
	e := replay.Effect{Field: "environ." + key + "|response.dump." + key, Pywsgi: pywsgi, Gowsgi: gowsgi}
	if len(holds) > 0 {
		e.Holds = holds[0]
	}
	return []replay.Effect{e}
}

// query says that the request has this query.
func query(want string) func(x *replay.Exchange, at int) bool {
	return func(x *replay.Exchange, at int) bool {
		_, got, _ := strings.Cut(x.Request(at).Target, "?")
		return got == want
	}
}

var blanks = regexp.MustCompile(`^( |\\t)*`)

// unfolded is a quoted value with a space in the place of each fold.
func unfolded(quoted string) string {
	parts := strings.Split(quoted, `\r\n`)
	for i := 1; i < len(parts); i++ {
		parts[i] = blanks.ReplaceAllString(parts[i], "")
	}
	return strings.Join(parts, " ")
}
