package rows

import (
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
)

// CGI are the differences between the environ and the variables that net/http/cgi
// makes of the same request. net/http/cgi stands in the place of pywsgi.
var CGI = []replay.Note{
	{
		Name: "SERVER_SOFTWARE", Pywsgi: "is go", Gowsgi: "names gowsgi and Go, with their versions",
		Why:   "Each server names itself (RFC 3875, 4.1.17).",
		About: []string{"SERVER_SOFTWARE"}, Differs: says("'go'", "'gowsgi/*"),
	},
	{
		Name: "SERVER_NAME", Pywsgi: "is the header Host, with a port other than 80", Gowsgi: "is the address that the connection came in on",
		Why:   "A client must not be able to choose it. pywsgi's is the server's own too.",
		About: []string{"SERVER_NAME"}, Differs: says("'*", "'127.0.0.1'"),
	},
	{
		Name: "SERVER_PORT", Pywsgi: "is 80, or the port in Host", Gowsgi: "is the port that the connection came in on",
		Why:   "RFC 3875, 4.1.15 asks for the port on which the request was received.",
		About: []string{"SERVER_PORT"},
	},
	{
		Name: "PATH, REMOTE_HOST, SCRIPT_FILENAME", Pywsgi: "has these keys", Gowsgi: "does not have these keys",
		Why:   "PATH and SCRIPT_FILENAME belong to a process. REMOTE_HOST holds an address there, and pywsgi has no such key.",
		About: []string{"PATH", "REMOTE_HOST", "SCRIPT_FILENAME"}, Differs: says("'*", missing),
	},
	{
		Name: "wsgi.url_scheme", Pywsgi: "has no such key", Gowsgi: "has the key",
		Why:   "The key is WSGI's own (PEP 3333, environ Variables).",
		About: []string{"wsgi.url_scheme"}, Differs: says(missing, "'http'"),
	},
	{
		Name: "REQUEST_URI", Pywsgi: "is the target as net/url writes it", Gowsgi: "is the target as the client sent it",
		Why:   "The key is there for what decoding loses.",
		About: []string{"REQUEST_URI"},
	},
	{
		Name: "A header that is given twice", Pywsgi: "joins the values by a comma and a space", Gowsgi: "joins them by a comma, and by a semicolon if the name has Cookie in it",
		Why:   "pywsgi joins them so. RFC 9110, 5.3 allows both.",
		About: []string{"HTTP_*"},
		Differs: func(theirs, ours string) bool {
			return strings.ReplaceAll(theirs, ", ", ",") == strings.ReplaceAll(ours, "; ", ",")
		},
	},
	{
		Name: "A header with an underscore in its name", Pywsgi: "puts it into the variable of the header with a dash", Gowsgi: "drops it",
		Why:   "The client could forge the header with a dash by it.",
		About: []string{"HTTP_X_A", "HTTP_X_APP", "HTTP__PROXY", "HTTP_PROXY_", "HTTP_CONTENT_LENGTH"},
	},
	{
		Name: "HTTP_CONTENT_TYPE", Pywsgi: "has the key", Gowsgi: "does not have the key",
		Why:   "A header with a variable of its own need not be there twice (RFC 3875, 4.1.18), and wsgiref.validate refuses it.",
		About: []string{"HTTP_CONTENT_TYPE"}, Differs: says("'*", missing),
	},
	{
		Name: "An empty Content-Type", Pywsgi: "has no CONTENT_TYPE", Gowsgi: "has an empty CONTENT_TYPE",
		Why:   "The client sent the header, and pywsgi has the key then.",
		About: []string{"CONTENT_TYPE"}, Differs: says(missing, "''"),
	},
	{
		Name: "No Host, or an empty one", Pywsgi: "has an empty HTTP_HOST", Gowsgi: "has no HTTP_HOST",
		Why:   "A variable for a header that was not sent is absent. net/http does not tell an empty Host from none.",
		About: []string{"HTTP_HOST"}, Differs: says("''", missing),
	},
	{
		Name: "SERVER_PROTOCOL of an HTTP/1.0 request", Pywsgi: "is HTTP/1.1", Gowsgi: "is HTTP/1.0",
		Why:   "It is the version of the request (RFC 3875, 4.1.16).",
		About: []string{"SERVER_PROTOCOL"}, Differs: says("'HTTP/1.1'", "'HTTP/1.0'"),
	},
	{
		Name: "PATH_INFO of a target without a path", Pywsgi: "is empty", Gowsgi: "is a slash",
		Why:   "PATH_INFO and SCRIPT_NAME must not both be empty (PEP 3333, environ Variables).",
		About: []string{"PATH_INFO"}, Differs: says("''", "'/'"),
	},
}
