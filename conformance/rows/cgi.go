package rows

import (
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
)

// CGI are where the environ differs from the one that net/http/cgi makes of
// the same request, for which pywsgi stands here. They are about keys.
var CGI = []replay.Note{
	{
		Name: "SERVER_SOFTWARE", Pywsgi: "go", Gowsgi: "gowsgi and Go, with their versions",
		Why: "Each names itself (RFC 3875, 4.1.17).", About: []string{"SERVER_SOFTWARE"}, Differs: says("'go'", "'gowsgi/*"),
	},
	{
		Name: "SERVER_NAME", Pywsgi: "what Host says, port included if it is odd", Gowsgi: "the address the connection came in on",
		Why: "pywsgi's is the server's as well. A client's Host is not to be trusted for it.", About: []string{"SERVER_NAME"}, Differs: says("'*", "'127.0.0.1'"),
	},
	{
		Name: "SERVER_PORT", Pywsgi: "80, or what Host says", Gowsgi: "the port the connection came in on",
		Why: "RFC 3875, 4.1.15.", About: []string{"SERVER_PORT"},
	},
	{
		Name: "PATH, REMOTE_HOST, SCRIPT_FILENAME", Pywsgi: "there", Gowsgi: missing,
		Why: "The first and last are a process's. REMOTE_HOST is an address there; pywsgi has none.", About: []string{"PATH", "REMOTE_HOST", "SCRIPT_FILENAME"}, Differs: says("'*", missing),
	},
	{
		Name: "wsgi.url_scheme", Pywsgi: missing, Gowsgi: "http",
		Why: "WSGI's own.", About: []string{"wsgi.url_scheme"}, Differs: says(missing, "'http'"),
	},
	{
		Name: "REQUEST_URI", Pywsgi: "the target as net/url writes it anew", Gowsgi: "the target as it came",
		Why: "The key is there for what decoding loses.", About: []string{"REQUEST_URI"},
	},
	{
		Name: "A repeated header", Pywsgi: "joined by a comma and a space", Gowsgi: "by a comma alone, by a semicolon where the name has Cookie in it",
		Why: "As pywsgi joins. Both are allowed (RFC 9110, 5.3).", About: []string{"HTTP_*"},
		Differs: func(theirs, ours string) bool {
			return strings.ReplaceAll(theirs, ", ", ",") == strings.ReplaceAll(ours, "; ", ",")
		},
	},
	{
		Name: "A header whose name has an underscore", Pywsgi: "in the variable of its dashed twin", Gowsgi: "dropped",
		Why: "It would forge its twin. DESIGN.md, What the environ holds.", About: []string{"HTTP_X_A", "HTTP_X_APP", "HTTP__PROXY", "HTTP_PROXY_", "HTTP_CONTENT_LENGTH"},
	},
	{
		Name: "HTTP_CONTENT_TYPE", Pywsgi: "the same as CONTENT_TYPE, or all of several", Gowsgi: missing,
		Why: "PEP 3333 and RFC 3875, 4.1.18: a header with a variable of its own need not be there twice; wsgiref.validate refuses it.", About: []string{"HTTP_CONTENT_TYPE"}, Differs: says("'*", missing),
	},
	{
		Name: "An empty Content-Type", Pywsgi: missing, Gowsgi: "an empty CONTENT_TYPE",
		Why: "As pywsgi has it: what was sent is there.", About: []string{"CONTENT_TYPE"}, Differs: says(missing, "''"),
	},
	{
		Name: "No Host, or an empty one", Pywsgi: "an empty HTTP_HOST", Gowsgi: missing,
		Why: "Absent means absent. DESIGN.md, What the environ holds.", About: []string{"HTTP_HOST"}, Differs: says("''", missing),
	},
	{
		Name: "SERVER_PROTOCOL of HTTP/1.0", Pywsgi: "HTTP/1.1", Gowsgi: "HTTP/1.0",
		Why: "RFC 3875, 4.1.16: what the request said.", About: []string{"SERVER_PROTOCOL"}, Differs: says("'HTTP/1.1'", "'HTTP/1.0'"),
	},
	{
		Name: "PATH_INFO of a target without a path", Pywsgi: "empty", Gowsgi: "/",
		Why: "PEP 3333, environ Variables: with an empty SCRIPT_NAME it is not empty.", About: []string{"PATH_INFO"}, Differs: says("''", "'/'"),
	},
}
