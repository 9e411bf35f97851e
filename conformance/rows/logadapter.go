package rows

import (
	"github.com/gowsgi/gowsgi/conformance/replay"
)

// Logs are the differences between a logadapter.Stream and LoggingLogAdapter.
var Logs = []replay.Note{
	{
		Name: "write() of bytes", Pywsgi: "raises TypeError", Gowsgi: "logs them like a string",
		Why:   "An io.Writer takes bytes, and a Go string holds bytes.",
		About: []string{"write_bytes"},
	},
}

// NotInGo are the calls of a LoggingLogAdapter that Go's types rule out, by how they
// begin, with the reason.
var NotInGo = map[string]string{
	"set":            "A struct has no attributes that could be added. The constructor sets the fields of a Stream.",
	"get":            "The reason is that of set.",
	"delete":         "The reason is that of set.",
	"write None":     "A Write takes only bytes or a string.",
	"write int":      "A Write takes only bytes or a string.",
	"writelines str": "A string is not a []string.",
	"call error":     "slog has no formats.",
}
