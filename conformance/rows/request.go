package rows

import (
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var requestRows = []replay.Rule{
	{
		Name:   "A no-break space or a NEL in the target",
		Pywsgi: "takes it for whitespace: answers 400, or strips it at the end", Gowsgi: "takes it for a byte like any other",
		Why:    "Only a space separates the words of a request line (RFC 9112, 3).",
		Origin: replay.ByNetHTTP,
		When: func(x *replay.Exchange, at int) bool {
			return strings.ContainsAny(wire.Latin1Runes(x.Request(at).Target), "\u00a0\u0085")
		},
		Effects: append([]replay.Effect{{Field: "environ.PATH_INFO", Pywsgi: "'/'", Gowsgi: `'/\xa0'`}}, served...), Parts: true,
	},
	{
		Name:   "CONNECT with an absolute target",
		Pywsgi: "puts the target into PATH_INFO", Gowsgi: "puts the target without its scheme into PATH_INFO",
		Why:    "net/http puts http:// before the target of a CONNECT and parses that. RFC 9112, 3.2.3 does not allow such a request.",
		Origin: replay.ByNetHTTP,
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
		Name:   "An absolute target, or an authority",
		Pywsgi: "puts all of it into PATH_INFO", Gowsgi: "puts its path into PATH_INFO, or a slash if it has none",
		Why:    "A server has to accept the absolute form, and serves the path in it (RFC 9112, 3.2.2).",
		Origin: replay.ByGowsgi,
		When:   func(x *replay.Exchange, at int) bool { return !strings.HasPrefix(x.Request(at).Target, "/") },
		Effects: environEffect("PATH_INFO", "'*", "'/*", func(x *replay.Exchange, at int, d replay.Difference) bool {
			return d.Gowsgi == wire.Quote(pathOf(x.Request(at).Target))
		}),
	},
	{
		Name:   "HTTP_HOST of a request with an absolute target or an authority",
		Pywsgi: "is the header Host", Gowsgi: "is the host in the target",
		Why:    "A server has to ignore Host then (RFC 9112, 3.2.2).",
		Origin: replay.ByNetHTTP,
		Effects: environEffect("HTTP_HOST", "'*|absent", "'*", func(x *replay.Exchange, at int, d replay.Difference) bool {
			r := x.Request(at)
			return r.Target != "" && r.Target[0] != '/' && strings.Contains(wire.Quote(r.Target), strings.Trim(d.Gowsgi, "'"))
		}),
	},
	{
		Name:   "A request with an empty Host",
		Pywsgi: "sets HTTP_HOST to the empty string", Gowsgi: "sets no HTTP_HOST",
		Why:     "net/http does not tell an empty Host from none.",
		Origin:  replay.ByNetHTTP,
		Effects: environEffect("HTTP_HOST", "''", missing),
	},
	{
		Name:   "HTTP_TRANSFER_ENCODING of a request with chunked in other letters",
		Pywsgi: "is as the client wrote it", Gowsgi: "is chunked in lower case",
		Why:    "net/http removes the header when it has understood it, and gowsgi puts it back. The coding is case-insensitive (RFC 9112, 7).",
		Origin: replay.ByNetHTTP,
		Effects: environEffect("HTTP_TRANSFER_ENCODING", "'*", "'chunked'", func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return strings.EqualFold(d.Pywsgi, d.Gowsgi)
		}),
	},
	{
		Name:   "Whitespace around CONTENT_LENGTH",
		Pywsgi: "keeps it at the end, and if it is folded", Gowsgi: "removes it",
		Why:    "It is no part of the value (RFC 9110, 5.5).",
		Origin: replay.ByNetHTTP,
		Effects: environEffect("CONTENT_LENGTH", "'*", "'*", func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return strings.Trim(strings.ReplaceAll(strings.Trim(d.Pywsgi, "'"), `\r\n`, ""), " ") == strings.Trim(d.Gowsgi, "'")
		}),
	},
	{
		Name:   "A HEAD with a body",
		Pywsgi: "answers 400", Gowsgi: "serves it",
		Why:    "A HEAD may have content, which has no meaning (RFC 9110, 9.3.2).",
		Origin: replay.ByNetHTTP,
		When: func(x *replay.Exchange, at int) bool {
			return x.Request(at).Method == "HEAD" && bodyOver(x.Request(at), 0)
		},
		Effects: served, Parts: true,
	},
	{
		Name:   "Many headers, or long ones",
		Pywsgi: "answers 400 from 100 lines or 64 KiB on", Gowsgi: "serves up to 1 MiB",
		Why:    "Each server has its limit. net/http's can be set: http.Server.MaxHeaderBytes.",
		Origin: replay.ByNetHTTP,
		When: func(x *replay.Exchange, at int) bool {
			return len(x.Request(at).Fields) >= 100 || longestField(x.Request(at)) > 65536
		},
		Effects: served, Parts: true,
	},
	{
		Name:   "HTTP/1.2 and above",
		Pywsgi: "answers and closes the connection", Gowsgi: "treats it as HTTP/1.1",
		Why:    "A server processes a higher minor version as the highest one that it knows (RFC 9110, 2.5).",
		Origin: replay.ByNetHTTP,
		When: func(x *replay.Exchange, at int) bool {
			v := x.Request(at).Version
			return v > "HTTP/1.1" && v <= "HTTP/1.9"
		},
		Effects: []replay.Effect{{Field: "connection", Pywsgi: "closed", Gowsgi: "open"}},
		Parts:   true,
	},
	{
		Name:   "A request line of 8191 bytes that ends in LF alone",
		Pywsgi: "serves it", Gowsgi: "answers 414",
		Why:    "net/http does not say how the line ended, and gowsgi counts CR and LF.",
		Origin: replay.ByNetHTTP,
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
		Name:   "The preface of HTTP/2 without TLS",
		Pywsgi: "answers 400 and logs a line", Gowsgi: "answers 400",
		Why:     "A client that tries HTTP/2 first makes no mistake (RFC 9113, 3.3), and needs no line in the error log.",
		Origin:  replay.ByGowsgi,
		When:    func(x *replay.Exchange, at int) bool { return isPreface(x, at) },
		Effects: []replay.Effect{{Field: "error_log", Pywsgi: "client", Gowsgi: ""}},
	},
	{
		Name:   "The headers of a 414, and of the 400 for the preface of HTTP/2",
		Pywsgi: "sends Connection and Content-Length", Gowsgi: "sends Content-Type and Date too",
		Why:    "A server with a clock sends a Date (RFC 9110, 6.6.1).",
		Origin: replay.ByGowsgi,
		When:   func(x *replay.Exchange, at int) bool { return x.Ours(at).Code == 414 || isPreface(x, at) },
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
