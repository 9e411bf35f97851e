package conformance

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Exchange is a case with what came of it on both servers.
type Exchange struct {
	Case
	Pywsgi, Gowsgi *Outcome
	Differences    []Difference
	requests       []rawRequest
}

// NewExchange compares what came of a case on both servers.
func NewExchange(c Case, pywsgi, gowsgi *Outcome) *Exchange {
	return &Exchange{
		Case: c, Pywsgi: pywsgi, Gowsgi: gowsgi,
		Differences: Compare(c.Name, pywsgi, gowsgi), requests: readRequests(c.sent()),
	}
}

// places is the number of places at which something may be said of x.
func (x *Exchange) places() int {
	return max(len(x.Pywsgi.Responses), len(x.Gowsgi.Responses), len(x.Pywsgi.Environs), len(x.Gowsgi.Environs), len(x.requests), 1)
}

// request is the request at a place; an empty one where there is none.
func (x *Exchange) request(at int) *rawRequest {
	if at < len(x.requests) {
		return &x.requests[at]
	}
	return new(rawRequest)
}

// ours is gowsgi's response at a place, theirs pywsgi's.
func (x *Exchange) ours(at int) *Response   { return responseAt(x.Gowsgi, at) }
func (x *Exchange) theirs(at int) *Response { return responseAt(x.Pywsgi, at) }

func responseAt(o *Outcome, at int) *Response {
	if at < len(o.Responses) {
		return &o.Responses[at]
	}
	return new(Response)
}

// app is the name of the application that was called at a place, "" for none.
func (x *Exchange) app(at int) string {
	for _, environs := range [][]Environ{x.Gowsgi.Environs, x.Pywsgi.Environs} {
		if at < len(environs) {
			if name, ok := environs[at]["HTTP_X_APP"]; ok {
				return name.Text
			}
			return "plain"
		}
	}
	return ""
}

// closed reports whether gowsgi closed the connection with its response at a place.
func (x *Exchange) closed(at int) bool {
	return x.Gowsgi.Connection == "closed" && at == len(x.Gowsgi.Responses)-1
}

// Rule is a row of the table: where the servers differ, how, and why.
type Rule struct {
	Name   string
	Origin Origin
	Pywsgi string
	Gowsgi string
	Why    string

	when    func(x *Exchange, at int) bool // nil: everywhere
	effects []effect
	// parts says that from here on only one of the two servers goes on with
	// the connection, so that numbers and all that comes later differ too.
	parts bool
}

// Origin is who makes a difference.
type Origin string

// The origins, in the order of the document.
const (
	ByGowsgi  Origin = "gowsgi"
	ByNetHTTP Origin = "net/http"
	ByPython  Origin = "the language"
)

// effect is a change of one field: patterns of its name (without places) and
// of the values on both sides, in which * stands for anything and | for or.
type effect struct {
	field, pywsgi, gowsgi string
	// holds, where not nil, looks at the values as well.
	holds func(x *Exchange, at int, d Difference) bool
}

var places = regexp.MustCompile(`\[(\d+)\]`)

// split takes the place out of a field: -1 for a field of the whole connection.
func split(field string) (name string, at int) {
	match := places.FindStringSubmatch(field)
	if match == nil {
		return field, -1
	}
	return places.ReplaceAllString(field, ""), number(match[1])
}

// explains reports whether the rule says why x differs by d.
func (r *Rule) explains(x *Exchange, d Difference) bool {
	name, at := split(d.Field)
	for place := range x.places() {
		if r.when != nil && !r.when(x, place) {
			continue
		}
		if at < 0 || at == place {
			if slices.ContainsFunc(r.effects, func(e effect) bool { return e.covers(x, place, name, d) }) {
				return true
			}
		}
		if r.parts && x.parted() && (follows(name, at, place, d) || name == "error_log" && r.begins(d)) {
			return true
		}
	}
	return false
}

func (e effect) covers(x *Exchange, at int, name string, d Difference) bool {
	return like(e.field, name) && like(e.pywsgi, d.Pywsgi) && like(e.gowsgi, d.Gowsgi) &&
		(e.holds == nil || e.holds(x, at, d))
}

// parted reports whether only one server has gone on at some place, or both
// with different requests.
func (x *Exchange) parted() bool {
	return len(x.Pywsgi.Responses) != len(x.Gowsgi.Responses) || len(x.Pywsgi.Environs) != len(x.Gowsgi.Environs) ||
		len(x.Pywsgi.AccessLog) != len(x.Gowsgi.AccessLog) || x.Pywsgi.Connection != x.Gowsgi.Connection
}

// follows reports whether d is what it means that only one server goes on after
// a place: one count is higher, and later responses are of other requests.
func follows(name string, at, place int, d Difference) bool {
	switch name {
	case "responses", "environs", "access_log", "connection", "leftover", "late", "trailing_interim":
		return true
	case "error_log":
		return oneBegins(d.Pywsgi, d.Gowsgi)
	}
	return strings.HasPrefix(name, "counter.") || at > place
}

// begins reports whether what the rule says of the error log is how the two
// logs begin to differ: pywsgi's goes on with what is left on the connection.
func (r *Rule) begins(d Difference) bool {
	theirs, ours := afterCommon(d.Pywsgi, d.Gowsgi)
	return slices.ContainsFunc(r.effects, func(e effect) bool {
		return e.field == "error_log" && like(e.gowsgi, ours) &&
			slices.ContainsFunc(strings.Split(e.pywsgi, "|"), func(p string) bool { return strings.HasPrefix(theirs, p) })
	})
}

// afterCommon drops the entries with which both logs begin.
func afterCommon(a, b string) (string, string) {
	as, bs := strings.Split(a, ", "), strings.Split(b, ", ")
	for len(as) > 0 && len(bs) > 0 && as[0] == bs[0] {
		as, bs = as[1:], bs[1:]
	}
	return strings.Join(as, ", "), strings.Join(bs, ", ")
}

// oneBegins reports whether one log is the beginning of the other.
func oneBegins(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

var patterns sync.Map // compiled, by their text

func like(pattern, text string) bool {
	compiled, ok := patterns.Load(pattern)
	if !ok {
		quoted := strings.NewReplacer(`\*`, `.*`, `\|`, `|`).Replace(regexp.QuoteMeta(pattern))
		compiled, _ = patterns.LoadOrStore(pattern, regexp.MustCompile(`(?s)^(?:`+quoted+`)$`))
	}
	return compiled.(*regexp.Regexp).MatchString(text)
}

// Use is how much of what was seen a rule explains.
type Use struct {
	Cases       []string // in the order of the vectors
	Differences int
}

// Explain returns what each rule explains, and what none does.
func Explain(exchanges []*Exchange, rules []Rule) (uses []Use, unexplained []Difference) {
	uses = make([]Use, len(rules))
	for _, x := range exchanges {
		for _, d := range x.Differences {
			at := slices.IndexFunc(rules, func(r Rule) bool { return r.explains(x, d) })
			if at < 0 {
				unexplained = append(unexplained, d)
				continue
			}
			uses[at].add(x.Name)
		}
	}
	return uses, unexplained
}

func (u *Use) add(name string) {
	u.Differences++
	if !slices.Contains(u.Cases, name) {
		u.Cases = append(u.Cases, name)
	}
}
