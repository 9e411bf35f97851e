package middleware

import (
	"io"
	"net/http"
	"time"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/recorder"
	"github.com/gowsgi/gowsgi/logadapter"
)

// AccessLog writes pywsgi's access line for each request to w, one Write each
// (adapter.Record.String): also for a request whose handler panicked, and not
// for a status of 1xx. A nil w means none. A *logadapter.Stream logs through a
// logger.
func AccessLog(w io.Writer) func(http.Handler) http.Handler {
	if w == nil {
		return func(next http.Handler) http.Handler { return next }
	}
	log, ok := w.(*logadapter.Stream)
	if !ok {
		log = logadapter.FromWriter(w)
	}
	return func(next http.Handler) http.Handler {
		return recorder.Watch(next, func(rec *recorder.Recorder, r *http.Request, began time.Time) {
			status, bytes := rec.Outcome()
			line := append(adapter.NewRecord(r, began, status, bytes).Append(nil), '\n')
			_, _ = log.WithContext(r.Context()).Write(line)
		})
	}
}
