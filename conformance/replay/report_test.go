package replay

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

// differing makes n cases in which a key of the environ and a header differ.
func differing(n int) []*Exchange {
	var all []*Exchange
	for i := range n {
		theirs, ours := outcome("gevent/1.0", "text/plain"), outcome("someone/else", fmt.Sprintf("text/%d", i))
		v := recorded.Vector{
			Case:     wire.Case{Name: fmt.Sprintf("case %d?", i)},
			Outcomes: map[recorded.Server]*wire.Outcome{recorded.Debian: theirs, recorded.Newest: theirs},
		}
		all = append(all, NewExchanges(&v, ours)...)
	}
	return all
}

func outcome(software, kind string) *wire.Outcome {
	return &wire.Outcome{
		Responses: []wire.Response{{Code: 200, Headers: [][2]wire.Text{{"Content-Type", wire.Text(kind)}}}},
		Environs:  []wire.Environ{{"SERVER_SOFTWARE": wire.Value{Text: software}}},
	}
}

func TestManyDifferencesAreGrouped(t *testing.T) {
	t.Parallel()
	_, unexplained := Explain(differing(1000), nil)
	require.Len(t, unexplained, 4000)
	want := `1000 cases differ, in 2 ways:
1000 cases: environ.SERVER_SOFTWARE: gevent 22.10.2 and 26.9.0: 'gevent/1.0', gowsgi: 'someone/else'; -run 'TestReplay/case_0\?'
1000 cases: response.header.content-type: gevent 22.10.2 and 26.9.0: 'text/plain', gowsgi: 'text/0' (and 999 other pairs of values); -run 'TestReplay/case_0\?'`
	require.Empty(t, cmp.Diff(want, Report(unexplained)))
}

func TestFewDifferencesAreListed(t *testing.T) {
	t.Parallel()
	_, unexplained := Explain(differing(1)[:1], nil)
	want := "case 0?: environ[0].SERVER_SOFTWARE\n\tgevent 22.10.2: 'gevent/1.0'\n\tgowsgi: 'someone/else'\n" +
		"case 0?: response[0].header.content-type\n\tgevent 22.10.2: 'text/plain'\n\tgowsgi: 'text/0'"
	require.Empty(t, cmp.Diff(want, Report(unexplained)))
	require.Empty(t, Report(nil))
}

// However much differs, a report stays short enough to be read.
func TestReportsAreBounded(t *testing.T) {
	t.Parallel()
	var differences []Difference
	for i := range 5000 {
		differences = append(differences, Difference{
			Case: fmt.Sprint(i), Server: recorded.Debian, Field: fmt.Sprintf("response[0].header.x-%d", i), Pywsgi: Missing, Gowsgi: strings.Repeat("x", 100_000),
		})
	}
	report := Report(differences)
	require.Equal(t, mostKinds+2, strings.Count(report, "\n")+1)
	require.True(t, strings.HasSuffix(report, "\nand 4960 other ways in no more cases"), report[len(report)-100:])
	require.Less(t, len(report), 20_000)
}

// Playing again takes seconds. When a thousand cases differed for one reason, and each
// was played again, the suite looked as if it hung.
func TestOnlyFewCasesArePlayedAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		cases, better int // of these, the first ones come out well the second time
		want          int
	}{
		{"none differs", 0, 0, 0},
		{"one differs again", 1, 0, 1},
		{"all differ again", 1000, 0, fewAtOnce},
		{"all come out well", 100, 100, 100},
		{"some come out well", 1000, 3 * fewAtOnce, 4 * fewAtOnce},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			exchanges := differing(test.cases)
			played := make(chan string, test.cases)
			require.NoError(t, retry(exchanges, nil, func(v *recorded.Vector) ([]*Exchange, error) {
				if played <- v.Name; len(played) <= test.better {
					return NewExchanges(v, v.Outcomes[recorded.Debian]), nil
				}
				return NewExchanges(v, outcome("someone/else", "text/html")), nil
			}))
			require.Len(t, played, test.want)
			_, unexplained := Explain(exchanges, nil)
			require.Equal(t, test.cases-test.better, CountCases(unexplained))
		})
	}
}

func TestTranscript(t *testing.T) {
	t.Parallel()
	rules := []Rule{{Name: "SERVER_SOFTWARE", Effects: []Effect{{Field: "environ.SERVER_SOFTWARE", Pywsgi: "*", Gowsgi: "*"}}}}
	text := Transcript(differing(1), rules)
	for _, part := range []string{
		"case 0?\n", "gevent 22.10.2:\n", "gevent 26.9.0: the same\n", "gowsgi:\n", "Content-Type: 'text/0'\n",
		"environ[0].SERVER_SOFTWARE: pywsgi 'gevent/1.0', gowsgi 'someone/else'\n        row: SERVER_SOFTWARE\n",
		"response[0].header.content-type: pywsgi 'text/plain', gowsgi 'text/0'\n        NO ROW EXPLAINS THIS\n",
	} {
		require.Contains(t, text, part)
	}
}

// A row for one server explains nothing of what the other does.
func TestRowsOfOneServer(t *testing.T) {
	t.Parallel()
	rule := Rule{Only: recorded.Newest, Effects: []Effect{{Field: "*", Pywsgi: "*", Gowsgi: "*"}}}
	uses, unexplained := Explain(differing(1), []Rule{rule})
	require.Equal(t, map[recorded.Server]int{recorded.Newest: 2}, uses[0].Differences)
	require.Len(t, unexplained, 2)
	require.Equal(t, recorded.Debian, unexplained[0].Server)
}
