package conformance

import (
	"regexp"
	"strings"
)

var environRows = []Rule{
	{
		Name: "SERVER_SOFTWARE", Origin: ByGowsgi,
		Pywsgi: "names gevent and Python", Gowsgi: "names gowsgi and Go", Why: "Each names itself (RFC 3875, 4.1.17).",
		effects: environEffect("SERVER_SOFTWARE", "'gevent/*", "'gowsgi/*"),
	},
	{
		Name: "wsgi.multithread", Origin: ByPython,
		Pywsgi: "false", Gowsgi: "true", Why: "Requests run in goroutines, which are parallel; greenlets are not (PEP 3333, environ Variables).",
		effects: environEffect("wsgi.multithread", "bool False", "bool True"),
	},
	{
		Name: "REQUEST_URI", Origin: ByGowsgi,
		Pywsgi: "absent", Gowsgi: "the raw target", Why: "PATH_INFO is decoded and cannot tell %2F from /; PEP 3333 allows keys of the server's own. DESIGN.md, What the environ holds.",
		effects: environEffect("REQUEST_URI", missing, "*", func(x *Exchange, at int, d Difference) bool {
			target := x.request(at).target
			return d.Gowsgi == quote(string(shown(target)))
		}),
	},
	{
		Name: "wsgi.file_wrapper", Origin: ByGowsgi,
		Pywsgi: "absent", Gowsgi: "adapter.File", Why: "It is optional (PEP 3333, Optional Platform-Specific File Handling), and net/http can send a file by sendfile.",
		effects: environEffect("wsgi.file_wrapper", missing, "func(io.Reader, int) adapter.Body"),
	},
	{
		Name: "An application that uses wsgi.file_wrapper", Origin: ByGowsgi,
		Pywsgi: "finds none", Gowsgi: "sends the file", Why: "As above.",
		when: calls("file_wrapper"),
		effects: []effect{
			{field: "response.body", pywsgi: "'no file_wrapper'", gowsgi: "'the content of a file'"},
			{field: "response.framing", pywsgi: "length", gowsgi: "chunked|close|none"},
			{field: "response.chunks", pywsgi: missing, gowsgi: "[8 8 5]"},
			{field: "response.header.content-length", pywsgi: "'15'", gowsgi: missing},
			{field: "response.header.transfer-encoding", pywsgi: missing, gowsgi: "'chunked'"},
			{field: "response.header.connection", pywsgi: "'keep-alive'", gowsgi: missing},
		},
	},
	{
		Name: "wsgi.file_wrapper asked for by its name", Origin: ByGowsgi,
		Pywsgi: "null", Gowsgi: "a func", Why: "As above.",
		when: all(calls("environ_key"), query("wsgi.file_wrapper")),
		effects: []effect{
			{field: "response.body", pywsgi: "'null'", gowsgi: `'{"type": "func(io.Reader, int) adapter.Body", "value": null}'`},
			{field: "response.header.content-length", pywsgi: "'4'", gowsgi: "'60'"},
		},
	},
	{
		Name: "REQUEST_URI asked for by its name", Origin: ByGowsgi,
		Pywsgi: "null", Gowsgi: "the raw target", Why: "As above.",
		when: all(calls("environ_key"), query("REQUEST_URI")),
		effects: []effect{
			{field: "response.body", pywsgi: "'null'", gowsgi: `'"/?REQUEST_URI"'`},
			{field: "response.header.content-length", pywsgi: "'4'", gowsgi: "'15'"},
		},
	},
	{
		Name: "wsgi.multithread asked for by its name", Origin: ByPython,
		Pywsgi: "False", Gowsgi: "True", Why: "As above.",
		when: all(calls("environ_key"), query("wsgi.multithread")),
		effects: []effect{
			{field: "response.body", pywsgi: `*"False"*`, gowsgi: `*"True"*`},
			{field: "response.header.content-length", pywsgi: "'34'", gowsgi: "'33'"},
		},
	},
	{
		Name: "HTTP_PROXY", Origin: ByGowsgi,
		Pywsgi: "the header Proxy", Gowsgi: "absent", Why: "HTTP clients take that variable for their own proxy (httpoxy, CVE-2016-5385). DESIGN.md, What the environ holds.",
		effects: environEffect("HTTP_PROXY", "'*", missing),
	},
	{
		Name: "A folded header", Origin: ByNetHTTP,
		Pywsgi: "keeps its CR, LF and whitespace", Gowsgi: "one space in their place", Why: "RFC 9112, 5.2: a server replaces each fold by spaces, or refuses the request.",
		effects: environEffect("*", `'*\r\n*`, "'*", func(_ *Exchange, _ int, d Difference) bool { return unfolded(d.Pywsgi) == d.Gowsgi }),
	},
	{
		Name: "A header that ends in a blank fold", Origin: ByNetHTTP,
		Pywsgi: "drops the fold", Gowsgi: "a space in its place", Why: "RFC 9112, 5.2, as above; a trailing space means nothing (RFC 9110, 5.5).",
		when: func(x *Exchange, _ int) bool { return strings.Contains(x.sent(), " \r\n") },
		effects: environEffect("HTTP_*", "'*", "'*", func(_ *Exchange, _ int, d Difference) bool {
			return d.Pywsgi == strings.TrimRight(strings.TrimSuffix(d.Gowsgi, "'"), " ")+"'"
		}),
	},
	{
		Name: "A no-break space at the ends of a header", Origin: ByNetHTTP,
		Pywsgi: "stripped", Gowsgi: "kept", Why: "Only space and tab are whitespace around a value (RFC 9110, 5.5); Python strips by its own idea of it.",
		effects: environEffect("HTTP_*", "'*", "'*", func(_ *Exchange, _ int, d Difference) bool {
			return strings.ReplaceAll(d.Gowsgi, `\xa0`, "") == d.Pywsgi
		}),
	},
}

// environEffect is an effect on a key of the environ, also where a body dumps it.
func environEffect(key, pywsgi, gowsgi string, holds ...func(x *Exchange, at int, d Difference) bool) []effect {
	e := effect{field: "environ." + key + "|response.dump." + key, pywsgi: pywsgi, gowsgi: gowsgi}
	if len(holds) > 0 {
		e.holds = holds[0]
	}
	return []effect{e}
}

// query says that the request has a query.
func query(want string) func(x *Exchange, at int) bool {
	return func(x *Exchange, at int) bool {
		_, got, _ := strings.Cut(x.request(at).target, "?")
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
