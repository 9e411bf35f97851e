package replay

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

// Rule is a row of the table of differences. The first four texts are for readers;
// the rest decides which differences the row explains.
type Rule struct {
	Name   string // the case that the row is about
	Pywsgi string // what pywsgi does in it
	Gowsgi string // what gowsgi does in it
	Why    string // the reason, with its source
	Origin Origin // who makes the difference

	// Only is the one server for which the row holds. "" means that it holds for all.
	Only recorded.Server
	// When says whether the row is about the request at a place of the connection,
	// which counts from 0. nil means that it is about every request.
	When func(x *Exchange, at int) bool
	// Effects are the fields that may differ there, and how.
	Effects []Effect
	// Parts says that after this request one of the servers ends the connection and
	// the other does not, or that they take what follows for different requests.
	// Then the row also explains that all which comes later differs, numbers included.
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

// Effect is a difference in one field: patterns for the field's name, without the
// place, and for the values on both sides. In a pattern * stands for any text, and
// | separates alternatives.
type Effect struct {
	Field, Pywsgi, Gowsgi string
	// Holds looks closer at a difference that the patterns cover. nil means that the
	// patterns say enough.
	Holds func(x *Exchange, at int, d Difference) bool
}

// HoldsFor reports whether the row is about server.
func (r *Rule) HoldsFor(server recorded.Server) bool { return r.Only == "" || r.Only == server }

// split takes the place out of a field: -1 for a field of the whole connection.
func split(field string) (name string, at int) {
	before, rest, found := strings.Cut(field, "[")
	number, after, closed := strings.Cut(rest, "]")
	if at = wire.Number(number); !found || !closed || at < 0 {
		return field, -1
	}
	return before + after, at
}

// Explains reports whether the rule says why x differs by d.
func (r *Rule) Explains(x *Exchange, d Difference) bool {
	if !r.HoldsFor(x.Server) {
		return false
	}
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

// follows reports whether d is a consequence of one server going on after a place
// and the other not: a number is higher, or a later response is to another request.
func follows(name string, at, place int, d Difference) bool {
	switch name {
	case "responses", "environs", "access_log", "connection", "leftover", "late", "trailing_interim":
		return true
	case "error_log":
		return oneBegins(d.Pywsgi, d.Gowsgi)
	}
	return strings.HasPrefix(name, "counter.") || at > place
}

// begins reports whether the rule explains the first entries by which the two error
// logs differ. More may follow in pywsgi's, of what is left on the connection.
func (r *Rule) begins(d Difference) bool {
	theirs, ours := afterCommon(d.Pywsgi, d.Gowsgi)
	return slices.ContainsFunc(r.Effects, func(e Effect) bool {
		return e.Field == "error_log" && Like(e.Gowsgi, ours) &&
			slices.ContainsFunc(strings.Split(e.Pywsgi, "|"), func(p string) bool { return strings.HasPrefix(theirs, p) })
	})
}

// afterCommon drops the entries with which both of two logs begin.
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

// Like reports whether text matches a pattern of an Effect or a Note.
func Like(pattern, text string) bool {
	compiled, ok := patterns.Load(pattern)
	if !ok {
		quoted := strings.NewReplacer(`\*`, `.*`, `\|`, `|`).Replace(regexp.QuoteMeta(pattern))
		compiled, _ = patterns.LoadOrStore(pattern, regexp.MustCompile(`(?s)^(?:`+quoted+`)$`))
	}
	return compiled.(*regexp.Regexp).MatchString(text)
}

// Key identifies an effect that several rules share.
func (e Effect) Key() [3]string { return [3]string{e.Field, e.Pywsgi, e.Gowsgi} }

// Sees reports whether the rule, if it had the one effect, would explain a difference.
func (r *Rule) Sees(e Effect, exchanges []*Exchange) bool {
	alone := Rule{Only: r.Only, When: r.When, Effects: []Effect{e}}
	return slices.ContainsFunc(exchanges, func(x *Exchange) bool {
		return slices.ContainsFunc(x.Differences, func(d Difference) bool { return alone.Explains(x, d) })
	})
}
