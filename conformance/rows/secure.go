package rows

import (
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
)

// Secure are where the text of a masked environ differs from that of
// SecureEnviron.
var Secure = []replay.Note{
	{
		Name: "The text of an environ of which nothing may be printed", Pywsgi: "<pywsgi.SecureEnviron dict (keys: 2) at 140…>", Gowsgi: "<environ.Environ (keys: 2)>",
		Why:   "Another class; and an address tells nobody anything. DESIGN.md, How a masked environ prints.",
		About: []string{"*"},
		Differs: func(pywsgi, gowsgi string) bool {
			return strings.ReplaceAll(strings.ReplaceAll(pywsgi, "pywsgi.SecureEnviron dict", "environ.Environ"), " at <id>>", ">") == gowsgi
		},
	},
	{
		Name: "A str beyond latin-1", Pywsgi: "its characters", Gowsgi: "its UTF-8 bytes, each as a character",
		Why:   "A WSGI string has none (PEP 3333, A Note on String Types); a Go string is bytes.",
		About: []string{"value_snowman", "value_line_separator", "value_zero_width", "value_bom", "value_astral", "value_unassigned", "value_private", "value_combining", "value_ideographic_space"},
	},
	{
		Name: "An environ as a value of another", Pywsgi: "its own masked text", Gowsgi: "its type alone",
		Why:     "A value that Python has no counterpart for is never looked into.",
		About:   []string{"shown_value_is_*_environ"},
		Differs: func(_, gowsgi string) bool { return gowsgi == "{'KEY': <*environ.Environ>}" },
	},
	{
		Name: "A copy", Pywsgi: "copy() loses the instance's settings; copy.copy and copy.deepcopy are plain dicts, unmasked", Gowsgi: "Clone stays masked as its origin was",
		Why:   "A copy must not leak what the original hides. DESIGN.md, The public surface.",
		About: []string{"after_copy*"},
	},
}
