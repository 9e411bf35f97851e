package debugpage_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gowsgi/gowsgi/internal/debugpage"
)

func TestTraceback(t *testing.T) {
	tests := []struct {
		name, text string
		want       []debugpage.Part
	}{
		{"nothing", "", nil},
		{"a stack of Go", "goroutine 1:\nmain.f()\n\t/src/main.go:3\n", []debugpage.Part{{"goroutine 1:\nmain.f()\n\t/src/main.go:3\n", 0}}},
		{
			"libraries around the application",
			"Traceback (most recent call last):\n  File \"/v/site-packages/flask/app.py\", line 1, in a\n    a()\n    ^^^\n" +
				"  File \"/usr/lib/python3.11/json/__init__.py\", line 2, in b\n    b()\n  File \"/srv/shop.py\", line 3, in c\n    c()\n" +
				"  File \"<frozen importlib._bootstrap>\", line 4, in d\nKeyError: 'x'\n",
			[]debugpage.Part{
				{"Traceback (most recent call last):\n", 0},
				{"  File \"/v/site-packages/flask/app.py\", line 1, in a\n    a()\n    ^^^\n  File \"/usr/lib/python3.11/json/__init__.py\", line 2, in b\n    b()\n", 2},
				{"  File \"/srv/shop.py\", line 3, in c\n    c()\n", 0},
				{"  File \"<frozen importlib._bootstrap>\", line 4, in d\n", 1},
				{"KeyError: 'x'\n", 0},
			},
		},
		{
			"Windows, and Debian's packages",
			"  File \"C:\\v\\Lib\\site-packages\\a.py\", line 1, in a\n  File \"/usr/lib/python3/dist-packages/b.py\", line 2, in b\nend",
			[]debugpage.Part{{"  File \"C:\\v\\Lib\\site-packages\\a.py\", line 1, in a\n  File \"/usr/lib/python3/dist-packages/b.py\", line 2, in b\n", 2}, {"end", 0}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, debugpage.Traceback(test.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
