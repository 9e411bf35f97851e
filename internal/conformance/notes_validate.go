package conformance

// What a validator says of an application.
const (
	caughtIt = "caught"
	letPass  = "let pass"
)

// validateNotes are where middleware.Validate differs from wsgiref.validate, for
// which pywsgi stands here.
var validateNotes = []Note{
	{
		Name: "A nil body", Pywsgi: caughtIt, Gowsgi: letPass,
		Why:   "It is adapter's empty list.",
		about: []string{"body_none"}, differs: says(caughtIt, letPass),
	},
	{
		Name: "PATH_INFO * with OPTIONS", Pywsgi: caughtIt, Gowsgi: letPass,
		Why:   "The asterisk form is a request for the server (RFC 9112, 3.2.4), and it is handed on. DESIGN.md, What the environ holds.",
		about: []string{"path_info_star"}, differs: says(caughtIt, letPass),
	},
	{
		Name: "SCRIPT_NAME or PATH_INFO absent, where the other is not empty", Pywsgi: "stumbles: KeyError", Gowsgi: letPass,
		Why:   "PEP 3333, environ Variables: a variable that would be empty may be absent.",
		about: []string{"missing_script_name", "missing_path_with_script"}, differs: says("stumbles: KeyError", letPass),
	},
	{
		Name: "SCRIPT_NAME and PATH_INFO both empty", Pywsgi: letPass + ", or stumbles", Gowsgi: caughtIt,
		Why:   "PEP 3333, environ Variables: one of them is there.",
		about: []string{"missing_path_and_script", "empty_path_and_script"}, differs: says("*", caughtIt),
	},
	{
		Name: "A status or a number at which wsgiref stumbles", Pywsgi: "stumbles: ValueError, IndexError or KeyError", Gowsgi: caughtIt,
		Why:   "An error that says what is wrong.",
		about: []string{"status_word", "status_empty", "status_blank", "missing_wsgi_url_scheme", "content_length_word_in_environ"}, differs: says("stumbles*", caughtIt),
	},
	{
		Name: "start_response never called, with an empty body", Pywsgi: letPass, Gowsgi: caughtIt,
		Why:   "PEP 3333, The start_response() Callable.",
		about: []string{"start_never_empty"}, differs: says(letPass, caughtIt),
	},
	{
		Name: "start_response called twice without exc_info", Pywsgi: letPass, Gowsgi: caughtIt,
		Why:   "PEP 3333, The start_response() Callable: a fatal error.",
		about: []string{"start_twice", "start_after_chunk"}, differs: says(letPass, caughtIt),
	},
	{
		Name: "A control character, or a second space, in a status", Pywsgi: letPass, Gowsgi: caughtIt,
		Why:   "PEP 3333, The start_response() Callable: no control characters, no whitespace around the reason.",
		about: []string{"status_newline", "status_crlf_injection", "status_nul", "status_two_spaces"}, differs: says(letPass, caughtIt),
	},
	{
		Name: "DEL in a header value", Pywsgi: letPass, Gowsgi: caughtIt,
		Why:   "It is a control character (PEP 3333, as above; RFC 9110, 5.5).",
		about: []string{"header_value_delete"}, differs: says(letPass, caughtIt),
	},
	{
		Name: "A Content-Length that is no number, or not what the body has", Pywsgi: letPass, Gowsgi: caughtIt,
		Why:   "PEP 3333, Handling the Content-Length Header.",
		about: []string{"content_length_word", "content_length_negative", "content_length_wrong"}, differs: says(letPass, caughtIt),
	},
	{
		Name: "A hop-by-hop header", Pywsgi: letPass, Gowsgi: caughtIt,
		Why:   "PEP 3333, Other HTTP Features.",
		about: []string{"hop_by_hop_transfer_encoding"}, differs: says(letPass, caughtIt),
	},
	{
		Name: "A body closed twice", Pywsgi: letPass, Gowsgi: caughtIt,
		Why:   "adapter.Body is closed exactly once.",
		about: []string{"closed_twice"}, differs: says(letPass, caughtIt),
	},
	{
		Name: "No SERVER_PROTOCOL", Pywsgi: letPass, Gowsgi: caughtIt,
		Why:   "PEP 3333, environ Variables: required.",
		about: []string{"missing_server_protocol"}, differs: says(letPass, caughtIt),
	},
	{
		Name: "SCRIPT_NAME that ends in a slash", Pywsgi: letPass, Gowsgi: caughtIt,
		Why:   "DESIGN.md, What the environ holds: joined to PATH_INFO it gives another path than was asked for.",
		about: []string{"script_name_trailing_slash"}, differs: says(letPass, caughtIt),
	},
	{
		Name: "wsgi.version (2, 0), wsgi.multithread a string", Pywsgi: letPass, Gowsgi: caughtIt,
		Why:   "PEP 3333, environ Variables: the tuple (1, 0); and in Go a flag that is true is a bool.",
		about: []string{"version_other", "multithread_string"}, differs: says(letPass, caughtIt),
	},
}

// says holds where both sides say what is expected.
func says(pywsgi, gowsgi string) func(string, string) bool {
	return func(theirs, ours string) bool { return like(pywsgi, theirs) && like(gowsgi, ours) }
}
