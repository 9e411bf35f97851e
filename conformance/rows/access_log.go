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
		Name: "The byte count of an access line", Origin: replay.ByNetHTTP,
		Pywsgi: "head, body and chunk framing", Gowsgi: "the body alone", Why: "The head and the framing are net/http's and out of a handler's sight. DESIGN.md, What happens when.",
		Effects: []replay.Effect{{Field: "access.bytes", Pywsgi: "'*", Gowsgi: "'*", Holds: func(x *replay.Exchange, at int, d replay.Difference) bool {
			return d.Gowsgi == bodyBytes(x, at)
		}}},
	},
	{
		Name: "A long access line", Origin: replay.ByNetHTTP,
		Pywsgi: "head, body and chunk framing", Gowsgi: "the body alone", Why: "As above; lines over 512 bytes are compared by their digest alone.",
		When: func(x *replay.Exchange, at int) bool {
			return len(x.Request(at).Target) > 400 || len(x.Request(at).Method) > 250
		},
		Effects: []replay.Effect{{Field: "access.line", Pywsgi: "'<* bytes, sha256 *", Gowsgi: "'<* bytes, sha256 *"}},
	},
	{
		Name: "The access line's request line", Origin: replay.ByGowsgi,
		Pywsgi: "as it came", Gowsgi: `what is not printable ASCII, and " and \, as \xNN`, Why: "A log line must not be forged or broken by a client (CWE-117).",
		Effects: []replay.Effect{{Field: "access.request", Pywsgi: "'*", Gowsgi: "'*", Holds: func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return strings.NewReplacer(`\\x`, `\x`, `"`, `\x22`, `\\`, `\x5c`).Replace(d.Pywsgi) == strings.ReplaceAll(d.Gowsgi, `\\x`, `\x`)
		}}},
	},
	{
		Name: "The status logged for an interim or a superseded response", Origin: replay.ByGowsgi,
		Pywsgi: "that of the last call of start_response, or of the response before", Gowsgi: "the one that was sent", Why: "The log says what happened.",
		When: func(x *replay.Exchange, at int) bool { return x.Ours(at).Code == x.Theirs(at).Code },
		Effects: []replay.Effect{{Field: "access.status", Pywsgi: "'*", Gowsgi: "'*", Holds: func(x *replay.Exchange, at int, d replay.Difference) bool {
			return d.Gowsgi == wire.Quote(strconv.Itoa(x.Ours(at).Code))
		}}},
	},
}

// bodyBytes is what an access line has to say of the response at a place.
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
