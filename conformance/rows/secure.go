package rows

import (
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
)

// Secure are the differences between the text of a masked environ and that of a
// SecureEnviron.
var Secure = []replay.Note{
	{
		Name: "The text of an environ of which nothing may be printed", Pywsgi: "is <pywsgi.SecureEnviron dict (keys: 2) at 140…>", Gowsgi: "is <environ.Environ (keys: 2)>",
		Why:   "The type has another name, and the address would tell nobody anything.",
		About: []string{"*"},
		Differs: func(pywsgi, gowsgi string) bool {
			return strings.ReplaceAll(strings.ReplaceAll(pywsgi, "pywsgi.SecureEnviron dict", "environ.Environ"), " at <id>>", ">") == gowsgi
		},
	},
	{
		Name: "A str with characters beyond latin-1", Pywsgi: "prints the characters", Gowsgi: "prints each of its UTF-8 bytes as a character",
		Why:   "A WSGI string has no such characters (PEP 3333, A Note on String Types), and a Go string holds bytes.",
		About: []string{"value_snowman", "value_line_separator", "value_zero_width", "value_bom", "value_astral", "value_unassigned", "value_private", "value_combining", "value_ideographic_space"},
	},
	{
		Name: "An environ as a value of another", Pywsgi: "prints its masked text", Gowsgi: "prints its type",
		Why:     "A value of a type that has no counterpart in Python is printed as its type.",
		About:   []string{"shown_value_is_*_environ"},
		Differs: func(_, gowsgi string) bool { return gowsgi == "{'KEY': <*environ.Environ>}" },
	},
	{
		Name: "A copy", Pywsgi: "loses the settings of the instance in copy(); is a plain dict, unmasked, in copy.copy and copy.deepcopy", Gowsgi: "keeps the policy in Clone",
		Why:   "A copy must not print what the original hides.",
		About: []string{"after_copy*"},
	},
}
