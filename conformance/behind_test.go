package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/rows"
	"github.com/gowsgi/gowsgi/conformance/wire"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/python"
)

// interpreter runs the Python applications behind gowsgi.
const interpreter = "/usr/bin/python3"

// behind plays all cases to the Python applications behind gowsgi, once for all tests.
var behind = sync.OnceValues(func() ([]*replay.Exchange, error) {
	log := new(wiretest.Buffer)
	app, err := python.Start(context.Background(), python.Config{
		App: "behind:application", Dir: "python", Python: interpreter, Env: []string{"PYTHONDONTWRITEBYTECODE=1"},
		Workers: 1, Threads: 200, // the worker's memory holds what its applications count
		ErrorLog: log,
	})
	if err != nil {
		return nil, err
	}
	defer app.Close()
	vectors, err := recorded.All()
	if err != nil {
		return nil, err
	}
	subject := replay.Subject{App: app.ServeWSGI, Seen: reports(app)}
	exchanges, err := subject.Replay(vectors)
	if err != nil {
		return nil, err
	}
	return exchanges, subject.Retry(exchanges, rows.Behind)
})

// reports returns a function that asks the worker what it has seen of a case.
func reports(app *python.App) func(of string) (wire.Seen, error) {
	return func(of string) (seen wire.Seen, err error) {
		env := environ.New(map[string]any{"REQUEST_METHOD": "GET", "conformance.report": of})
		body, err := app.ServeWSGI(env, func(string, adapter.Headers, ...error) (io.Writer, error) { return io.Discard, nil })
		if err != nil {
			return seen, err
		}
		var text []byte
		for chunk, err := range body.Chunks() {
			if err != nil {
				return seen, err
			}
			text = append(text, chunk...)
		}
		return seen, errors.Join(json.Unmarshal(text, &seen), closeOf(body))
	}
}

func playedBehind(t *testing.T) []*replay.Exchange {
	t.Helper()
	if _, err := os.Stat(interpreter); err != nil {
		t.Skipf("NOT CHECKED: the Python applications behind gowsgi need %s: %v", interpreter, err)
	}
	exchanges, err := behind()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skipf("NOT CHECKED: %v", err)
	}
	require.NoError(t, err)
	return exchanges
}

// TestBehind plays every recorded case to the Python applications, run by package
// python behind gowsgi.
func TestBehind(t *testing.T) {
	t.Parallel()
	exchanges := playedBehind(t)
	uses, unexplained := replay.Explain(exchanges, rows.Behind)
	if len(unexplained) > 0 {
		t.Errorf("no row explains these differences. %s", replay.Report(unexplained))
	}
	if replay.CountCases(unexplained) <= replay.Few {
		transcribe(t, exchanges, unexplained)
	}
	for i, use := range uses {
		row := rows.Behind[i]
		for _, server := range recorded.Servers {
			if row.HoldsFor(server) && use.Differences[server] == 0 {
				t.Errorf("row %q explains nothing that gevent %s does: name it in rows.GoOnly, or take it out of rows.BehindOnly", row.Name, server)
			}
		}
	}
	for _, rule := range rows.BehindOnly {
		for _, e := range rule.Effects {
			if !slices.ContainsFunc(rows.Behind, func(r replay.Rule) bool { return hasEffect(r, e) && r.Sees(e, exchanges) }) {
				t.Errorf("the effect %q of row %q is never seen", e.Key(), rule.Name)
			}
		}
	}
}

// transcribe prints the exchanges of the cases that differences are about.
func transcribe(t *testing.T, exchanges []*replay.Exchange, differences []replay.Difference) {
	t.Helper()
	of := make(map[string][]*replay.Exchange)
	for _, x := range exchanges {
		if slices.ContainsFunc(differences, func(d replay.Difference) bool { return d.Case == x.Name }) {
			of[x.Name] = append(of[x.Name], x)
		}
	}
	for _, same := range of {
		t.Log("\n" + replay.Transcript(same, rows.Behind))
	}
}

func hasEffect(r replay.Rule, want replay.Effect) bool {
	return slices.ContainsFunc(r.Effects, func(e replay.Effect) bool { return e.Key() == want.Key() })
}

func TestRowsForGoOnlyExist(t *testing.T) {
	t.Parallel()
	for name := range rows.GoOnly {
		require.True(t, slices.ContainsFunc(rows.Differences, func(r replay.Rule) bool { return r.Name == name }), name)
	}
}
