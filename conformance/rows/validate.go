package rows

import (
	"github.com/gowsgi/gowsgi/conformance/replay"
)

// What a validator says of an application.
const (
	CaughtIt = "caught"
	LetPass  = "let pass"
)

// Validate are where middleware.Validate differs from wsgiref.validate, for
// which pywsgi stands here.
var Validate = []replay.Note{
	{
		Name: "A nil body", Pywsgi: CaughtIt, Gowsgi: LetPass,
		Why:   "It is adapter's empty list.",
		About: []string{"body_none"}, Differs: says(CaughtIt, LetPass),
	},
	{
		Name: "PATH_INFO * with OPTIONS", Pywsgi: CaughtIt, Gowsgi: LetPass,
		Why:   "The asterisk form is a request for the server (RFC 9112, 3.2.4), and it is handed on. DESIGN.md, What the environ holds.",
		About: []string{"path_info_star"}, Differs: says(CaughtIt, LetPass),
	},
	{
		Name: "SCRIPT_NAME or PATH_INFO absent, where the other is not empty", Pywsgi: "stumbles: KeyError", Gowsgi: LetPass,
		Why:   "PEP 3333, environ Variables: a variable that would be empty may be absent.",
		About: []string{"missing_script_name", "missing_path_with_script"}, Differs: says("stumbles: KeyError", LetPass),
	},
	{
		Name: "SCRIPT_NAME and PATH_INFO both empty", Pywsgi: LetPass + ", or stumbles", Gowsgi: CaughtIt,
		Why:   "PEP 3333, environ Variables: one of them is there.",
		About: []string{"missing_path_and_script", "empty_path_and_script"}, Differs: says("*", CaughtIt),
	},
	{
		Name: "A status or a number at which wsgiref stumbles", Pywsgi: "stumbles: ValueError, IndexError or KeyError", Gowsgi: CaughtIt,
		Why:   "An error that says what is wrong.",
		About: []string{"status_word", "status_empty", "status_blank", "missing_wsgi_url_scheme", "content_length_word_in_environ"}, Differs: says("stumbles*", CaughtIt),
	},
	{
		Name: "start_response never called, with an empty body", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "PEP 3333, The start_response() Callable.",
		About: []string{"start_never_empty"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "start_response called twice without exc_info", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "PEP 3333, The start_response() Callable: a fatal error.",
		About: []string{"start_twice", "start_after_chunk"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "A control character, or a second space, in a status", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "PEP 3333, The start_response() Callable: no control characters, no whitespace around the reason.",
		About: []string{"status_newline", "status_crlf_injection", "status_nul", "status_two_spaces"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "DEL in a header value", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "It is a control character (PEP 3333, as above; RFC 9110, 5.5).",
		About: []string{"header_value_delete"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "A Content-Length that is no number, or not what the body has", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "PEP 3333, Handling the Content-Length Header.",
		About: []string{"content_length_word", "content_length_negative", "content_length_wrong"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "A hop-by-hop header", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "PEP 3333, Other HTTP Features.",
		About: []string{"hop_by_hop_transfer_encoding"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "A body closed twice", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "adapter.Body is closed exactly once.",
		About: []string{"closed_twice"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "No SERVER_PROTOCOL", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "PEP 3333, environ Variables: required.",
		About: []string{"missing_server_protocol"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "SCRIPT_NAME that ends in a slash", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "DESIGN.md, What the environ holds: joined to PATH_INFO it gives another path than was asked for.",
		About: []string{"script_name_trailing_slash"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "wsgi.version (2, 0), wsgi.multithread a string", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "PEP 3333, environ Variables: the tuple (1, 0); and in Go a flag that is true is a bool.",
		About: []string{"version_other", "multithread_string"}, Differs: says(LetPass, CaughtIt),
	},
}

// says holds where both sides say what is expected.
func says(pywsgi, gowsgi string) func(string, string) bool {
	return func(theirs, ours string) bool { return replay.Like(pywsgi, theirs) && replay.Like(gowsgi, ours) }
}
