package replay

import (
	"slices"

	"github.com/gowsgi/gowsgi/conformance/recorded"
)

// Use is how much a rule explains.
type Use struct {
	Cases       []string                // each once, in the order of the vectors
	Differences map[recorded.Server]int // how many, by the server that gowsgi differs from
}

// Explain returns what each rule explains, and what none does.
func Explain(exchanges []*Exchange, rules []Rule) (uses []Use, unexplained []Difference) {
	uses = make([]Use, len(rules))
	for _, x := range exchanges {
		for _, d := range x.Differences {
			at := slices.IndexFunc(rules, func(r Rule) bool { return r.Explains(x, d) })
			if at < 0 {
				unexplained = append(unexplained, d)
				continue
			}
			uses[at].add(d)
		}
	}
	return uses, unexplained
}

func (u *Use) add(d Difference) {
	if u.Differences == nil {
		u.Differences = make(map[recorded.Server]int)
	}
	u.Differences[d.Server]++
	if len(u.Cases) == 0 || u.Cases[len(u.Cases)-1] != d.Case {
		u.Cases = append(u.Cases, d.Case)
	}
}
