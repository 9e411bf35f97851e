// Package pyrepr writes Go values as Python's repr writes their counterparts.
//
// Strings are WSGI's: each byte is one latin-1 character (PEP 3333, "A Note on
// String Types").
package pyrepr

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

const hexDigits = "0123456789abcdef"

// depth bounds how far nested values are followed: a value that holds itself
// must not hang a log line.
const depth = 8

// Append appends the repr of v to dst. A value of a type that Python has no
// counterpart for is named by its type alone, never looked into.
func Append(dst []byte, v any) []byte { return appendValue(dst, v, depth) }

// AppendString appends the repr of a str to dst.
func AppendString(dst []byte, s string) []byte {
	quote := byte('\'')
	if strings.IndexByte(s, '\'') >= 0 && strings.IndexByte(s, '"') < 0 {
		quote = '"'
	}
	dst = append(dst, quote)
	for i := range len(s) {
		dst = appendChar(dst, s[i], quote)
	}
	return append(dst, quote)
}

func appendChar(dst []byte, c, quote byte) []byte {
	switch {
	case c >= 0xa1 && c != 0xad:
		return append(dst, 0xc0|c>>6, 0x80|c&0x3f)
	default:
		return appendByte(dst, c, quote)
	}
}

// AppendBytes appends the repr of a bytes object to dst.
func AppendBytes(dst []byte, b []byte) []byte {
	quote := byte('\'')
	if slices.Contains(b, '\'') && !slices.Contains(b, '"') {
		quote = '"'
	}
	dst = append(dst, 'b', quote)
	for _, c := range b {
		dst = appendByte(dst, c, quote)
	}
	return append(dst, quote)
}

func appendByte(dst []byte, c, quote byte) []byte {
	switch {
	case c == quote || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	case c < ' ' || c >= 0x7f:
		return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&0xf])
	default:
		return append(dst, c)
	}
}

func appendValue(dst []byte, v any, depth int) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "None"...)
	case string:
		return AppendString(dst, v)
	case []byte:
		return AppendBytes(dst, v)
	case bool:
		return appendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case float64:
		return appendFloat(dst, v, 64)
	default:
		return appendReflected(dst, reflect.ValueOf(v), depth)
	}
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, "True"...)
	}
	return append(dst, "False"...)
}

// appendFloat writes the shortest digits that read back the same, in the form
// Python chooses: an exponent below 1e-4 and from 1e16 on.
func appendFloat(dst []byte, v float64, bits int) []byte {
	switch {
	case math.IsInf(v, 1):
		return append(dst, "inf"...)
	case math.IsInf(v, -1):
		return append(dst, "-inf"...)
	case math.IsNaN(v):
		return append(dst, "nan"...)
	}
	if abs := math.Abs(v); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.AppendFloat(dst, v, 'e', -1, bits)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'f', -1, bits)
	if !slices.Contains(dst[start:], '.') {
		dst = append(dst, ".0"...)
	}
	return dst
}

func appendReflected(dst []byte, v reflect.Value, depth int) []byte {
	switch v.Kind() {
	case reflect.Bool:
		return appendBool(dst, v.Bool())
	case reflect.String:
		return AppendString(dst, v.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.AppendUint(dst, v.Uint(), 10)
	case reflect.Float32:
		return appendFloat(dst, v.Float(), 32)
	case reflect.Float64:
		return appendFloat(dst, v.Float(), 64)
	case reflect.Array, reflect.Slice, reflect.Map:
		return appendContainer(dst, v, depth)
	default:
		return append(append(append(dst, '<'), v.Type().String()...), '>')
	}
}

func appendContainer(dst []byte, v reflect.Value, depth int) []byte {
	switch {
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return AppendBytes(dst, v.Bytes())
	case depth == 0:
		return append(dst, "..."...)
	case v.Kind() == reflect.Map:
		return appendMap(dst, v, depth)
	case v.Kind() == reflect.Array:
		return appendSequence(dst, v, '(', ')', depth)
	default:
		return appendSequence(dst, v, '[', ']', depth)
	}
}

func appendSequence(dst []byte, v reflect.Value, open, end byte, depth int) []byte {
	dst = append(dst, open)
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendElement(dst, v.Index(i), depth-1)
	}
	if open == '(' && v.Len() == 1 {
		dst = append(dst, ',')
	}
	return append(dst, end)
}

func appendMap(dst []byte, v reflect.Value, depth int) []byte {
	type entry struct{ key, text []byte }
	entries := make([]entry, 0, v.Len())
	for iter := v.MapRange(); iter.Next(); {
		key := appendElement(nil, iter.Key(), depth-1)
		entries = append(entries, entry{key, appendElement(nil, iter.Value(), depth-1)})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(string(a.key), string(b.key)) })
	dst = append(dst, '{')
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(append(append(dst, e.key...), ": "...), e.text...)
	}
	return append(dst, '}')
}

func appendElement(dst []byte, v reflect.Value, depth int) []byte {
	if v.Kind() == reflect.Interface {
		if v.IsNil() {
			return append(dst, "None"...)
		}
		v = v.Elem()
	}
	return appendReflected(dst, v, depth)
}
