// Package replay plays recorded requests to gowsgi, compares what comes back with
// what was recorded, and looks for the rows that explain the differences.
package replay

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/gowsgi/gowsgi/conformance/apps"
	"github.com/gowsgi/gowsgi/conformance/recorded"
)

const (
	// silence is how long means that nothing more will come, parallel how
	// many connections wait for that at once.
	silence  = 300 * time.Millisecond
	parallel = 48
)

// All plays vectors against gowsgi and compares. Those that call an
// application which is impossible in Go are left out.
func All(vectors []recorded.Vector) ([]*Exchange, error) {
	vectors = slices.DeleteFunc(slices.Clone(vectors), func(v recorded.Vector) bool { return slices.ContainsFunc(v.Apps, apps.IsImpossible) })
	exchanges, problems := make([]*Exchange, len(vectors)), make([]error, len(vectors))
	var group sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for i := range vectors {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			exchanges[i], problems[i] = playOne(&vectors[i], silence)
		})
	}
	group.Wait()
	return exchanges, errors.Join(problems...)
}

func playOne(v *recorded.Vector, silence time.Duration) (*Exchange, error) {
	outcome, err := Play(&v.Case, silence)
	if err != nil {
		return nil, err
	}
	return NewExchange(v.Case, &v.Outcome, outcome), nil
}

// Again replays, one after the other and with more patience, the exchanges that
// the rules do not explain: the machine may have been busy.
func Again(exchanges []*Exchange, rules []Rule) error {
	_, unexplained := Explain(exchanges, rules)
	for i, x := range exchanges {
		if !slices.ContainsFunc(unexplained, func(d Difference) bool { return d.Case == x.Name }) {
			continue
		}
		again, err := playOne(&recorded.Vector{Case: x.Case, Outcome: *x.Pywsgi}, 4*silence)
		if err != nil {
			return err
		}
		exchanges[i] = again
	}
	return nil
}
