package visible_test

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/visible"
)

var texts = []struct{ name, text, keep, want string }{
	{"nothing", "", "", ""},
	{"plain", "a file was not found: ä €", "", "a file was not found: ä €"},
	{"a line of its own", "a\nb", "", `a\nb`},
	{"a line that is kept", "a\nb\tc\r", "\n\t", "a\nb\tc\\r"},
	{"a terminal's colour", "\x1b[31mred", "", `\x1b[31mred`},
	{"no UTF-8", "a\xffb", "", `a\xffb`},
	{"the sign for no UTF-8", "a\ufffdb", "", "a\ufffdb"},
	{"right to left", "a\u202eb", "", `a\u202eb`},
	{"a line end of Unicode's", "a\u2028b\u0085c", "", `a\u2028b\u0085c`},
}

func TestText(t *testing.T) {
	for _, test := range texts {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, visible.Text(test.text, test.keep)) })
	}
}

func FuzzText(f *testing.F) {
	for _, test := range texts {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range visible.Text(text, "") {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q in the text of %q", r, text)
			}
		}
	})
}
