package rows

import (
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var requestRows = []replay.Rule{
	{
		Name: "A no-break space or a NEL in a target", Origin: replay.ByNetHTTP,
		Pywsgi: "taken for whitespace: 400, or stripped at the end", Gowsgi: "a byte like any other", Why: "Only a space parts the words of a request line (RFC 9112, 3).",
		When: func(x *replay.Exchange, at int) bool {
			return strings.ContainsAny(wire.Latin1Runes(x.Request(at).Target), "\u00a0\u0085")
		},
		Effects: append([]replay.Effect{{Field: "environ.PATH_INFO", Pywsgi: "'/'", Gowsgi: `'/\xa0'`}}, served...), Parts: true,
	},
	{
		Name: "CONNECT with an absolute target", Origin: replay.ByNetHTTP,
		Pywsgi: "PATH_INFO is the target", Gowsgi: "PATH_INFO is the target without its scheme", Why: "net/http puts http:// before the target of a CONNECT and parses that. RFC 9112, 3.2.3 has no such request.",
		When: func(x *replay.Exchange, at int) bool {
			r := x.Request(at)
			return r.Method == "CONNECT" && wire.Absolute.MatchString(r.Target) && strings.Contains(r.Target, "/")
		},
		Effects: []replay.Effect{
			{Field: "environ.PATH_INFO", Pywsgi: "'http://*", Gowsgi: "'//*"},
			{Field: "environ.HTTP_HOST", Pywsgi: "'example.test'", Gowsgi: "'http:'"},
		},
	},
	{
		Name: "The path of an absolute target, or of an authority", Origin: replay.ByGowsgi,
		Pywsgi: "PATH_INFO is the whole target", Gowsgi: "its path, / where it has none", Why: "RFC 9112, 3.2.2: a server takes a URI apart. DESIGN.md, What the environ holds.",
		When: func(x *replay.Exchange, at int) bool { return !strings.HasPrefix(x.Request(at).Target, "/") },
		Effects: environEffect("PATH_INFO", "'*", "'/*", func(x *replay.Exchange, at int, d replay.Difference) bool {
			return d.Gowsgi == wire.Quote(pathOf(x.Request(at).Target))
		}),
	},
	{
		Name: "HTTP_HOST with an absolute target, or an authority", Origin: replay.ByNetHTTP,
		Pywsgi: "what Host says", Gowsgi: "what the target says", Why: "RFC 9112, 3.2.2: Host is ignored.",
		Effects: environEffect("HTTP_HOST", "'*|absent", "'*", func(x *replay.Exchange, at int, d replay.Difference) bool {
			r := x.Request(at)
			return r.Target != "" && r.Target[0] != '/' && strings.Contains(wire.Quote(r.Target), strings.Trim(d.Gowsgi, "'"))
		}),
	},
	{
		Name: "An empty Host", Origin: replay.ByNetHTTP,
		Pywsgi: "HTTP_HOST is empty", Gowsgi: "HTTP_HOST is absent", Why: "net/http does not tell an empty one from none.",
		Effects: environEffect("HTTP_HOST", "''", missing),
	},
	{
		Name: "HTTP_TRANSFER_ENCODING in other letters", Origin: replay.ByNetHTTP,
		Pywsgi: "as it came", Gowsgi: "chunked", Why: "net/http takes the header out once it is understood; the coding is case-insensitive (RFC 9112, 7).",
		Effects: environEffect("HTTP_TRANSFER_ENCODING", "'*", "'chunked'", func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return strings.EqualFold(d.Pywsgi, d.Gowsgi)
		}),
	},
	{
		Name: "Whitespace around CONTENT_LENGTH", Origin: replay.ByNetHTTP,
		Pywsgi: "kept at the end, and where it is folded", Gowsgi: "stripped", Why: "It is no part of the value (RFC 9110, 5.5).",
		Effects: environEffect("CONTENT_LENGTH", "'*", "'*", func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return strings.Trim(strings.ReplaceAll(strings.Trim(d.Pywsgi, "'"), `\r\n`, ""), " ") == strings.Trim(d.Gowsgi, "'")
		}),
	},
	{
		Name: "A HEAD with a body", Origin: replay.ByNetHTTP,
		Pywsgi: "400", Gowsgi: "served", Why: "Content in a HEAD is allowed and means nothing (RFC 9110, 9.3.2).",
		When: func(x *replay.Exchange, at int) bool {
			return x.Request(at).Method == "HEAD" && bodyOver(x.Request(at), 0)
		},
		Effects: served, Parts: true,
	},
	{
		Name: "Many or long headers", Origin: replay.ByNetHTTP,
		Pywsgi: "400 from 100 lines or 64 KiB on", Gowsgi: "served, up to http.Server.MaxHeaderBytes: 1 MiB", Why: "net/http. Each has its limit, and this one can be set.",
		When: func(x *replay.Exchange, at int) bool {
			return len(x.Request(at).Fields) >= 100 || longestField(x.Request(at)) > 65536
		},
		Effects: served, Parts: true,
	},
	{
		Name: "HTTP/1.2 and above", Origin: replay.ByNetHTTP,
		Pywsgi: "the connection closes", Gowsgi: "as HTTP/1.1: it stays open", Why: "RFC 9110, 2.5: a higher minor version is processed as the highest that is known.",
		When: func(x *replay.Exchange, at int) bool {
			v := x.Request(at).Version
			return v > "HTTP/1.1" && v <= "HTTP/1.9"
		},
		Effects: []replay.Effect{{Field: "connection", Pywsgi: "closed", Gowsgi: "open"}},
		Parts:   true,
	},
	{
		Name: "A request line of 8191 bytes that ends in LF alone", Origin: replay.ByNetHTTP,
		Pywsgi: "served", Gowsgi: "414", Why: "net/http does not tell how the line ended; it is counted with a CR.",
		When: func(x *replay.Exchange, at int) bool {
			return x.Ours(at).Code == 414 && strings.Contains(x.Sent(), "HTTP/1.1\nX-App")
		},
		Effects: []replay.Effect{
			{Field: "response.code", Pywsgi: "200", Gowsgi: "414"},
			{Field: "response.reason", Pywsgi: "'OK'", Gowsgi: "'Request URI Too Long'"},
			{Field: "response.body", Pywsgi: "'hello world'", Gowsgi: "''"},
			{Field: "response.header.content-length", Pywsgi: "'11'", Gowsgi: "'0'"},
		},
		Parts: true,
	},
	{
		Name: "The preface of HTTP/2 without TLS", Origin: replay.ByGowsgi,
		Pywsgi: "400, and a line in the error log", Gowsgi: "400", Why: "A client that tries out HTTP/2 is no news (RFC 9113, 3.3).",
		When:    func(x *replay.Exchange, at int) bool { return isPreface(x, at) },
		Effects: []replay.Effect{{Field: "error_log", Pywsgi: "client", Gowsgi: ""}},
	},
	{
		Name: "The headers of a 414, or of a 400 for the preface of HTTP/2", Origin: replay.ByGowsgi,
		Pywsgi: "Connection and Content-Length", Gowsgi: "Content-Type and Date too", Why: "RFC 9110, 6.6.1: a server with a clock sends a Date.",
		When: func(x *replay.Exchange, at int) bool { return x.Ours(at).Code == 414 || isPreface(x, at) },
		Effects: []replay.Effect{
			{Field: "response.header.content-type", Pywsgi: missing, Gowsgi: "'text/plain'"},
			{Field: "response.header.date", Pywsgi: missing, Gowsgi: "'<date>'"},
		},
	},
}

func isPreface(x *replay.Exchange, at int) bool {
	return x.Request(at).Method == "PRI" && x.Request(at).Version == "HTTP/2.0"
}

// pathOf is the decoded path of an absolute target.
func pathOf(target string) string {
	_, rest, ok := strings.Cut(target, "://")
	if !ok {
		return "/" // an authority, or a URI without one
	}
	rest, _, _ = strings.Cut(rest, "?")
	_, path, _ := strings.Cut(rest, "/")
	return "/" + wire.Unquote(path)
}

func longestField(r *wire.Request) int {
	longest := 0
	for _, field := range r.Fields {
		longest = max(longest, len(field[0])+len(": ")+len(field[1])+len("\r\n"))
	}
	return longest
}
