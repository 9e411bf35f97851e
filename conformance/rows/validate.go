package rows

import (
	"github.com/gowsgi/gowsgi/conformance/replay"
)

// The two verdicts of a validator.
const (
	CaughtIt = "reports it"
	LetPass  = "does not report it"
	fails    = "fails: "
)

// Fails is what the validator says that meets an exception of its own.
func Fails(exception string) string { return fails + exception }

// Validate are the differences between middleware.Validate and wsgiref.validate,
// which stands in the place of pywsgi.
var Validate = []replay.Note{
	{
		Name: "A nil body", Pywsgi: CaughtIt, Gowsgi: LetPass,
		Why:   "A nil Body is the empty list.",
		About: []string{"body_none"}, Differs: says(CaughtIt, LetPass),
	},
	{
		Name: "PATH_INFO * with OPTIONS", Pywsgi: CaughtIt, Gowsgi: LetPass,
		Why:   "The asterisk form is a request about the server itself (RFC 9112, 3.2.4), and reaches the application.",
		About: []string{"path_info_star"}, Differs: says(CaughtIt, LetPass),
	},
	{
		Name: "SCRIPT_NAME or PATH_INFO absent while the other is not empty", Pywsgi: "fails with a KeyError", Gowsgi: LetPass,
		Why:   "A variable that would be empty may be absent (PEP 3333, environ Variables).",
		About: []string{"missing_script_name", "missing_path_with_script"}, Differs: says(fails+"KeyError", LetPass),
	},
	{
		Name: "SCRIPT_NAME and PATH_INFO both empty or absent", Pywsgi: "does not report it, or fails with a KeyError", Gowsgi: CaughtIt,
		Why:   "One of them must be there (PEP 3333, environ Variables).",
		About: []string{"missing_path_and_script", "empty_path_and_script"}, Differs: says("*", CaughtIt),
	},
	{
		Name: "A status or a number that wsgiref cannot parse", Pywsgi: "fails with a ValueError, IndexError or KeyError", Gowsgi: CaughtIt,
		Why:   "The error has to say what is wrong.",
		About: []string{"status_word", "status_empty", "status_blank", "missing_wsgi_url_scheme", "content_length_word_in_environ"}, Differs: says(fails+"*", CaughtIt),
	},
	{
		Name: "An application that never calls start_response and has an empty body", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "start_response has to be called before the body ends (PEP 3333, The start_response() Callable).",
		About: []string{"start_never_empty"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "An application that calls start_response twice without exc_info", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "PEP 3333 calls it a fatal error (The start_response() Callable).",
		About: []string{"start_twice", "start_after_chunk"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "A status with a control character or a second space", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "A status has no control characters, and no whitespace around its reason (PEP 3333, The start_response() Callable).",
		About: []string{"status_newline", "status_crlf_injection", "status_nul", "status_two_spaces"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "A header value with DEL", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "It is a control character (PEP 3333, The start_response() Callable; RFC 9110, 5.5).",
		About: []string{"header_value_delete"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "A Content-Length that is not a number, or not the body's length", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "The body has to have that length (PEP 3333, Handling the Content-Length Header).",
		About: []string{"content_length_word", "content_length_negative", "content_length_wrong"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "A hop-by-hop header", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "An application must not send one (PEP 3333, Other HTTP Features).",
		About: []string{"hop_by_hop_transfer_encoding"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "A body that is closed twice", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "A server closes an adapter.Body exactly once.",
		About: []string{"closed_twice"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "An environ without SERVER_PROTOCOL", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "The key is required (PEP 3333, environ Variables).",
		About: []string{"missing_server_protocol"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "A SCRIPT_NAME that ends in a slash", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "SCRIPT_NAME and PATH_INFO together would give a path that nobody asked for.",
		About: []string{"script_name_trailing_slash"}, Differs: says(LetPass, CaughtIt),
	},
	{
		Name: "A wsgi.version of (2, 0), and a wsgi.multithread that is a string", Pywsgi: LetPass, Gowsgi: CaughtIt,
		Why:   "wsgi.version is (1, 0) (PEP 3333, environ Variables), and a flag in Go is a bool.",
		About: []string{"version_other", "multithread_string"}, Differs: says(LetPass, CaughtIt),
	},
}

// says covers differences whose texts match two patterns.
func says(pywsgi, gowsgi string) func(string, string) bool {
	return func(theirs, ours string) bool { return replay.Like(pywsgi, theirs) && replay.Like(gowsgi, ours) }
}
