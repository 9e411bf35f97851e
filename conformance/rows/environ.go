package rows

import (
	"regexp"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var environRows = []replay.Rule{
	{
		Name: "SERVER_SOFTWARE", Origin: replay.ByGowsgi,
		Pywsgi: "names gevent and Python", Gowsgi: "names gowsgi and Go", Why: "Each names itself (RFC 3875, 4.1.17).",
		Effects: environEffect("SERVER_SOFTWARE", "'gevent/*", "'gowsgi/*"),
	},
	{
		Name: "wsgi.multithread", Origin: replay.ByPython,
		Pywsgi: "false", Gowsgi: "true", Why: "Requests run in goroutines, which are parallel; greenlets are not (PEP 3333, environ Variables).",
		Effects: environEffect("wsgi.multithread", "bool False", "bool True"),
	},
	{
		Name: "REQUEST_URI", Origin: replay.ByGowsgi,
		Pywsgi: "absent", Gowsgi: "the raw target", Why: "PATH_INFO is decoded and cannot tell %2F from /; PEP 3333 allows keys of the server's own. DESIGN.md, What the environ holds.",
		Effects: environEffect("REQUEST_URI", missing, "*", func(x *replay.Exchange, at int, d replay.Difference) bool {
			target := x.Request(at).Target
			return d.Gowsgi == wire.Quote(string(wire.Shown(target)))
		}),
	},
	{
		Name: "wsgi.file_wrapper", Origin: replay.ByGowsgi,
		Pywsgi: "absent", Gowsgi: "adapter.File", Why: "It is optional (PEP 3333, Optional Platform-Specific File Handling), and net/http can send a file by sendfile.",
		Effects: environEffect("wsgi.file_wrapper", missing, "func(io.Reader, int) adapter.Body"),
	},
	{
		Name: "An application that uses wsgi.file_wrapper", Origin: replay.ByGowsgi,
		Pywsgi: "finds none", Gowsgi: "sends the file", Why: "As above.",
		When: calls("file_wrapper"),
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
		Name: "wsgi.file_wrapper asked for by its name", Origin: replay.ByGowsgi,
		Pywsgi: "null", Gowsgi: "a func", Why: "As above.",
		When: all(calls("environ_key"), query("wsgi.file_wrapper")),
		Effects: []replay.Effect{
			{Field: "response.body", Pywsgi: "'null'", Gowsgi: `'{"type": "func(io.Reader, int) adapter.Body", "value": null}'`},
			{Field: "response.header.content-length", Pywsgi: "'4'", Gowsgi: "'60'"},
		},
	},
	{
		Name: "REQUEST_URI asked for by its name", Origin: replay.ByGowsgi,
		Pywsgi: "null", Gowsgi: "the raw target", Why: "As above.",
		When: all(calls("environ_key"), query("REQUEST_URI")),
		Effects: []replay.Effect{
			{Field: "response.body", Pywsgi: "'null'", Gowsgi: `'"/?REQUEST_URI"'`},
			{Field: "response.header.content-length", Pywsgi: "'4'", Gowsgi: "'15'"},
		},
	},
	{
		Name: "wsgi.multithread asked for by its name", Origin: replay.ByPython,
		Pywsgi: "False", Gowsgi: "True", Why: "As above.",
		When: all(calls("environ_key"), query("wsgi.multithread")),
		Effects: []replay.Effect{
			{Field: "response.body", Pywsgi: `*"False"*`, Gowsgi: `*"True"*`},
			{Field: "response.header.content-length", Pywsgi: "'34'", Gowsgi: "'33'"},
		},
	},
	{
		Name: "HTTP_PROXY", Origin: replay.ByGowsgi,
		Pywsgi: "the header Proxy", Gowsgi: "absent", Why: "HTTP clients take that variable for their own proxy (httpoxy, CVE-2016-5385). DESIGN.md, What the environ holds.",
		Effects: environEffect("HTTP_PROXY", "'*", missing),
	},
	{
		Name: "A folded header", Origin: replay.ByNetHTTP,
		Pywsgi: "keeps its CR, LF and whitespace", Gowsgi: "one space in their place", Why: "RFC 9112, 5.2: a server replaces each fold by spaces, or refuses the request.",
		Effects: environEffect("*", `'*\r\n*`, "'*", func(_ *replay.Exchange, _ int, d replay.Difference) bool { return unfolded(d.Pywsgi) == d.Gowsgi }),
	},
	{
		Name: "A header that ends in a blank fold", Origin: replay.ByNetHTTP,
		Pywsgi: "drops the fold", Gowsgi: "a space in its place", Why: "RFC 9112, 5.2, as above; a trailing space means nothing (RFC 9110, 5.5).",
		When: func(x *replay.Exchange, _ int) bool { return strings.Contains(x.Sent(), " \r\n") },
		Effects: environEffect("HTTP_*", "'*", "'*", func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return d.Pywsgi == strings.TrimRight(strings.TrimSuffix(d.Gowsgi, "'"), " ")+"'"
		}),
	},
	{
		Name: "A no-break space at the ends of a header", Origin: replay.ByNetHTTP,
		Pywsgi: "stripped", Gowsgi: "kept", Why: "Only space and tab are whitespace around a value (RFC 9110, 5.5); Python strips by its own idea of it.",
		Effects: environEffect("HTTP_*", "'*", "'*", func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return strings.ReplaceAll(d.Gowsgi, `\xa0`, "") == d.Pywsgi
		}),
	},
}

// environEffect is an effect on a key of the environ, also where a body dumps it.
func environEffect(key, pywsgi, gowsgi string, holds ...func(x *replay.Exchange, at int, d replay.Difference) bool) []replay.Effect {
	e := replay.Effect{Field: "environ." + key + "|response.dump." + key, Pywsgi: pywsgi, Gowsgi: gowsgi}
	if len(holds) > 0 {
		e.Holds = holds[0]
	}
	return []replay.Effect{e}
}

// query says that the request has a query.
func query(want string) func(x *replay.Exchange, at int) bool {
	return func(x *replay.Exchange, at int) bool {
		_, got, _ := strings.Cut(x.Request(at).Target, "?")
		return got == want
	}
}

var blanks = regexp.MustCompile(`^( |\\t)*`)

// unfolded makes each fold of a quoted value a space.
func unfolded(quoted string) string {
	parts := strings.Split(quoted, `\r\n`)
	for i := 1; i < len(parts); i++ {
		parts[i] = blanks.ReplaceAllString(parts[i], "")
	}
	return strings.Join(parts, " ")
}
