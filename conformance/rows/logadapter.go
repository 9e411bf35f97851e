package rows

import (
	"github.com/gowsgi/gowsgi/conformance/replay"
)

// Logs are where a logadapter.Stream differs from LoggingLogAdapter.
var Logs = []replay.Note{
	{
		Name: "write of bytes", Pywsgi: "TypeError", Gowsgi: "logged like a string",
		Why:   "An io.Writer takes bytes, and a Go string holds them.",
		About: []string{"write_bytes"},
	},
}

// NotInGo are calls of the adapter that Go's types rule out, by how they begin.
var NotInGo = map[string]string{
	"set":            "a struct has its fields; none can be added, and a Stream's own are set by its constructor",
	"get":            "as for set",
	"delete":         "as for set",
	"write None":     "a []byte and a string are always text",
	"write int":      "as for None",
	"writelines str": "a string is no []string",
	"call error":     "slog takes no format",
}
