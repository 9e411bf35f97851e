//go:build unix

package python_test

import (
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

func TestStatus(t *testing.T) {
	s := run(t, python.Config{})
	require.Equal(t, "one two", s.body("/two"))
	ask := func(target string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.Status().ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		require.Equal(t, 200, w.Code)
		return w
	}
	page := ask("/")
	require.Equal(t, "text/html; charset=utf-8", page.Header().Get("Content-Type"))
	require.Regexp(t, `<tr class="idle"><td>\d+</td><td>idle</td><td>1</td><td>\d+\.\d MiB</td><td>\ds</td></tr>`, page.Body.String())

	figures := ask("/?format=prometheus").Body.String()
	figures = regexp.MustCompile(`(?m)pid="\d+"`).ReplaceAllString(figures, `pid="1"`)
	figures = regexp.MustCompile(`(?m)^(gowsgi_worker_(memory|age)\S+) .*$`).ReplaceAllString(figures, "$1 5")
	want := `# HELP gowsgi_workers Worker processes, by state.
# TYPE gowsgi_workers gauge
gowsgi_workers{state="starting"} 0
gowsgi_workers{state="idle"} 1
gowsgi_workers{state="busy"} 0
gowsgi_workers{state="stopping"} 0
# HELP gowsgi_queued_requests Requests waiting for a thread.
# TYPE gowsgi_queued_requests gauge
gowsgi_queued_requests 0
# HELP gowsgi_requests_total Requests finished by workers.
# TYPE gowsgi_requests_total counter
gowsgi_requests_total 1
# HELP gowsgi_worker_restarts_total Workers that were replaced, for any reason.
# TYPE gowsgi_worker_restarts_total counter
gowsgi_worker_restarts_total 0
# HELP gowsgi_rejected_requests_total Requests answered 503.
# TYPE gowsgi_rejected_requests_total counter
gowsgi_rejected_requests_total 0
# HELP gowsgi_worker_requests_total Requests finished by the worker.
# TYPE gowsgi_worker_requests_total counter
gowsgi_worker_requests_total{pid="1"} 1
# HELP gowsgi_worker_memory_bytes Resident memory of the worker.
# TYPE gowsgi_worker_memory_bytes gauge
gowsgi_worker_memory_bytes{pid="1"} 5
# HELP gowsgi_worker_age_seconds Time since the worker was started.
# TYPE gowsgi_worker_age_seconds gauge
gowsgi_worker_age_seconds{pid="1"} 5
`
	if diff := cmp.Diff(want, figures); diff != "" {
		t.Error(diff)
	}
	require.NoError(t, s.Close())
	require.Contains(t, ask("/").Body.String(), "There is none.")
}
