package replay

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gowsgi/gowsgi/conformance/wire"
)

// Rule is a row of the table: where the servers differ, how, and why.
type Rule struct {
	Name   string
	Origin Origin
	Pywsgi string
	Gowsgi string
	Why    string

	When    func(x *Exchange, at int) bool // nil: everywhere
	Effects []Effect
	// parts says that from here on only one of the two servers goes on with
	// the connection, so that numbers and all that comes later differ too.
	Parts bool
}

// Origin is who makes a difference.
type Origin string

// The origins, in the order of the document.
const (
	ByGowsgi  Origin = "gowsgi"
	ByNetHTTP Origin = "net/http"
	ByPython  Origin = "the language"
)

// Effect is a change of one field: patterns of its name (without places) and
// of the values on both sides, in which * stands for anything and | for or.
type Effect struct {
	Field, Pywsgi, Gowsgi string
	// holds, where not nil, looks at the values as well.
	Holds func(x *Exchange, at int, d Difference) bool
}

var places = regexp.MustCompile(`\[(\d+)\]`)

// split takes the place out of a field: -1 for a field of the whole connection.
func split(field string) (name string, at int) {
	match := places.FindStringSubmatch(field)
	if match == nil {
		return field, -1
	}
	return places.ReplaceAllString(field, ""), wire.Number(match[1])
}

// Explains reports whether the rule says why x differs by d.
func (r *Rule) Explains(x *Exchange, d Difference) bool {
	name, at := split(d.Field)
	for place := range x.places() {
		if r.When != nil && !r.When(x, place) {
			continue
		}
		if at < 0 || at == place {
			if slices.ContainsFunc(r.Effects, func(e Effect) bool { return e.covers(x, place, name, d) }) {
				return true
			}
		}
		if r.Parts && x.parted() && (follows(name, at, place, d) || name == "error_log" && r.begins(d)) {
			return true
		}
	}
	return false
}

func (e Effect) covers(x *Exchange, at int, name string, d Difference) bool {
	return Like(e.Field, name) && Like(e.Pywsgi, d.Pywsgi) && Like(e.Gowsgi, d.Gowsgi) &&
		(e.Holds == nil || e.Holds(x, at, d))
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
	return slices.ContainsFunc(r.Effects, func(e Effect) bool {
		return e.Field == "error_log" && Like(e.Gowsgi, ours) &&
			slices.ContainsFunc(strings.Split(e.Pywsgi, "|"), func(p string) bool { return strings.HasPrefix(theirs, p) })
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

func Like(pattern, text string) bool {
	compiled, ok := patterns.Load(pattern)
	if !ok {
		quoted := strings.NewReplacer(`\*`, `.*`, `\|`, `|`).Replace(regexp.QuoteMeta(pattern))
		compiled, _ = patterns.LoadOrStore(pattern, regexp.MustCompile(`(?s)^(?:`+quoted+`)$`))
	}
	return compiled.(*regexp.Regexp).MatchString(text)
}

func (e Effect) Key() [3]string { return [3]string{e.Field, e.Pywsgi, e.Gowsgi} }

// Sees reports whether the effect alone explains some difference.
func (r *Rule) Sees(e Effect, exchanges []*Exchange) bool {
	alone := Rule{When: r.When, Effects: []Effect{e}}
	return slices.ContainsFunc(exchanges, func(x *Exchange) bool {
		return slices.ContainsFunc(x.Differences, func(d Difference) bool { return alone.Explains(x, d) })
	})
}
