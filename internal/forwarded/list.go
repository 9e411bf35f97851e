package forwarded

import (
	"iter"
	"strings"
)

// backwards yields the elements of the list that lines are together (RFC 9110,
// 5.3), the last one first. Empty elements are none (5.6.1). In a list with quoted
// strings a comma within one parts nothing; reading from the end, it is what
// stands at the end that has its quotes paired.
func backwards(lines []string, quoted bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := len(lines) - 1; i >= 0; i-- {
			for rest, comma := lines[i], 0; comma >= 0; rest = rest[:max(comma, 0)] {
				comma = lastComma(rest, quoted)
				if element := trim(rest[comma+1:]); element != "" && !yield(element) {
					return
				}
			}
		}
	}
}

func trim(s string) string { return strings.Trim(s, " \t") }

func isEmpty(lines []string) bool {
	for range backwards(lines, false) {
		return false
	}
	return true
}

// lastComma returns the index of the last comma in s, -1 for none: where there are
// quoted strings, of the last that is not in one.
func lastComma(s string, quoted bool) int {
	if !quoted {
		return strings.LastIndexByte(s, ',')
	}
	within := false
	for i := len(s) - 1; i >= 0; i-- {
		switch {
		case s[i] == '"' && !within:
			within = true
		case s[i] == '"' && !escaped(s[:i]):
			within = false
		case s[i] == ',' && !within:
			return i
		}
	}
	return -1
}

// escaped reports whether a backslash that ends before counts for what follows.
func escaped(before string) bool {
	return (len(before)-len(strings.TrimRight(before, `\`)))%2 == 1
}

// told returns the element that the trusted proxy nearest to the client has
// written, where each proxy on the way wrote one, as hops of them stand behind it.
// Proxies that pass on what they were given leave fewer: then it is the first.
func told(lines []string, hops int) (element string) {
	for element = range backwards(lines, false) {
		if hops--; hops < 0 {
			break
		}
	}
	return element
}
