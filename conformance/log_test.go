package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/rows"
	"github.com/gowsgi/gowsgi/logadapter"
)

// logVector is a series of calls of log.json, and what came of them.
type logVector struct {
	Name    string
	Level   *int
	Calls   [][]any
	Results []struct {
		Value  any
		Raised string
	}
	Records []struct {
		Level   int
		Message string
	}
}

// pythonLevel is a level of Python's logging as a level of slog. Both are integers.
func pythonLevel(level int) slog.Level { return slog.Level(level) }

// recordingHandler keeps records as "level message".
type recordingHandler struct {
	slog.Handler
	level   slog.LevelVar
	records []string
}

func (h *recordingHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

func (h *recordingHandler) Handle(_ context.Context, r slog.Record) error {
	h.records = append(h.records, fmt.Sprintf("%d %q", r.Level, r.Message))
	return nil
}

func TestLoggedRecords(t *testing.T) {
	t.Parallel()
	ledger, left := replay.NewLedger(rows.Logs), make(map[string]bool)
	for _, v := range readVectors[logVector](t, "recorded/gevent-22.10.2/log.json") {
		if reason := v.impossible(); reason != "" {
			left[reason] = true
			continue
		}
		ledger.Compare(v.Name, v.recorded(), v.play())
	}
	report(t, ledger)
	require.Len(t, left, len(rows.NotInGo), "reasons that no vector has: %v", left)
}

// impossible returns the key of rows.NotInGo that rules the vector out, or "".
func (v logVector) impossible() string {
	for _, call := range v.Calls {
		for _, form := range forms(call) {
			if _, ok := rows.NotInGo[form]; ok {
				return form
			}
		}
	}
	return ""
}

// forms are the names of a call in rows.NotInGo: its method, with or without its
// argument or the type of that.
func forms(call []any) []string {
	name := strings.TrimSuffix(call[0].(string), "_of_logger")
	if len(call) < 2 {
		return []string{name}
	}
	kind := map[string]string{"string": "str", "float64": "int", "<nil>": "None"}[fmt.Sprintf("%T", call[1])]
	return []string{name, name + " " + kind, fmt.Sprint(name, " ", call[1])}
}

func (v logVector) recorded() string {
	var lines []string
	for _, r := range v.Results {
		if r.Raised != "" {
			lines = append(lines, "refused")
		} else if r.Value != nil {
			lines = append(lines, fmt.Sprint(r.Value))
		}
	}
	for _, r := range v.Records {
		lines = append(lines, fmt.Sprintf("%d %q", r.Level-20, r.Message))
	}
	return strings.Join(lines, "; ")
}

func (v logVector) play() string {
	level := 20
	if v.Level != nil {
		level = *v.Level
	}
	h := new(recordingHandler)
	h.level.Set(pythonLevel(1 - 20))
	stream := logadapter.New(slog.New(h), pythonLevel(level-20))
	var lines []string
	for _, call := range v.Calls {
		if said := do(stream, h, call); said != "" {
			lines = append(lines, said)
		}
	}
	return strings.Join(append(lines, h.records...), "; ")
}

// do makes a call and returns its result as text, or "".
func do(s *logadapter.Stream, h *recordingHandler, call []any) string {
	switch method := call[0]; method {
	case "write":
		if given, ok := call[1].(map[string]any); ok {
			_, _ = s.Write([]byte(given["bytes"].(string)))
			return ""
		}
		_, _ = s.WriteString(call[1].(string))
	case "writelines":
		_ = s.WriteLines(stringsOf(call[1]))
	case "flush":
		_ = s.Flush()
	case "call":
		return doCall(s, h, call[1].(string), call[2:])
	default:
		panic(fmt.Sprint("no twin of ", method))
	}
	return ""
}

func doCall(s *logadapter.Stream, h *recordingHandler, method string, arguments []any) string {
	switch method {
	case "setLevel":
		h.level.Set(pythonLevel(int(arguments[0].(float64)) - 20))
	case "isEnabledFor":
		return fmt.Sprint(s.Enabled(context.Background(), pythonLevel(int(arguments[0].(float64))-20)))
	case "info":
		s.Info(arguments[0].(string))
	case "close":
		return refusedUnless[io.Closer](s)
	case "fileno":
		return refusedUnless[interface{ Fd() uintptr }](s)
	default:
		panic("no twin of " + method)
	}
	return ""
}

func refusedUnless[I any](s any) string {
	if _, ok := s.(I); ok {
		return "allowed"
	}
	return "refused"
}

func stringsOf(list any) []string {
	data, _ := json.Marshal(list)
	var all []string
	_ = json.Unmarshal(data, &all)
	return all
}
