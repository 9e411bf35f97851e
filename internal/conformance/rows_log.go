package conformance

import (
	"fmt"
	"strconv"
	"strings"
)

var logRows = []Rule{
	{
		Name: "The access line's byte count", Origin: ByNetHTTP,
		Pywsgi: "head, body and chunk framing", Gowsgi: "the body alone", Why: "The head and the framing are net/http's and out of a handler's sight. DESIGN.md, What happens when.",
		effects: []effect{{field: "access.bytes", pywsgi: "'*", gowsgi: "'*", holds: func(x *Exchange, at int, d Difference) bool {
			return d.Gowsgi == bodyBytes(x, at)
		}}},
	},
	{
		Name: "A long access line", Origin: ByNetHTTP,
		Pywsgi: "head, body and chunk framing", Gowsgi: "the body alone", Why: "As above; lines over 512 bytes are compared by their digest alone.",
		when: func(x *Exchange, at int) bool {
			return len(x.request(at).target) > 400 || len(x.request(at).method) > 250
		},
		effects: []effect{{field: "access.line", pywsgi: "'<* bytes, sha256 *", gowsgi: "'<* bytes, sha256 *"}},
	},
	{
		Name: "The access line's request line", Origin: ByGowsgi,
		Pywsgi: "as it came", Gowsgi: `what is not printable ASCII, and " and \, as \xNN`, Why: "A log line must not be forged or broken by a client (CWE-117).",
		effects: []effect{{field: "access.request", pywsgi: "'*", gowsgi: "'*", holds: func(_ *Exchange, _ int, d Difference) bool {
			return strings.NewReplacer(`\\x`, `\x`, `"`, `\x22`, `\\`, `\x5c`).Replace(d.Pywsgi) == strings.ReplaceAll(d.Gowsgi, `\\x`, `\x`)
		}}},
	},
	{
		Name: "The status logged for an interim or a superseded response", Origin: ByGowsgi,
		Pywsgi: "that of the last call of start_response, or of the response before", Gowsgi: "the one that was sent", Why: "The log says what happened.",
		when:    func(x *Exchange, at int) bool { return x.ours(at).Code == x.theirs(at).Code },
		effects: []effect{{field: "access.status", pywsgi: "'*", gowsgi: "'*", holds: func(x *Exchange, at int, d Difference) bool { return d.Gowsgi == quote(strconv.Itoa(x.ours(at).Code)) }}},
	},
}

// bodyBytes is what an access line has to say of the response at a place.
func bodyBytes(x *Exchange, at int) string {
	r := x.ours(at)
	if late := parseResponses(string(x.Gowsgi.Late), nil, true).responses; at >= len(x.Gowsgi.Responses) && len(late) > 0 {
		r = &late[0]
	}
	n := len(r.Body)
	if _, err := fmt.Sscanf(string(r.Body), "<%d bytes, sha256", &n); err != nil {
		n = len(r.Body)
	}
	if n == 0 {
		return "'-'"
	}
	return quote(strconv.Itoa(n))
}
