package conformance

import (
	"fmt"
	"slices"
)

// Note is a row of one of the smaller tables: what is compared there is one
// text on each side, and a row names those it is about.
type Note struct {
	Name   string // what the documentation calls it
	Pywsgi string
	Gowsgi string
	Why    string

	about   []string // names of vectors or keys, exact or with a * in them
	differs func(pywsgi, gowsgi string) bool
}

// match returns the note that explains how name differs.
func match(notes []Note, name, pywsgi, gowsgi string) int {
	return slices.IndexFunc(notes, func(n Note) bool {
		return slices.ContainsFunc(n.about, func(pattern string) bool { return like(pattern, name) }) &&
			(n.differs == nil || n.differs(pywsgi, gowsgi))
	})
}

// ledger takes differences and tells which were not explained, and which notes
// explain nothing.
type ledger struct {
	notes    []Note
	used     []int
	problems []string
}

func newLedger(notes []Note) *ledger { return &ledger{notes: notes, used: make([]int, len(notes))} }

// compare enters what two sides say of name.
func (l *ledger) compare(name, pywsgi, gowsgi string) {
	if pywsgi == gowsgi {
		return
	}
	at := match(l.notes, name, pywsgi, gowsgi)
	if at < 0 {
		l.problems = append(l.problems, fmt.Sprintf("no row explains %s\n\tpywsgi: %s\n\tgowsgi: %s", name, pywsgi, gowsgi))
		return
	}
	l.used[at]++
}

// verdict is all that is wrong with the table.
func (l *ledger) verdict() []string {
	problems := l.problems
	for i, n := range l.used {
		if n == 0 {
			problems = append(problems, fmt.Sprintf("row %q explains nothing", l.notes[i].Name))
		}
	}
	return problems
}
