package conformance

import "strings"

var requestRows = []Rule{
	{
		Name: "A no-break space or a NEL in a target", Origin: ByNetHTTP,
		Pywsgi: "taken for whitespace: 400, or stripped at the end", Gowsgi: "a byte like any other", Why: "Only a space parts the words of a request line (RFC 9112, 3).",
		when: func(x *Exchange, at int) bool {
			return strings.ContainsAny(latin1Runes(x.request(at).target), "\u00a0\u0085")
		},
		effects: append([]effect{{field: "environ.PATH_INFO", pywsgi: "'/'", gowsgi: `'/\xa0'`}}, served...), parts: true,
	},
	{
		Name: "CONNECT with an absolute target", Origin: ByNetHTTP,
		Pywsgi: "PATH_INFO is the target", Gowsgi: "PATH_INFO is the target without its scheme", Why: "net/http puts http:// before the target of a CONNECT and parses that. RFC 9112, 3.2.3 has no such request.",
		when: func(x *Exchange, at int) bool {
			r := x.request(at)
			return r.method == "CONNECT" && absolute.MatchString(r.target) && strings.Contains(r.target, "/")
		},
		effects: []effect{
			{field: "environ.PATH_INFO", pywsgi: "'http://*", gowsgi: "'//*"},
			{field: "environ.HTTP_HOST", pywsgi: "'example.test'", gowsgi: "'http:'"},
		},
	},
	{
		Name: "The path of an absolute target, or of an authority", Origin: ByGowsgi,
		Pywsgi: "PATH_INFO is the whole target", Gowsgi: "its path, / where it has none", Why: "RFC 9112, 3.2.2: a server takes a URI apart. DESIGN.md, What the environ holds.",
		when: func(x *Exchange, at int) bool { return !strings.HasPrefix(x.request(at).target, "/") },
		effects: environEffect("PATH_INFO", "'*", "'/*", func(x *Exchange, at int, d Difference) bool {
			return d.Gowsgi == quote(pathOf(x.request(at).target))
		}),
	},
	{
		Name: "HTTP_HOST with an absolute target, or an authority", Origin: ByNetHTTP,
		Pywsgi: "what Host says", Gowsgi: "what the target says", Why: "RFC 9112, 3.2.2: Host is ignored.",
		effects: environEffect("HTTP_HOST", "'*|absent", "'*", func(x *Exchange, at int, d Difference) bool {
			r := x.request(at)
			return r.target != "" && r.target[0] != '/' && strings.Contains(quote(r.target), strings.Trim(d.Gowsgi, "'"))
		}),
	},
	{
		Name: "An empty Host", Origin: ByNetHTTP,
		Pywsgi: "HTTP_HOST is empty", Gowsgi: "HTTP_HOST is absent", Why: "net/http does not tell an empty one from none.",
		effects: environEffect("HTTP_HOST", "''", missing),
	},
	{
		Name: "HTTP_TRANSFER_ENCODING in other letters", Origin: ByNetHTTP,
		Pywsgi: "as it came", Gowsgi: "chunked", Why: "net/http takes the header out once it is understood; the coding is case-insensitive (RFC 9112, 7).",
		effects: environEffect("HTTP_TRANSFER_ENCODING", "'*", "'chunked'", func(_ *Exchange, _ int, d Difference) bool { return strings.EqualFold(d.Pywsgi, d.Gowsgi) }),
	},
	{
		Name: "Whitespace around CONTENT_LENGTH", Origin: ByNetHTTP,
		Pywsgi: "kept at the end, and where it is folded", Gowsgi: "stripped", Why: "It is no part of the value (RFC 9110, 5.5).",
		effects: environEffect("CONTENT_LENGTH", "'*", "'*", func(_ *Exchange, _ int, d Difference) bool {
			return strings.Trim(strings.ReplaceAll(strings.Trim(d.Pywsgi, "'"), `\r\n`, ""), " ") == strings.Trim(d.Gowsgi, "'")
		}),
	},
	{
		Name: "A HEAD with a body", Origin: ByNetHTTP,
		Pywsgi: "400", Gowsgi: "served", Why: "Content in a HEAD is allowed and means nothing (RFC 9110, 9.3.2).",
		when:    func(x *Exchange, at int) bool { return x.request(at).method == "HEAD" && bodyOver(x.request(at), 0) },
		effects: served, parts: true,
	},
	{
		Name: "Many or long headers", Origin: ByNetHTTP,
		Pywsgi: "400 from 100 lines or 64 KiB on", Gowsgi: "served, up to http.Server.MaxHeaderBytes: 1 MiB", Why: "net/http. Each has its limit, and this one can be set.",
		when: func(x *Exchange, at int) bool {
			return len(x.request(at).fields) >= 100 || longestField(x.request(at)) > 65536
		},
		effects: served, parts: true,
	},
	{
		Name: "HTTP/1.2 and above", Origin: ByNetHTTP,
		Pywsgi: "the connection closes", Gowsgi: "as HTTP/1.1: it stays open", Why: "RFC 9110, 2.5: a higher minor version is processed as the highest that is known.",
		when:    func(x *Exchange, at int) bool { v := x.request(at).version; return v > "HTTP/1.1" && v <= "HTTP/1.9" },
		effects: []effect{{field: "connection", pywsgi: "closed", gowsgi: "open"}},
		parts:   true,
	},
	{
		Name: "A request line of 8191 bytes that ends in LF alone", Origin: ByNetHTTP,
		Pywsgi: "served", Gowsgi: "414", Why: "net/http does not tell how the line ended; it is counted with a CR.",
		when: func(x *Exchange, at int) bool {
			return x.ours(at).Code == 414 && strings.Contains(x.sent(), "HTTP/1.1\nX-App")
		},
		effects: []effect{
			{field: "response.code", pywsgi: "200", gowsgi: "414"},
			{field: "response.reason", pywsgi: "'OK'", gowsgi: "'Request URI Too Long'"},
			{field: "response.body", pywsgi: "'hello world'", gowsgi: "''"},
			{field: "response.header.content-length", pywsgi: "'11'", gowsgi: "'0'"},
		},
		parts: true,
	},
	{
		Name: "The preface of HTTP/2 without TLS", Origin: ByGowsgi,
		Pywsgi: "400, and a line in the error log", Gowsgi: "400", Why: "A client that tries out HTTP/2 is no news (RFC 9113, 3.3).",
		when:    func(x *Exchange, at int) bool { return isPreface(x, at) },
		effects: []effect{{field: "error_log", pywsgi: "client", gowsgi: ""}},
	},
	{
		Name: "The headers of a 414, or of a 400 for the preface of HTTP/2", Origin: ByGowsgi,
		Pywsgi: "Connection and Content-Length", Gowsgi: "Content-Type and Date too", Why: "RFC 9110, 6.6.1: a server with a clock sends a Date.",
		when: func(x *Exchange, at int) bool { return x.ours(at).Code == 414 || isPreface(x, at) },
		effects: []effect{
			{field: "response.header.content-type", pywsgi: missing, gowsgi: "'text/plain'"},
			{field: "response.header.date", pywsgi: missing, gowsgi: "'<date>'"},
		},
	},
}

func isPreface(x *Exchange, at int) bool {
	return x.request(at).method == "PRI" && x.request(at).version == "HTTP/2.0"
}

// pathOf is the decoded path of an absolute target.
func pathOf(target string) string {
	_, rest, ok := strings.Cut(target, "://")
	if !ok {
		return "/" // an authority, or a URI without one
	}
	rest, _, _ = strings.Cut(rest, "?")
	_, path, _ := strings.Cut(rest, "/")
	return "/" + unquote(path)
}

func longestField(r *rawRequest) int {
	longest := 0
	for _, field := range r.fields {
		longest = max(longest, len(field[0])+len(": ")+len(field[1])+len("\r\n"))
	}
	return longest
}
