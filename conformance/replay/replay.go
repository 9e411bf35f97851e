// Package replay plays recorded cases to gowsgi, compares what comes back with
// what was recorded, and looks for the rows that explain the differences.
package replay

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/wire"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

const (
	// silence is how long a server has to say nothing until nothing more is
	// expected of it.
	silence = 300 * time.Millisecond
	// parallel is how many cases are played at once. Most of their time is silence.
	parallel = 48
	// slowSilence is the same where the race detector makes everything slow.
	slowSilence = 3 * silence
	// patient is the silence for cases that are played again, fewAtOnce of them at once.
	patient   = 4 * silence
	fewAtOnce = 8
)

// Few is the largest number of unexplained cases that are reported one by one. More
// of them have a common cause, and are grouped.
const Few = 20

// Subject is a server under test: gowsgi around an application.
type Subject struct {
	// App does what the applications of python/apps.py do, and serves the one that
	// the header X-App names.
	App adapter.App
	// Lacks reports that App does not have an application. Cases that call it are
	// left out. nil means that App has them all.
	Lacks func(name string) bool
	// Seen returns what the applications of a case saw and counted, if they are in
	// another process. The environ of a request has the name of its case under
	// wire.CaseKey. nil means that App is called with the environ that the
	// applications see, and that they count in wire.CountersOf(env).
	Seen func(of string) (wire.Seen, error)
}

// Replay plays vectors, and compares the outcome of each with what every server
// answered to it. The exchanges of a case follow one another.
func (s Subject) Replay(vectors []recorded.Vector) ([]*Exchange, error) {
	vectors = slices.DeleteFunc(slices.Clone(vectors), s.leavesOut)
	found := make([][]*Exchange, len(vectors))
	wait := silence
	if wiretest.Race {
		wait = slowSilence
	}
	err := each(len(vectors), parallel, func(i int) (err error) {
		found[i], err = s.exchanges(&vectors[i], wait)
		return err
	})
	return slices.Concat(found...), err
}

// each calls do for 0 to n-1, so many of them at once.
func each(n, atOnce int, do func(i int) error) error {
	problems := make([]error, n)
	var group sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range n {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			problems[i] = do(i)
		})
	}
	group.Wait()
	return errors.Join(problems...)
}

func (s Subject) leavesOut(v recorded.Vector) bool {
	return s.Lacks != nil && slices.ContainsFunc(v.Apps, s.Lacks)
}

func (s Subject) exchanges(v *recorded.Vector, silence time.Duration) ([]*Exchange, error) {
	outcome, err := s.Play(&v.Case, silence)
	if err != nil {
		return nil, err
	}
	return NewExchanges(v, outcome), nil
}

// Retry plays again, with more patience, the cases whose differences the rules do not
// explain: the machine may have been busy. It plays a few of them at once, and stops
// when none of these came out better, since then the machine is not the reason.
func (s Subject) Retry(exchanges []*Exchange, rules []Rule) error {
	return retry(exchanges, rules, func(v *recorded.Vector) ([]*Exchange, error) { return s.exchanges(v, patient) })
}

func retry(exchanges []*Exchange, rules []Rule, play func(*recorded.Vector) ([]*Exchange, error)) error {
	names := suspects(exchanges, rules)
	for better := true; better && len(names) > 0; {
		round := names[:min(len(names), fewAtOnce)]
		names = names[len(round):]
		again := make([][]*Exchange, len(round))
		err := each(len(round), len(round), func(i int) (err error) {
			again[i], err = play(vectorOf(exchanges[indexOf(exchanges, round[i]):]))
			return err
		})
		if err != nil {
			return err
		}
		better = false
		for i, name := range round {
			copy(exchanges[indexOf(exchanges, name):], again[i])
			better = better || len(suspects(again[i], rules)) == 0
		}
	}
	return nil
}

// suspects are the names of the cases with unexplained differences. If there are any,
// the cases follow in which only gowsgi answered late.
func suspects(exchanges []*Exchange, rules []Rule) []string {
	_, unexplained := Explain(exchanges, rules)
	names := casesOf(unexplained)
	if len(names) == 0 {
		return nil
	}
	for _, x := range exchanges {
		if x.Gowsgi.Late != "" && x.Pywsgi.Late == "" && !slices.Contains(names, x.Name) {
			names = append(names, x.Name)
		}
	}
	return names
}

func indexOf(exchanges []*Exchange, name string) int {
	return slices.IndexFunc(exchanges, func(x *Exchange) bool { return x.Name == name })
}

// vectorOf is the vector of the case that exchanges begin with.
func vectorOf(exchanges []*Exchange) *recorded.Vector {
	v := &recorded.Vector{Case: exchanges[0].Case, Outcomes: make(map[recorded.Server]*wire.Outcome)}
	for _, x := range exchanges {
		if x.Name == v.Name {
			v.Outcomes[x.Server] = x.Pywsgi
		}
	}
	return v
}

// CountCases is the number of cases that differences are about.
func CountCases(differences []Difference) int { return len(casesOf(differences)) }

// casesOf are the names of the cases that differences are about, each once.
func casesOf(differences []Difference) []string {
	names := make(map[string]bool)
	for _, d := range differences {
		names[d.Case] = true
	}
	return slices.Sorted(maps.Keys(names))
}
