package pyrepr_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/pyrepr"
)

// What Python 3.11 writes for repr(s), and for repr(s.encode("latin-1")).
var strs = []struct{ name, in, str, bytes string }{
	{"empty", "", `''`, `b''`},
	{"plain", "plain", `'plain'`, `b'plain'`},
	{"a quote", "it's", `"it's"`, `b"it's"`},
	{"a double quote", `"`, `'"'`, `b'"'`},
	{"a quote alone", `'`, `"'"`, `b"'"`},
	{"both quotes", `'"`, `'\'"'`, `b'\'"'`},
	{"a backslash", `a\b`, `'a\\b'`, `b'a\\b'`},
	{"a backslash and a quote", `\'`, `"\\'"`, `b"\\'"`},
	{"named escapes", "tab\tnl\ncr\r", `'tab\tnl\ncr\r'`, `b'tab\tnl\ncr\r'`},
	{"control characters", "\x00\x01\x1f", `'\x00\x01\x1f'`, `b'\x00\x01\x1f'`},
	{"delete", "\x7f", `'\x7f'`, `b'\x7f'`},
	{"an escape sequence", "\x1b[31m", `'\x1b[31m'`, `b'\x1b[31m'`},
	{"the upper half", "\x80\x9f\xa0\xa1\xad\xae\xff", `'\x80\x9f\xa0¡\xad®ÿ'`, `b'\x80\x9f\xa0\xa1\xad\xae\xff'`},
	{"UTF-8 read as latin-1", "caf\xc3\xa9", `'cafÃ©'`, `b'caf\xc3\xa9'`},
	{"latin-1", "caf\xe9", `'café'`, `b'caf\xe9'`},
	{"punctuation", "{}<>&", `'{}<>&'`, `b'{}<>&'`},
}

func TestStrings(t *testing.T) {
	for _, tt := range strs {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.str, string(pyrepr.AppendString(nil, tt.in)))
			require.Equal(t, tt.str, string(pyrepr.Append(nil, tt.in)))
			require.Equal(t, tt.bytes, string(pyrepr.AppendBytes(nil, []byte(tt.in))))
			require.Equal(t, tt.bytes, string(pyrepr.Append(nil, []byte(tt.in))))
		})
	}
}

type (
	text  string
	flag  bool
	blob  []byte
	count uint16
	ratio float64
)

func TestValues(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   any
		want string
	}{
		{"nil", nil, "None"},
		{"true", true, "True"},
		{"false", false, "False"},
		{"an int", -42, "-42"},
		{"the greatest int64", int64(math.MaxInt64), "9223372036854775807"},
		{"the least int64", int64(math.MinInt64), "-9223372036854775808"},
		{"the greatest uint64", uint64(math.MaxUint64), "18446744073709551615"},
		{"small ints", []any{int8(-1), int16(2), int32(3), uint8(4), uint16(5), uint32(6), uintptr(7)}, "[-1, 2, 3, 4, 5, 6, 7]"},

		{"zero", 0.0, "0.0"},
		{"negative zero", math.Copysign(0, -1), "-0.0"},
		{"one", 1.0, "1.0"},
		{"a tenth", 0.1, "0.1"},
		{"below the exponent", 1e15, "1000000000000000.0"},
		{"from the exponent on", 1e16, "1e+16"},
		{"all digits", 123456789012345680.0, "1.2345678901234568e+17"},
		{"small", 1e-4, "0.0001"},
		{"smaller", 9.999e-5, "9.999e-05"},
		{"three digits of exponent", 1e100, "1e+100"},
		{"the least float", 5e-324, "5e-324"},
		{"the greatest float", math.MaxFloat64, "1.7976931348623157e+308"},
		{"infinity", math.Inf(1), "inf"},
		{"minus infinity", math.Inf(-1), "-inf"},
		{"not a number", math.NaN(), "nan"},
		{"a float32", float32(0.1), "0.1"},

		{"wsgi.version", [2]int{1, 0}, "(1, 0)"},
		{"a tuple of one", [1]int{1}, "(1,)"},
		{"a tuple of none", [0]int{}, "()"},
		{"a list", []int{1, 2}, "[1, 2]"},
		{"a list of none", []string{}, "[]"},
		{"a nil list", []string(nil), "[]"},
		{"a dict, sorted", map[string]any{"b": 1, "a": []any{true, nil}}, "{'a': [True, None], 'b': 1}"},
		{"a dict of ints", map[int]bool{2: true, 1: false}, "{1: False, 2: True}"},
		{"a nil dict", map[string]string(nil), "{}"},
		{"a dict of dicts", map[string]any{"k": map[string]any{"n": [1]int{1}}}, "{'k': {'n': (1,)}}"},
		{"bytes in a list", []any{[]byte("x"), "y"}, "[b'x', 'y']"},
		{"bytes in typed lists", [][]byte{[]byte("it's")}, `[b"it's"]`},

		{"a named string", text("it's"), `"it's"`},
		{"a named bool", flag(true), "True"},
		{"a named uint", count(7), "7"},
		{"a named float", ratio(7), "7.0"},
		{"named bytes", []any{blob("x")}, "[b'x']"},
		{"named bytes alone", blob("x"), "b'x'"},
		{"a float32 in a list", []float32{0.1}, "[0.1]"},
		{"bools in a list", []bool{true}, "[True]"},

		{"a struct, by its type alone", struct{ secret string }{"secret"}, "<struct { secret string }>"},
		{"a pointer", new(strings.Builder), "<*strings.Builder>"},
		{"a nil pointer", (*strings.Builder)(nil), "<*strings.Builder>"},
		{"an error", errors.New("secret"), "<*errors.errorString>"},
		{"a func", func() {}, "<func()>"},
		{"a chan", make(chan int), "<chan int>"},
		{"a complex number", 1i, "<complex128>"},
		{"pointers in a list", []any{new(int), (*int)(nil), error(nil)}, "[<*int>, <*int>, None]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, string(pyrepr.Append(nil, tt.in)))
			require.Equal(t, "before "+tt.want, string(pyrepr.Append([]byte("before "), tt.in)), "appended")
		})
	}
}

func TestDepth(t *testing.T) {
	inside := map[string]any{}
	inside["self"] = inside
	list := []any{nil}
	list[0] = list
	for _, tt := range []struct {
		name string
		in   any
		want string
	}{
		{"a dict that holds itself", inside, strings.Repeat("{'self': ", 8) + "..." + strings.Repeat("}", 8)},
		{"a list that holds itself", list, strings.Repeat("[", 8) + "..." + strings.Repeat("]", 8)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, string(pyrepr.Append(nil, tt.in)))
		})
	}
}

// A string's repr is one line of printable characters that reads back as the string.
func FuzzString(f *testing.F) {
	for _, tt := range strs {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		repr := string(pyrepr.AppendString(nil, s))
		if diff := cmp.Diff(s, readBack(t, repr)); diff != "" {
			t.Fatalf("%s reads back otherwise (-want +got):\n%s", repr, diff)
		}
		if strings.ContainsFunc(repr, func(c rune) bool { return !unicode.IsPrint(c) }) {
			t.Fatalf("%q would break a line", repr)
		}
		if diff := cmp.Diff("b"+ascii(repr), string(pyrepr.AppendBytes(nil, []byte(s)))); diff != "" {
			t.Fatalf("bytes and str disagree (-str +bytes):\n%s", diff)
		}
	})
}

// Whatever the values and however deep, the text is one line.
func FuzzValue(f *testing.F) {
	for _, seed := range []string{
		"null", "true", "-0.5e300", `"it's\n"`, `[1, [2, {"a": {"b": null}}], "x"]`,
		strings.Repeat("[", 40) + strings.Repeat("]", 40), strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		if json.Unmarshal(data, &v) != nil {
			t.Skip()
		}
		repr := string(pyrepr.Append(nil, v))
		if repr == "" || strings.ContainsFunc(repr, func(c rune) bool { return !unicode.IsPrint(c) }) {
			t.Fatalf("%q of %s", repr, data)
		}
	})
}

// readBack evaluates a Python str literal to WSGI's bytes.
func readBack(t *testing.T, repr string) string {
	t.Helper()
	require.GreaterOrEqual(t, len(repr), 2)
	quote := repr[0]
	require.Contains(t, `'"`, string(quote))
	require.Equal(t, quote, repr[len(repr)-1])
	var b []byte
	body := []rune(repr[1 : len(repr)-1])
	for i := 0; i < len(body); i++ {
		c := body[i]
		require.NotEqual(t, rune(quote), c, "an open quote inside")
		require.Less(t, c, rune(0x100))
		if c != '\\' {
			b = append(b, byte(c))
			continue
		}
		i++
		switch body[i] {
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'x':
			b = append(b, unhex(t, body[i+1])<<4|unhex(t, body[i+2]))
			i += 2
		default:
			require.Contains(t, `'"\`, string(body[i]))
			b = append(b, byte(body[i]))
		}
	}
	return string(b)
}

func unhex(t *testing.T, c rune) byte {
	t.Helper()
	i := strings.IndexRune("0123456789abcdef", c)
	require.GreaterOrEqual(t, i, 0, "no hexadecimal digit: %q", c)
	return byte(i)
}

// ascii writes the upper half as \xNN, which is all that str and bytes differ in.
func ascii(s string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range s {
		if c < 0x80 {
			b.WriteRune(c)
			continue
		}
		b.WriteString(`\x` + string(digits[c>>4]) + string(digits[c&15]))
	}
	return b.String()
}
