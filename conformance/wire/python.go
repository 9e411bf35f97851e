package wire

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// PythonEnviron is an environ as Python's json.dumps writes it.
func PythonEnviron(values map[string]Value) string {
	return pythonObject(values, PythonValue)
}

// PythonCounts is counts as Python's json.dumps writes them.
func PythonCounts(counts map[string]int) string {
	return pythonObject(counts, func(n int) string { return fmt.Sprint(n) })
}

func pythonObject[V any](object map[string]V, text func(V) string) string {
	parts := make([]string, 0, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		parts = append(parts, pythonString(key)+": "+text(object[key]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// PythonValue is a value of an environ as Python's json.dumps writes it.
func PythonValue(v Value) string {
	switch {
	case v.Type == "":
		return pythonString(v.Text)
	case v.Text == "":
		return `{"type": ` + pythonString(v.Type) + `, "value": null}`
	default:
		return `{"type": ` + pythonString(v.Type) + `, "value": ` + pythonString(v.Text) + `}`
	}
}

func pythonString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= ' ' && c <= 0x7f:
			b.WriteByte(c)
		default:
			b.WriteString(controlEscape(c))
		}
	}
	b.WriteByte('"')
	return b.String()
}

func controlEscape(c byte) string {
	if at := strings.IndexByte("\b\t\n\f\r", c); at >= 0 {
		return `\` + "btnfr"[at:at+1]
	}
	return fmt.Sprintf(`\u%04x`, c)
}

// Unquote decodes percent escapes as urllib.parse.unquote_to_bytes does. Whatever is
// not an escape stays as it is.
func Unquote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b.WriteByte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
