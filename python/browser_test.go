//go:build unix

package python

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/browsertest"
)

// measure has the status page in frames of two widths. It writes down how wide the
// contents of each are, what they loaded, and how tall the plot is.
const measure = `<!DOCTYPE html><title>measure</title><link rel="icon" href="data:,"><body>
<iframe width="400" height="3000" style="border:0" src="/status"></iframe>
<iframe width="1280" height="3000" style="border:0" src="/status"></iframe>
<pre></pre><script>
onload = () => {
	for (const frame of document.querySelectorAll("iframe")) {
		const page = frame.contentDocument;
		document.querySelector("pre").textContent += [
			frame.contentWindow.innerWidth, page.documentElement.scrollWidth,
			page.querySelector("tbody").scrollWidth > page.querySelector(".table").clientWidth,
			frame.contentWindow.performance.getEntriesByType("resource").length,
			page.querySelector("polyline").getBoundingClientRect().height > 20,
			page.querySelectorAll("tbody tr").length,
		].join(" ") + ";";
	}
};
</script>`

// The page fits into a telephone's window and into a large one, and loads nothing.
func TestStatusInABrowser(t *testing.T) {
	app := longNamed(t)
	var mu sync.Mutex
	var asked []string
	mux := http.NewServeMux()
	mux.Handle("/status", app.Status())
	mux.HandleFunc("/measure", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, measure) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Path)
		mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	defer server.Close()

	page := browsertest.Run(t, "--dump-dom", server.URL+"/measure")
	measured := regexp.MustCompile(`<pre>(.*)</pre>`).FindStringSubmatch(page)
	require.NotNil(t, measured, page)
	require.Equal(t, "400 400 false 0 true 2;1280 1280 false 0 true 2;", measured[1])
	mu.Lock()
	require.ElementsMatch(t, []string{"/measure", "/status", "/status"}, asked)
	mu.Unlock()
	if picture := os.Getenv("GOWSGI_STATUS_PICTURE"); picture != "" {
		browsertest.Run(t, "--window-size=1280,900", "--screenshot="+picture, server.URL+"/status")
		browsertest.Run(t, "--window-size=500,1000", browsertest.Dark, "--screenshot="+picture+".dark.png", server.URL+"/status")
	}
}

// longNamed is an App with a long name in a long folder, and a past.
func longNamed(t *testing.T) *App {
	t.Helper()
	dir, module := filepath.Join(t.TempDir(), strings.Repeat("folder", 20)), strings.Repeat("long", 20)
	require.NoError(t, os.Mkdir(dir, 0o700))
	source := "def application(environ, start_response):\n    start_response('200 OK', [])\n    return []\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, module+".py"), []byte(source), 0o600))
	app, err := Start(t.Context(), Config{App: module, Dir: dir, Workers: 2, ErrorLog: io.Discard})
	require.NoError(t, err)
	t.Cleanup(func() { _ = app.Close() })
	app.pool.queue.finished.Store(123_456_789_012)
	app.pool.queue.rejected.Store(1_234)
	now := time.Now()
	for i := range historyLength {
		at := now.Add(time.Duration(i-historyLength) * historyInterval)
		app.pool.history.add(at, int64(60e6+15e6*math.Sin(float64(i)/9)+2e5*float64(i)))
	}
	return app
}
