package replay

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

	About   []string // names of vectors or keys, exact or with a * in them
	Differs func(pywsgi, gowsgi string) bool
}

// match returns the note that explains how name differs.
func match(notes []Note, name, pywsgi, gowsgi string) int {
	return slices.IndexFunc(notes, func(n Note) bool {
		return slices.ContainsFunc(n.About, func(pattern string) bool { return Like(pattern, name) }) &&
			(n.Differs == nil || n.Differs(pywsgi, gowsgi))
	})
}

// Ledger takes differences and tells which were not explained, and which notes
// explain nothing.
type Ledger struct {
	notes    []Note
	used     []int
	problems []string
}

func NewLedger(notes []Note) *Ledger { return &Ledger{notes: notes, used: make([]int, len(notes))} }

// Compare enters what two sides say of name.
func (l *Ledger) Compare(name, pywsgi, gowsgi string) {
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

// Verdict is all that is wrong with the table.
func (l *Ledger) Verdict() []string {
	problems := l.problems
	for i, n := range l.used {
		if n == 0 {
			problems = append(problems, fmt.Sprintf("row %q explains nothing", l.notes[i].Name))
		}
	}
	return problems
}
