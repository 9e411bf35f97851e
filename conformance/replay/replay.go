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
	// patient and few at once are for cases that came out otherwise than expected.
	patient   = 4 * silence
	fewAtOnce = 4
)

// Few is the largest number of unexplained cases that are looked at one by one.
// Where there are more, they have a common cause.
const Few = 20

// Subject is a server under test: gowsgi around an application.
type Subject struct {
	// App does what the applications of python/apps.py do, and serves the one that
	// the header X-App names.
	App adapter.App
	// Lacks reports that App does not have an application. Cases that call it are
	// left out. nil means that App has them all.
	Lacks func(name string) bool
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

// Retry plays again, few at once and with more patience, the cases that the rules
// do not explain: the machine may have been busy. If these are more than Few, it
// does nothing, since that cannot be the reason.
func (s Subject) Retry(exchanges []*Exchange, rules []Rule) error {
	return retry(exchanges, rules, func(v *recorded.Vector) ([]*Exchange, error) { return s.exchanges(v, patient) })
}

func retry(exchanges []*Exchange, rules []Rule, play func(*recorded.Vector) ([]*Exchange, error)) error {
	_, unexplained := Explain(exchanges, rules)
	names := casesOf(unexplained)
	if len(names) > Few {
		return nil
	}
	again := make([][]*Exchange, len(names))
	err := each(len(names), fewAtOnce, func(i int) (err error) {
		again[i], err = play(vectorOf(exchanges, names[i]))
		return err
	})
	if err != nil {
		return err
	}
	for i, name := range names {
		copy(exchanges[indexOf(exchanges, name):], again[i])
	}
	return nil
}

// vectorOf is the recording that the exchanges of a case were compared with.
func vectorOf(exchanges []*Exchange, name string) *recorded.Vector {
	first := indexOf(exchanges, name)
	v := &recorded.Vector{Case: exchanges[first].Case, Outcomes: make(map[recorded.Server]*wire.Outcome)}
	for _, x := range exchanges[first:] {
		if x.Name == name {
			v.Outcomes[x.Server] = x.Pywsgi
		}
	}
	return v
}

// indexOf is the place of the first exchange of a case.
func indexOf(exchanges []*Exchange, name string) int {
	return slices.IndexFunc(exchanges, func(x *Exchange) bool { return x.Name == name })
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
