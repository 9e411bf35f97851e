package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/middleware"
)

// openLog opens a log file to append to; "-" is standard.
func openLog(flag, name string, standard io.Writer) (io.Writer, error) {
	if name == "-" {
		return &lines{w: standard}, nil
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, usageError("--%s: the file cannot be written to: %w", flag, err)
	}
	return &lines{w: file}, nil
}

// lines lets many goroutines write to w, one after the other.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// accessLogger is the middleware that writes a line a request.
func (o *options) accessLogger(stdout io.Writer) (func(http.Handler) http.Handler, error) {
	format, ok := accessFormats[o.accessFormat]
	if !ok {
		return nil, usageError("--access-logformat %q: give pywsgi, combined or json", o.accessFormat)
	}
	if o.accessLog == "" {
		return func(next http.Handler) http.Handler { return next }, nil
	}
	w, err := openLog("access-logfile", o.accessLog, stdout)
	if err != nil {
		return nil, err
	}
	return format(w), nil
}

// accessFormats are the values of --access-logformat.
var accessFormats = map[string]func(io.Writer) func(http.Handler) http.Handler{
	"pywsgi":   middleware.AccessLog,
	"combined": combinedLog,
	"json":     jsonLog,
}

func combinedLog(w io.Writer) func(http.Handler) http.Handler {
	return middleware.Records(func(_ context.Context, rec adapter.Record) {
		_, _ = io.WriteString(w, adapter.CombinedFormat(rec)+"\n")
	})
}

// jsonLog writes each request as a line of JSON, without its query.
func jsonLog(w io.Writer) func(http.Handler) http.Handler {
	logger := slog.New(slog.NewJSONHandler(w, nil))
	return middleware.Records(func(ctx context.Context, rec adapter.Record) {
		logger.LogAttrs(ctx, slog.LevelInfo, "request", slog.Any("request", rec))
	})
}

// console is where the command says what it does: plain lines in a file, with
// colour at a terminal.
type console struct {
	w      io.Writer
	colour bool
}

func newConsole(w io.Writer) console {
	return console{w, isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// say writes "what: detail", or what alone, as a line.
func (c console) say(what, detail string) {
	line := what
	if c.colour {
		line = "\x1b[32m" + what + "\x1b[0m"
	}
	if detail != "" {
		line += ": " + detail
	}
	_, _ = io.WriteString(c.w, line+"\n")
}
