package conformance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/apps"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

// mutator makes new cases by changing existing ones.
type mutator struct {
	*rand.Rand
	cases []wire.Case
	apps  []string
}

func newMutator(seed uint64, cases []wire.Case) *mutator {
	m := &mutator{Rand: rand.New(rand.NewPCG(seed, 0)), cases: cases}
	for name := range apps.All {
		if apps.LongApps[name] == nil && !strings.HasPrefix(name, "big") { // the recorder parses anew with each piece that comes
			m.apps = append(m.apps, name)
		}
	}
	slices.Sort(m.apps)
	return m
}

// next is the n-th mutated case.
func (m *mutator) next(n int) wire.Case {
	c := m.cases[m.IntN(len(m.cases))]
	c.Name, c.Category = fmt.Sprintf("fuzz_%d of %s", n, c.Name), "fuzz"
	c.Steps = slices.Clone(c.Steps)
	for range 1 + m.IntN(2) {
		m.mutate(&c)
	}
	c.Methods, c.Apps = methodsOf(&c), appsOf(&c)
	return c
}

func (m *mutator) mutate(c *wire.Case) {
	at := m.IntN(len(c.Steps))
	if c.Steps[at].Send == nil {
		return
	}
	changed := wire.Pieces(m.change(string(*c.Steps[at].Send)))
	c.Steps[at] = wire.Step{Send: &changed}
}

func (m *mutator) change(text string) string {
	changes := []func(string) string{m.replaceByte, m.insertByte, m.deleteByte, m.insertLine, m.insertLine, m.repeatLine, m.deleteLine, m.otherApp, m.otherApp, m.otherWord}
	return changes[m.IntN(len(changes))](text)
}

// bytesToTry are bytes that have a meaning in HTTP, and their neighbours.
const bytesToTry = "\r\n\t \x00\x7f\xff:;,/?%#*=\"0159aZ_-"

func (m *mutator) byte() string {
	at := m.IntN(len(bytesToTry))
	return bytesToTry[at : at+1]
}

// place is a position in the first 300 bytes, where the head is.
func (m *mutator) place(text string) int { return m.IntN(min(len(text), 300) + 1) }

func (m *mutator) insertByte(text string) string {
	at := m.place(text)
	return text[:at] + m.byte() + text[at:]
}

func (m *mutator) deleteByte(text string) string {
	at := m.place(text)
	return text[:at] + text[min(at+1, len(text)):]
}

func (m *mutator) replaceByte(text string) string {
	at := m.place(text)
	return text[:at] + m.byte() + text[min(at+1, len(text)):]
}

var linesToTry = []string{
	"Connection: close", "Connection: keep-alive", "Connection: Upgrade", "Upgrade: websocket", "Expect: 100-continue", "Content-Length: 5", "Content-Length: 0",
	"Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Host: other.test", "X-A: one", "X_A: two", "Cookie: a=1", "Trailer: X-T", " folded", "Content-Type: text/html",
	"Proxy: x", "TE: trailers", "Range: bytes=0-1", "If-None-Match: *", "Accept-Encoding: gzip",
}

func (m *mutator) insertLine(text string) string {
	lines := strings.SplitAfter(text, "\r\n")
	at := m.IntN(len(lines))
	return strings.Join(slices.Insert(lines, at, linesToTry[m.IntN(len(linesToTry))]+"\r\n"), "")
}

func (m *mutator) repeatLine(text string) string {
	lines := strings.SplitAfter(text, "\r\n")
	at := m.IntN(len(lines))
	return strings.Join(slices.Insert(lines, at, lines[at]), "")
}

func (m *mutator) deleteLine(text string) string {
	lines := strings.SplitAfter(text, "\r\n")
	at := m.IntN(len(lines))
	return strings.Join(slices.Delete(lines, at, at+1), "")
}

func (m *mutator) otherApp(text string) string {
	before, after, ok := strings.Cut(text, "X-App: ")
	if !ok {
		return text
	}
	_, rest, _ := strings.Cut(after, "\r\n")
	return before + "X-App: " + m.apps[m.IntN(len(m.apps))] + "\r\n" + rest
}

var wordsToTry = [][2]string{
	{"GET ", "HEAD "}, {"GET ", "POST "}, {"POST ", "GET "}, {"GET ", "OPTIONS "}, {"HTTP/1.1", "HTTP/1.0"}, {"HTTP/1.0", "HTTP/1.1"},
	{"GET / ", "GET /a%2fb?c=d "}, {"GET / ", "GET http://other.test/p "}, {"X-App", "x-app"}, {"chunked", "Chunked"}, {"\r\n", "\n"},
}

func (m *mutator) otherWord(text string) string {
	words := wordsToTry[m.IntN(len(wordsToTry))]
	return strings.Replace(text, words[0], words[1], 1)
}

// methodsOf are the methods of the requests of c. They are needed to parse the
// responses, for which only HEAD matters.
func methodsOf(c *wire.Case) []string {
	methods := slices.Clone(c.Methods)
	for i, r := range wire.ReadRequests(c.Sent()) {
		if i >= len(methods) {
			methods = append(methods, "GET")
		}
		if methods[i] = "GET"; r.Method == "HEAD" {
			methods[i] = r.Method
		}
	}
	return methods
}

// appsOf are the applications that c names.
func appsOf(c *wire.Case) []string {
	named := []string{}
	for _, r := range wire.ReadRequests(c.Sent()) {
		named = append(named, slices.DeleteFunc(r.Values("x-app"), func(name string) bool { return apps.All[name] == nil && !apps.IsImpossible(name) })...)
	}
	return named
}
