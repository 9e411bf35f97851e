package rows

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var logRows = []replay.Rule{
	{
		Name:   "The byte count of an access line",
		Pywsgi: "counts the head, the body and the chunk framing", Gowsgi: "counts the body",
		Why:    "net/http writes the head and the framing, and a handler cannot see how many bytes they have.",
		Origin: replay.ByNetHTTP,
		Effects: []replay.Effect{{Field: "access.bytes", Pywsgi: "'*", Gowsgi: "'*", Holds: func(x *replay.Exchange, at int, d replay.Difference) bool {
			return d.Gowsgi == bodyBytes(x, at)
		}}},
	},
	{
		Name:   "An access line of over 512 bytes",
		Pywsgi: "counts the head, the body and the chunk framing", Gowsgi: "counts the body",
		Why:    "The reason is the one of the row above. A recording has only a digest of so long a line, so that the numbers in it cannot be compared.",
		Origin: replay.ByNetHTTP,
		When: func(x *replay.Exchange, at int) bool {
			return len(x.Request(at).Target) > 400 || len(x.Request(at).Method) > 250
		},
		Effects: []replay.Effect{{Field: "access.line", Pywsgi: "'<* bytes, sha256 *", Gowsgi: "'<* bytes, sha256 *"}},
	},
	{
		Name:   "The request line in an access line",
		Pywsgi: "writes it as it came", Gowsgi: "writes every byte that is not printable ASCII, the quotation mark and the backslash as \\xNN",
		Why:    "A client must not be able to forge a log line or to break one (CWE-117).",
		Origin: replay.ByGowsgi,
		Effects: []replay.Effect{{Field: "access.request", Pywsgi: "'*", Gowsgi: "'*", Holds: func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return strings.NewReplacer(`\\x`, `\x`, `"`, `\x22`, `\\`, `\x5c`).Replace(d.Pywsgi) == strings.ReplaceAll(d.Gowsgi, `\\x`, `\x`)
		}}},
	},
	{
		Name:   "The status in an access line",
		Pywsgi: "writes the status of the last call of start_response, or of the response before", Gowsgi: "writes the status that was sent",
		Why:    "The log says what the client has received.",
		Origin: replay.ByGowsgi,
		When:   func(x *replay.Exchange, at int) bool { return x.Ours(at).Code == x.Theirs(at).Code },
		Effects: []replay.Effect{{Field: "access.status", Pywsgi: "'*", Gowsgi: "'*", Holds: func(x *replay.Exchange, at int, d replay.Difference) bool {
			return d.Gowsgi == wire.Quote(strconv.Itoa(x.Ours(at).Code))
		}}},
	},
}

// bodyBytes is the number of bytes that an access line has for the response at a place.
func bodyBytes(x *replay.Exchange, at int) string {
	r := x.Ours(at)
	if late := wire.ParseResponses(string(x.Gowsgi.Late), nil, true).Responses; at >= len(x.Gowsgi.Responses) && len(late) > 0 {
		r = &late[0]
	}
	n := len(r.Body)
	if _, err := fmt.Sscanf(string(r.Body), "<%d bytes, sha256", &n); err != nil {
		n = len(r.Body)
	}
	if n == 0 {
		return "'-'"
	}
	return wire.Quote(strconv.Itoa(n))
}
