package logadapter_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/logadapter"
)

// entry is what a slog handler was told.
type entry struct {
	Level slog.Level
	Text  string
	Trace any // the context's value under traceKey
}

type traceKey struct{}

// book is a slog.Handler that keeps every record at or above its level.
type book struct {
	level slog.Level
	attrs []slog.Attr

	mu      *sync.Mutex
	entries *[]entry
}

func newBook(level slog.Level) book {
	return book{level: level, mu: new(sync.Mutex), entries: new([]entry)}
}

func (b book) Enabled(_ context.Context, level slog.Level) bool { return level >= b.level }
func (b book) WithGroup(string) slog.Handler                    { return b }

func (b book) WithAttrs(attrs []slog.Attr) slog.Handler {
	b.attrs = append(slices.Clone(b.attrs), attrs...)
	return b
}

func (b book) Handle(ctx context.Context, r slog.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := r.Message
	add := func(a slog.Attr) bool { text += " " + a.String(); return true }
	r.Attrs(add)
	for _, a := range b.attrs {
		add(a)
	}
	*b.entries = append(*b.entries, entry{r.Level, text, ctx.Value(traceKey{})})
	return nil
}

// texts are what is written, and what of it is one record.
var texts = []struct{ name, written, record string }{
	{"no newline", "hello", "hello"},
	{"its newline", "hello\n", "hello"},
	{"one newline of two", "hello\n\n", "hello\n"},
	{"a newline inside", "a\nb\n", "a\nb"},
	{"a carriage return", "hello\r\n", "hello\r"},
	{"nothing", "", ""},
	{"only a newline", "\n", ""},
	{"spaces", " hello \n", " hello "},
	{"not UTF-8", "\xff\n", "\xff"},
}

func TestSlog(t *testing.T) {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelError, slog.Level(2)} {
		for _, tt := range texts {
			t.Run(fmt.Sprint(level, " ", tt.name), func(t *testing.T) {
				records := newBook(slog.LevelDebug)
				s := logadapter.New(slog.New(records), level)
				n, err := s.Write([]byte(tt.written))
				require.NoError(t, err)
				require.Equal(t, len(tt.written), n, "bytes of the text as it was given")
				n, err = s.WriteString(tt.written)
				require.NoError(t, err)
				require.Equal(t, len(tt.written), n)
				require.NoError(t, s.Flush())
				if diff := cmp.Diff([]entry{{Level: level, Text: tt.record}, {Level: level, Text: tt.record}}, *records.entries); diff != "" {
					t.Errorf("records (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestSlogBelowTheLevel(t *testing.T) {
	records := newBook(slog.LevelWarn)
	s := logadapter.New(slog.New(records), slog.LevelInfo)
	n, err := s.WriteString("quiet\n")
	require.NoError(t, err)
	require.Equal(t, 6, n)
	require.Empty(t, *records.entries)
}

// log.Logger ends each record with one newline, where the text has none.
func TestLog(t *testing.T) {
	for _, tt := range texts {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			s := logadapter.FromLog(log.New(&out, "wsgi: ", 0))
			n, err := s.Write([]byte(tt.written))
			require.NoError(t, err)
			require.Equal(t, len(tt.written), n)
			require.Equal(t, "wsgi: "+strings.TrimSuffix(tt.record, "\n")+"\n", out.String())
		})
	}
}

// A plain writer gets the text as it is, as a plain file does in pywsgi.
func TestWriter(t *testing.T) {
	for _, tt := range texts {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			s := logadapter.FromWriter(&out)
			n, err := s.Write([]byte(tt.written))
			require.NoError(t, err)
			require.Equal(t, len(tt.written), n)
			require.Equal(t, tt.written, out.String())
		})
	}
}

func TestWriteLines(t *testing.T) {
	lines := []string{"one\n", "two", "", "three\n\n"}

	records := newBook(slog.LevelDebug)
	require.NoError(t, logadapter.New(slog.New(records), slog.LevelWarn).WriteLines(lines))
	want := []entry{{slog.LevelWarn, "one", nil}, {slog.LevelWarn, "two", nil}, {slog.LevelWarn, "", nil}, {slog.LevelWarn, "three\n", nil}}
	if diff := cmp.Diff(want, *records.entries); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}

	var out bytes.Buffer
	require.NoError(t, logadapter.FromWriter(&out).WriteLines(lines))
	require.Equal(t, "one\ntwothree\n\n", out.String(), "no newlines added")
	require.NoError(t, logadapter.FromWriter(&out).WriteLines(nil))
}

// failing fails from its second write on.
type failing struct{ written []string }

var errFull = errors.New("disk full")

func (f *failing) Write(p []byte) (int, error) {
	if len(f.written) == 1 {
		return 0, errFull
	}
	f.written = append(f.written, string(p))
	return len(p), nil
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(io.Writer) *logadapter.Stream
		want string
	}{
		{"a writer", logadapter.FromWriter, "one\n"},
		{"a log.Logger", func(w io.Writer) *logadapter.Stream { return logadapter.FromLog(log.New(w, "", 0)) }, "one\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := new(failing)
			s := tt.make(w)
			require.ErrorIs(t, s.WriteLines([]string{"one\n", "two\n", "three\n"}), errFull)
			n, err := s.Write([]byte("four"))
			require.ErrorIs(t, err, errFull)
			require.Zero(t, n)
			require.ErrorIs(t, s.Handler().Handle(t.Context(), slog.Record{}), errFull)
			require.Equal(t, []string{tt.want}, w.written)
		})
	}
}

// What else the logger can do is there too.
func TestEmbeddedLogger(t *testing.T) {
	records := newBook(slog.LevelDebug)
	s := logadapter.New(slog.New(records), slog.LevelInfo)
	s.Warn("careful", "n", 1)
	s.With("app", "legacy").Error("broken")
	require.True(t, s.Enabled(t.Context(), slog.LevelDebug))
	want := []entry{{slog.LevelWarn, "careful n=1", nil}, {slog.LevelError, "broken app=legacy", nil}}
	if diff := cmp.Diff(want, *records.entries); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}

	var out bytes.Buffer
	logadapter.FromLog(log.New(&out, "wsgi: ", 0)).Warn("careful", "n", 1)
	require.Equal(t, "wsgi: level=WARN msg=careful n=1\n", out.String(), "the log.Logger has its own time")

	out.Reset()
	logadapter.FromWriter(&out).Warn("careful", "n", 1)
	require.Regexp(t, `^time=\S+ level=WARN msg=careful n=1\n$`, out.String())
}

func TestWithContext(t *testing.T) {
	records := newBook(slog.LevelDebug)
	s := logadapter.New(slog.New(records), slog.LevelInfo)
	bound := s.WithContext(context.WithValue(t.Context(), traceKey{}, "trace-1"))
	again := bound.WithContext(context.WithValue(t.Context(), traceKey{}, "trace-2"))
	for _, stream := range []*logadapter.Stream{s, bound, again} {
		_, err := stream.WriteString("hello\n")
		require.NoError(t, err)
	}
	require.NoError(t, bound.WriteLines([]string{"line\n"}))
	bound.InfoContext(context.WithValue(t.Context(), traceKey{}, "trace-3"), "own")
	want := []entry{
		{slog.LevelInfo, "hello", nil}, {slog.LevelInfo, "hello", "trace-1"}, {slog.LevelInfo, "hello", "trace-2"},
		{slog.LevelInfo, "line", "trace-1"}, {slog.LevelInfo, "own", "trace-3"},
	}
	if diff := cmp.Diff(want, *records.entries); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestNothingToWriteTo(t *testing.T) {
	for name, s := range map[string]*logadapter.Stream{
		"the zero Stream":        {},
		"the zero Stream, bound": new(logadapter.Stream).WithContext(t.Context()),
		"a nil writer":           logadapter.FromWriter(nil),
	} {
		t.Run(name, func(t *testing.T) {
			n, err := s.Write([]byte("hello\n"))
			require.NoError(t, err)
			require.Equal(t, 6, n)
			require.NoError(t, s.WriteLines([]string{"a", "b"}))
			require.NoError(t, s.Flush())
		})
	}
}

// A nil logger is the default one of its package.
func TestDefaultLoggers(t *testing.T) {
	records := newBook(slog.LevelDebug)
	before := slog.Default()
	flags, out := log.Flags(), log.Writer()
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetFlags(flags)
		log.SetOutput(out)
	})
	slog.SetDefault(slog.New(records))
	_, err := logadapter.New(nil, slog.LevelWarn).WriteString("to slog\n")
	require.NoError(t, err)
	if diff := cmp.Diff([]entry{{slog.LevelWarn, "to slog", nil}}, *records.entries); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}

	var text bytes.Buffer
	log.SetFlags(0)
	log.SetOutput(&text)
	_, err = logadapter.FromLog(nil).WriteString("to log\n")
	require.NoError(t, err)
	require.Equal(t, "to log\n", text.String())
}

// However many goroutines write, by whatever method, one Write is one record.
func TestManyGoroutines(t *testing.T) {
	const writers, each = 16, 25
	long := strings.Repeat("x", 900)
	whole := regexp.MustCompile(`^[^<]*<(\d+) x{900} (\d+)>"?\n$`)
	for _, tt := range []struct {
		name string
		make func(io.Writer) *logadapter.Stream
	}{
		{"slog", func(w io.Writer) *logadapter.Stream {
			return logadapter.New(slog.New(slog.NewTextHandler(w, nil)), slog.LevelInfo)
		}},
		{"log", func(w io.Writer) *logadapter.Stream { return logadapter.FromLog(log.New(w, "", 0)) }},
		{"writer", logadapter.FromWriter},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			s := tt.make(&out)
			var all sync.WaitGroup
			for i := range writers {
				all.Go(func() {
					line := fmt.Sprintf("<%d %s %d>\n", i, long, i)
					bound := s.WithContext(t.Context())
					for range each {
						_, _ = s.Write([]byte(line))
						_, _ = bound.WriteString(line)
						_ = s.WriteLines([]string{line})
						s.Info(strings.TrimSuffix(line, "\n"))
					}
				})
			}
			all.Wait()
			lines := strings.SplitAfter(out.String(), "\n")
			require.Len(t, lines, 4*writers*each+1)
			of := make(map[string]int)
			for _, line := range lines[:len(lines)-1] {
				found := whole.FindStringSubmatch(line)
				require.NotNil(t, found, "no whole record: %q", line)
				require.Equal(t, found[1], found[2])
				of[found[1]]++
			}
			require.Len(t, of, writers)
			for id, n := range of {
				require.Equal(t, 4*each, n, "records of goroutine %s", id)
			}
		})
	}
}
