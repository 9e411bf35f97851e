package replay

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/wire"
)

// Transcript shows the exchanges of one case: what the client does, what came of it
// on every side, and the differences with the rows that explain them.
func Transcript(exchanges []*Exchange, rules []Rule) string {
	first := exchanges[0]
	t := new(transcript)
	t.say(0, "%s", first.Name)
	t.say(0, "The client:")
	for _, step := range first.Steps {
		t.step(step)
	}
	for i, x := range exchanges {
		if i > 0 && reflect.DeepEqual(x.Pywsgi, first.Pywsgi) {
			t.say(0, "gevent %s: the same", x.Server)
			continue
		}
		t.say(0, "gevent %s:", x.Server)
		t.outcome(x.Pywsgi)
	}
	t.say(0, "gowsgi:")
	t.outcome(first.Gowsgi)
	for _, x := range exchanges {
		t.say(0, "Differences from gevent %s:", x.Server)
		for _, d := range x.Differences {
			t.difference(x, d, rules)
		}
	}
	return t.String()
}

// transcript is a text of indented lines.
type transcript struct{ strings.Builder }

func (t *transcript) say(depth int, format string, values ...any) {
	fmt.Fprintf(t, "%s%s\n", strings.Repeat("    ", depth), fmt.Sprintf(format, values...))
}

func (t *transcript) step(s wire.Step) {
	switch {
	case s.Send != nil:
		t.say(1, "sends")
		for line := range strings.SplitAfterSeq(string(*s.Send), "\n") {
			if line != "" {
				t.say(2, "%s", shortened(wire.Quote(line)))
			}
		}
	case s.Await != nil:
		t.say(1, "waits for %s", wire.Quote(string(*s.Await)))
	case s.AwaitResponses > 0:
		t.say(1, "waits for %d responses", s.AwaitResponses)
	case s.HalfClose:
		t.say(1, "shuts down its sending half")
	case s.Close:
		t.say(1, "closes the connection")
	}
}

func (t *transcript) outcome(o *wire.Outcome) {
	for i := range o.Responses {
		t.response(&o.Responses[i])
	}
	t.say(1, "connection: %s", o.Connection)
	for _, line := range o.AccessLog {
		t.say(1, "access log: %s", wire.Quote(string(line)))
	}
	for _, entry := range o.ErrorLog {
		t.say(1, "error log: %s", strings.TrimSpace(entry.Kind+" "+entry.Type+" "+wire.Quote(entry.Text)))
	}
	for _, what := range slices.Sorted(maps.Keys(o.Counters)) {
		t.say(1, "counter %s: %d", what, o.Counters[what])
	}
	for _, rest := range []struct {
		name string
		text wire.Text
	}{{"leftover", o.Leftover}, {"late", o.Late}} {
		if rest.text != "" {
			t.say(1, "%s: %s", rest.name, wire.Quote(string(rest.text)))
		}
	}
}

func (t *transcript) response(r *wire.Response) {
	for _, line := range r.Interim {
		t.say(1, "%s", line)
	}
	t.say(1, "%s", r.StatusLine)
	for _, field := range r.Headers {
		t.say(2, "%s: %s", field[0], wire.Quote(string(field[1])))
	}
	chunks, end := "", ""
	if r.Framing == "chunked" {
		chunks = fmt.Sprint(" in ", r.Chunks)
	}
	if !r.Complete {
		end = ", not complete"
	}
	t.say(2, "body, framed by %s%s%s: %s", r.Framing, chunks, end, wire.Quote(string(r.Body)))
}

func (t *transcript) difference(x *Exchange, d Difference, rules []Rule) {
	by := "NO ROW EXPLAINS THIS"
	if at := slices.IndexFunc(rules, func(r Rule) bool { return r.Explains(x, d) }); at >= 0 {
		by = "row: " + rules[at].Name
	}
	t.say(1, "%s: pywsgi %s, gowsgi %s", d.Field, shortened(d.Pywsgi), shortened(d.Gowsgi))
	t.say(2, "%s", by)
}
