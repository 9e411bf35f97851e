package logadapter_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/gowsgi/gowsgi/logadapter"
)

// plain is a slog.Logger whose output has no time in it.
func plain() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

func ExampleNew() {
	stream := logadapter.New(plain(), slog.LevelWarn)
	fmt.Fprintln(stream, "disk almost full")
	// Output: level=WARN msg="disk almost full"
}

func ExampleFromLog() {
	stream := logadapter.FromLog(log.New(os.Stdout, "wsgi: ", 0))
	fmt.Fprintln(stream, "disk almost full")
	// Output: wsgi: disk almost full
}

func ExampleFromWriter() {
	stream := logadapter.FromWriter(os.Stdout)
	fmt.Fprintln(stream, "disk almost full")
	// Output: disk almost full
}

// The logger's own methods are there too.
func ExampleStream() {
	stream := logadapter.New(plain(), slog.LevelInfo)
	stream.Error("disk full", "free", 0)
	// Output: level=ERROR msg="disk full" free=0
}

func ExampleStream_WriteLines() {
	stream := logadapter.New(plain(), slog.LevelInfo)
	_ = stream.WriteLines([]string{"one\n", "two\n"})
	_ = stream.Flush()
	// Output:
	// level=INFO msg=one
	// level=INFO msg=two
}

// tracing is a slog.Handler that logs the trace id it finds in the context.
type tracing struct{ slog.Handler }

func (h tracing) Handle(ctx context.Context, r slog.Record) error {
	r.Add("trace", ctx.Value(traceKey{}))
	return h.Handler.Handle(ctx, r)
}

func ExampleStream_WithContext() {
	stream := logadapter.New(slog.New(tracing{plain().Handler()}), slog.LevelInfo)
	ctx := context.WithValue(context.Background(), traceKey{}, "4bf92f")
	fmt.Fprintln(stream.WithContext(ctx), "hello")
	// Output: level=INFO msg=hello trace=4bf92f
}
