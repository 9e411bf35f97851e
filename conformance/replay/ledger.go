package replay

import (
	"fmt"
	"slices"
)

// Note is a row of one of the smaller tables, in which one text on each side is
// compared. The first four texts are for readers.
type Note struct {
	Name   string // the case that the row is about
	Pywsgi string // what pywsgi does in it, or what stands in its place
	Gowsgi string // what gowsgi does in it
	Why    string // the reason, with its source

	// About are the names of the vectors or keys that the row is about. A * in them
	// stands for any text.
	About []string
	// Differs looks closer at the two texts. nil means that any two texts are explained.
	Differs func(pywsgi, gowsgi string) bool
}

func (n *Note) explains(name, pywsgi, gowsgi string) bool {
	return slices.ContainsFunc(n.About, func(pattern string) bool { return Like(pattern, name) }) &&
		(n.Differs == nil || n.Differs(pywsgi, gowsgi))
}

// Ledger takes comparisons, and tells which differences no note explains and which
// notes explain nothing.
type Ledger struct {
	notes       []Note
	used        []int
	unexplained []comparison
	times       map[comparison]int
}

// comparison is what two sides say of a name.
type comparison struct{ name, pywsgi, gowsgi string }

// NewLedger returns an empty ledger for the notes of a table.
func NewLedger(notes []Note) *Ledger {
	return &Ledger{notes: notes, used: make([]int, len(notes)), times: make(map[comparison]int)}
}

// Compare enters what the two sides say of name.
func (l *Ledger) Compare(name, pywsgi, gowsgi string) {
	if pywsgi == gowsgi {
		return
	}
	if at := slices.IndexFunc(l.notes, func(n Note) bool { return n.explains(name, pywsgi, gowsgi) }); at >= 0 {
		l.used[at]++
		return
	}
	said := comparison{name, pywsgi, gowsgi}
	if l.times[said] == 0 {
		l.unexplained = append(l.unexplained, said)
	}
	l.times[said]++
}

// Verdict is all that is wrong: each difference once, however often it was met, and
// no more than Few of them.
func (l *Ledger) Verdict() []string {
	var problems []string
	for _, said := range l.unexplained[:min(len(l.unexplained), Few)] {
		problems = append(problems, fmt.Sprintf("no row explains %s (met %d times)\n\tpywsgi: %s\n\tgowsgi: %s",
			said.name, l.times[said], shortened(said.pywsgi), shortened(said.gowsgi)))
	}
	if more := len(l.unexplained) - Few; more > 0 {
		problems = append(problems, fmt.Sprintf("no row explains %d other differences", more))
	}
	if len(problems) > 0 {
		return problems // a row may explain nothing because of them
	}
	for i, n := range l.used {
		if n == 0 {
			problems = append(problems, fmt.Sprintf("row %q explains nothing", l.notes[i].Name))
		}
	}
	return problems
}
