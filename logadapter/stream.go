package logadapter

import (
	"bytes"
	"context"
	"io"
	"log"
	"log/slog"
	"sync"
)

// Stream is a file-like log: wsgi.errors (PEP 3333, "Input and Error Streams"),
// or an access log. It embeds its logger, so the logger's own methods are there
// too (pywsgi's LoggingLogAdapter proxies unknown attributes).
//
// A Stream may be used by many goroutines at once: one Write is one record.
// The zero Stream discards what is written to it, and has no logger.
type Stream struct {
	*slog.Logger
	write func(ctx context.Context, p []byte) error
	ctx   context.Context
}

// New returns a Stream that logs each Write as one record of logger at level.
// A nil logger means slog.Default().
func New(logger *slog.Logger, level slog.Level) *Stream {
	if logger == nil {
		logger = slog.Default()
	}
	return &Stream{
		Logger: logger,
		write: func(ctx context.Context, p []byte) error {
			logger.Log(ctx, level, trimNewline(p))
			return nil
		},
	}
}

// FromLog returns a Stream that prints each Write with logger, whose prefix and
// flags hold. The embedded slog.Logger writes its records there as text. A nil
// logger means log.Default().
func FromLog(logger *log.Logger) *Stream {
	if logger == nil {
		logger = log.Default()
	}
	// log.Logger's own call depth would name this file; there is no frame of
	// the application's that is always the same number of calls away.
	output := func(p []byte) error { return logger.Output(2, trimNewline(p)) }
	return &Stream{
		Logger: slog.New(slog.NewTextHandler(writerFunc(output), &slog.HandlerOptions{ReplaceAttr: dropTime})),
		write:  func(_ context.Context, p []byte) error { return output(p) },
	}
}

// FromWriter returns a Stream over w, as pywsgi uses a plain file: what is
// written arrives as it is, newline included, in one call of w.Write at a time.
// The embedded slog.Logger writes its records there as text. A nil w discards.
//
// Two Streams over one writer do not know of each other; share the Stream.
func FromWriter(w io.Writer) *Stream {
	if w == nil {
		w = io.Discard
	}
	var mu sync.Mutex
	output := func(p []byte) error {
		mu.Lock()
		defer mu.Unlock()
		_, err := w.Write(p)
		return err
	}
	return &Stream{
		Logger: slog.New(slog.NewTextHandler(writerFunc(output), nil)),
		write:  func(_ context.Context, p []byte) error { return output(p) },
	}
}

// WithContext returns a Stream like s whose writes hand ctx to the slog
// handler, for handlers that log trace ids. It does not touch s.
func (s *Stream) WithContext(ctx context.Context) *Stream {
	bound := *s
	bound.ctx = ctx
	return &bound
}

// Write logs p as one record, without its one trailing newline where the
// logger adds one itself (LoggingLogAdapter.write). The error is the
// underlying writer's; loggers report none.
func (s *Stream) Write(p []byte) (int, error) {
	if s.write == nil {
		return len(p), nil
	}
	ctx := s.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	if err := s.write(ctx, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteString is Write for a string.
func (s *Stream) WriteString(text string) (int, error) { return s.Write([]byte(text)) }

// WriteLines writes each of lines, a record each, and stops at the first error
// (LoggingLogAdapter.writelines). It adds no newlines, as Python's does not.
func (s *Stream) WriteLines(lines []string) error {
	for _, line := range lines {
		if _, err := s.WriteString(line); err != nil {
			return err
		}
	}
	return nil
}

// Flush does nothing and returns nil, as in pywsgi: a record is out when its
// Write returns.
func (s *Stream) Flush() error { return nil }

func trimNewline(p []byte) string { return string(bytes.TrimSuffix(p, []byte("\n"))) }

type writerFunc func(p []byte) error

func (f writerFunc) Write(p []byte) (int, error) {
	if err := f(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func dropTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
