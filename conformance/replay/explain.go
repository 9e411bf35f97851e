package replay

import (
	"slices"
)

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
			at := slices.IndexFunc(rules, func(r Rule) bool { return r.Explains(x, d) })
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
