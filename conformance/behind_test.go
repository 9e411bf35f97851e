package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/rows"
	"github.com/gowsgi/gowsgi/conformance/wire"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/python"
)

// interpreter runs the Python applications behind gowsgi.
const interpreter = "/usr/bin/python3"

// behind plays all cases to the Python applications behind gowsgi, once for all tests.
var behind = sync.OnceValues(func() ([]*replay.Exchange, error) { return playBehind(python.Config{Threads: 200}) })

// playBehind plays all cases to workers as c says, to one of them unless c has more.
func playBehind(c python.Config) ([]*replay.Exchange, error) {
	c.App, c.Dir, c.Python = "behind:application", "python", interpreter
	c.Env, c.ErrorLog = append(c.Env, "PYTHONDONTWRITEBYTECODE=1"), io.Discard
	c.Workers = max(c.Workers, 1)
	app, err := python.Start(context.Background(), c)
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
}

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
			if row.Name != rows.GeventStreams && row.HoldsFor(server) && use.Differences[server] == 0 {
				t.Errorf("row %q explains nothing that gevent %s does: name it in rows.GoOnly, or take it out of rows.BehindOnly", row.Name, server)
			}
		}
	}
	for _, rule := range rows.BehindOnly {
		for _, e := range rule.Effects {
			if rule.Name != rows.GeventStreams && !slices.ContainsFunc(rows.Behind, func(r replay.Rule) bool { return hasEffect(r, e) && r.Sees(e, exchanges) }) {
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

// otherWorkers is an environment variable that has the cases played to workers of
// other kinds too, which takes some minutes.
const otherWorkers = "GOWSGI_BEHIND"

// TestBehindOtherWorkers plays the cases to workers with other threads, and under
// gevent. The same rows have to explain what differs.
func TestBehindOtherWorkers(t *testing.T) {
	if os.Getenv(otherWorkers) == "" {
		t.Skipf("plays all cases to four more kinds of workers: set %s=1 for that", otherWorkers)
	}
	for name, c := range map[string]python.Config{
		"one thread": {Threads: 1}, "eight threads": {Threads: 8}, "gevent": {Gevent: true}, "three workers": {Workers: 3, Threads: 50},
	} {
		t.Run(name, func(t *testing.T) {
			if c.Workers > 1 {
				c.Env = []string{"CONFORMANCE_SOCKETS=" + t.TempDir()}
			}
			exchanges, err := playBehind(c)
			require.NoError(t, err)
			uses, unexplained := replay.Explain(exchanges, rows.Behind)
			for i, use := range uses {
				if c.Gevent && rows.Behind[i].Name == rows.GeventStreams {
					require.NotEmpty(t, use.Differences, rows.GeventStreams)
				}
			}
			unexplained = slices.DeleteFunc(unexplained, func(d replay.Difference) bool {
				return c.Threads == 1 && leaves(exchanges, d.Case) || c.Workers > 1 && tellsWorkersApart(d)
			})
			if len(unexplained) > 0 {
				t.Errorf("no row explains these differences. %s", replay.Report(unexplained))
			}
			if replay.CountCases(unexplained) <= replay.Few {
				transcribe(t, exchanges, unexplained)
			}
		})
	}
}

// tellsWorkersApart reports whether a difference is that there are several workers:
// their environ says so, and each shows its own counters.
func tellsWorkersApart(d replay.Difference) bool {
	return strings.HasSuffix(d.Field, "wsgi.multiprocess") || d.Case == "environ_key_wsgi_multiprocess" || strings.HasSuffix(d.Case, "__then_counters")
}

// leaves reports whether the client of a case closes its connection, or its sending
// half. One that does so while it waits for the only thread, which other cases
// keep busy, is skipped: net/http does not tell the one from the other.
func leaves(exchanges []*replay.Exchange, name string) bool {
	x := exchanges[slices.IndexFunc(exchanges, func(x *replay.Exchange) bool { return x.Name == name })]
	return slices.ContainsFunc(x.Steps, func(s wire.Step) bool { return s.Close || s.HalfClose })
}

func TestRowsForGoOnlyExist(t *testing.T) {
	t.Parallel()
	for name := range rows.GoOnly {
		require.True(t, slices.ContainsFunc(rows.Differences, func(r replay.Rule) bool { return r.Name == name }), name)
	}
}
