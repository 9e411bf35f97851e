package python

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"time"
)

//go:embed status.html
var statusSource string

var statusPage = template.Must(template.New("status").Parse(statusSource))

// Status returns a page for people about the workers, the queue, and the memory
// over the last minutes. Asked for with ?format=prometheus it is the figures of
// Stats in Prometheus's text format, under names that begin with gowsgi_.
//
// The page renews itself every 5 seconds, and loads nothing from elsewhere. It
// shows process ids, paths and the application's name, so it is not for the public.
func (a *App) Status() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.URL.Query().Get("format") == "prometheus" {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
			_, _ = w.Write(prometheus(a.Stats()))
			return
		}
		var page bytes.Buffer
		if err := statusPage.Execute(&page, a.statusData()); err != nil {
			http.Error(w, "Internal Server Error", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src data:; style-src 'unsafe-inline'")
		_, _ = w.Write(page.Bytes())
	})
}

// prometheus is s in Prometheus's text exposition format.
func prometheus(s Stats) []byte {
	var b bytes.Buffer
	states := map[string]int{"starting": 0, "idle": 0, "busy": 0, "stopping": 0}
	for _, w := range s.Workers {
		states[w.State]++
	}
	family(&b, "gowsgi_workers", "gauge", "Worker processes, by state.")
	for _, state := range []string{"starting", "idle", "busy", "stopping"} {
		fmt.Fprintf(&b, "gowsgi_workers{state=%q} %d\n", state, states[state])
	}
	for _, f := range []struct {
		name, kind, help string
		value            uint64
	}{
		{"gowsgi_queued_requests", "gauge", "Requests waiting for a thread.", uint64(s.Queued)},
		{"gowsgi_requests_total", "counter", "Requests finished by workers.", s.Requests},
		{"gowsgi_worker_restarts_total", "counter", "Workers that were replaced, for any reason.", s.Restarts},
		{"gowsgi_rejected_requests_total", "counter", "Requests answered 503.", s.Rejected},
	} {
		family(&b, f.name, f.kind, f.help)
		fmt.Fprintf(&b, "%s %d\n", f.name, f.value)
	}
	for _, f := range []struct {
		name, kind, help string
		value            func(WorkerStats) float64
	}{
		{"gowsgi_worker_requests_total", "counter", "Requests finished by the worker.", func(w WorkerStats) float64 { return float64(w.Requests) }},
		{"gowsgi_worker_memory_bytes", "gauge", "Resident memory of the worker.", func(w WorkerStats) float64 { return float64(w.Memory) }},
		{"gowsgi_worker_age_seconds", "gauge", "Time since the worker was started.", func(w WorkerStats) float64 { return w.Age.Seconds() }},
	} {
		family(&b, f.name, f.kind, f.help)
		for _, w := range s.Workers {
			fmt.Fprintf(&b, "%s{pid=\"%d\"} %g\n", f.name, w.PID, f.value(w))
		}
	}
	return b.Bytes()
}

func family(b *bytes.Buffer, name, kind, help string) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// statusData is what the page shows.
type statusData struct {
	App, Dir, Python string
	Room             int // requests that the queue has room for
	Stats
	Rows    []statusRow
	Plot    string // points of the line, in the plot's units
	Area    string // and of the area below it
	Largest string
	Newest  string
	Since   string // how far the plot reaches back
}

type statusRow struct {
	PID         int
	State       string
	Requests    uint64
	Memory, Age string
}

func (a *App) statusData() statusData {
	c := &a.pool.config
	data := statusData{App: c.App, Dir: c.Dir, Python: c.Python, Room: max(c.Queue, 0), Stats: a.Stats()}
	for _, w := range data.Workers {
		data.Rows = append(data.Rows, statusRow{w.PID, w.State, w.Requests, megabytes(w.Memory), w.Age.Round(time.Second).String()})
	}
	data.plot(a.pool.history.all())
	return data
}

// The plot's width and height in its own units.
const (
	plotWidth  = 600
	plotHeight = 100
)

// plot makes the line of the memory over time, the newest on the right.
func (d *statusData) plot(points []point) {
	if len(points) < 2 {
		return
	}
	var largest int64 = 1
	for _, p := range points {
		largest = max(largest, p.bytes)
	}
	first, span := points[0].at, points[len(points)-1].at.Sub(points[0].at)
	var line bytes.Buffer
	for _, p := range points {
		x := plotWidth * p.at.Sub(first).Seconds() / span.Seconds()
		y := plotHeight - 0.9*plotHeight*float64(p.bytes)/float64(largest)
		fmt.Fprintf(&line, "%.1f,%.1f ", x, y)
	}
	d.Plot = line.String()
	d.Area = fmt.Sprintf("0,%d %s%d,%d", plotHeight, d.Plot, plotWidth, plotHeight)
	d.Largest, d.Newest = megabytes(largest), megabytes(points[len(points)-1].bytes)
	d.Since = span.Round(time.Second).String()
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
