package replay

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/gowsgi/gowsgi/conformance/recorded"
)

const (
	mostKinds    = 40  // that a report lists
	longestValue = 160 // that a report shows whole
)

// Report lists differences: one by one if they are of at most Few cases, and else
// grouped, with a line for each kind. It is "" if there are none.
func Report(differences []Difference) string {
	cases := casesOf(differences)
	if len(cases) <= Few {
		lines := make([]string, 0, len(differences))
		for _, d := range differences {
			lines = append(lines, d.String())
		}
		return strings.Join(lines, "\n")
	}
	kinds := kindsOf(differences)
	lines := []string{fmt.Sprintf("%d cases differ, in %d ways:", len(cases), len(kinds))}
	for _, k := range kinds[:min(len(kinds), mostKinds)] {
		lines = append(lines, k.String())
	}
	if len(kinds) > mostKinds {
		lines = append(lines, fmt.Sprintf("and %d other ways in no more cases", len(kinds)-mostKinds))
	}
	return strings.Join(lines, "\n")
}

// kind is all differences in fields of one name, wherever on a connection.
type kind struct {
	field   string
	example Difference
	servers map[recorded.Server]bool
	cases   map[string]bool
	values  map[[2]string]bool
}

// kindsOf groups differences. The kind of most cases comes first.
func kindsOf(differences []Difference) []*kind {
	byField := make(map[string]*kind)
	for _, d := range differences {
		field, _ := split(d.Field)
		k := byField[field]
		if k == nil {
			k = &kind{field, d, make(map[recorded.Server]bool), make(map[string]bool), make(map[[2]string]bool)}
			byField[field] = k
		}
		k.servers[d.Server], k.cases[d.Case], k.values[[2]string{d.Pywsgi, d.Gowsgi}] = true, true, true
	}
	return slices.SortedFunc(maps.Values(byField), func(a, b *kind) int {
		return cmp.Or(cmp.Compare(len(b.cases), len(a.cases)), cmp.Compare(a.field, b.field))
	})
}

func (k *kind) String() string {
	var servers []string
	for _, server := range slices.Sorted(maps.Keys(k.servers)) {
		servers = append(servers, string(server))
	}
	others := ""
	if len(k.values) > 1 {
		others = fmt.Sprintf(" (and %d other pairs of values)", len(k.values)-1)
	}
	return fmt.Sprintf("%d cases: %s: gevent %s: %s, gowsgi: %s%s; %s", len(k.cases), k.field,
		strings.Join(servers, " and "), shortened(k.example.Pywsgi), shortened(k.example.Gowsgi), others, RunPattern(k.example.Case))
}

func shortened(value string) string {
	if len(value) <= longestValue {
		return value
	}
	return value[:longestValue] + "…"
}

// RunPattern is what selects the case of a name: -run 'TestReplay/name'. The test's
// own name has an underscore for a space, and an escape for what cannot be printed.
func RunPattern(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case unicode.IsSpace(r):
			b.WriteByte('_')
		case !unicode.IsPrint(r):
			quoted := fmt.Sprintf("%+q", r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
	}
	return "-run 'TestReplay/" + regexp.QuoteMeta(b.String()) + "'"
}
