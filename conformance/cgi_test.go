package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/rows"
	"github.com/gowsgi/gowsgi/conformance/wire"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// cgiChild is set in the environment of the CGI program, which is this test
// binary again.
const cgiChild = "GOWSGI_CGI_CHILD"

// noRaceDelay keeps a program built with -race from sleeping for a second at its end.
const noRaceDelay = "GORACE=atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	if os.Getenv(cgiChild) != "" {
		dumpEnvironment()
		return
	}
	os.Exit(m.Run())
}

func dumpEnvironment() {
	values := make(map[string]wire.Text)
	for _, pair := range os.Environ() {
		key, value, _ := strings.Cut(pair, "=")
		values[key] = wire.Text(value)
	}
	delete(values, cgiChild)
	delete(values, "GORACE")
	data, _ := json.Marshal(values)
	fmt.Printf("Content-Type: application/json\r\n\r\n%s", data)
}

// both responds with two environs of a request: that of net/http/cgi and gowsgi's.
func both(t *testing.T) http.Handler {
	program := &cgi.Handler{Path: testBinary(t), Root: "/", Env: []string{cgiChild + "=1", noRaceDelay}, Logger: log.New(io.Discard, "", 0)}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		dump := httptest.NewRecorder()
		ours := stringsOfEnviron(environ.FromRequest(r))
		program.ServeHTTP(dump, r)
		data, _ := json.Marshal([]any{json.RawMessage(orNull(dump)), ours})
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data)
	})
}

func testBinary(t *testing.T) string {
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}

func orNull(dump *httptest.ResponseRecorder) []byte {
	if dump.Code != http.StatusOK {
		return []byte("null")
	}
	return dump.Body.Bytes()
}

func stringsOfEnviron(env *environ.Environ) map[string]wire.Text {
	values := make(map[string]wire.Text)
	for key, value := range env.All() {
		if s, ok := value.(string); ok {
			values[key] = wire.Text(s)
		}
	}
	return values
}

func TestEnvironAgainstCGI(t *testing.T) {
	t.Parallel()
	server := wiretest.Serve(t, both(t))
	ledger := replay.NewLedger(rows.CGI)
	for _, request := range cgiRequests(t) {
		_, body, _ := strings.Cut(server.Do(request), "\n\n")
		var sides [2]map[string]wire.Text
		if json.Unmarshal([]byte(body), &sides) != nil || sides[0] == nil {
			continue // net/http refuses the request, or no process can have its NUL
		}
		compareEnvirons(ledger, sides[0], sides[1])
	}
	report(t, ledger)
}

func compareEnvirons(ledger *replay.Ledger, theirs, ours map[string]wire.Text) {
	keys := slices.Sorted(maps.Keys(theirs))
	for key := range ours {
		if _, ok := theirs[key]; !ok {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		ledger.Compare(key, orAbsent(theirs, key), orAbsent(ours, key))
	}
}

func orAbsent(values map[string]wire.Text, key string) string {
	if value, ok := values[key]; ok {
		return wire.Quote(string(value))
	}
	return replay.Missing
}

// cgiRequests are the requests of the vectors about targets and headers.
func cgiRequests(t *testing.T) []string {
	vectors, err := recorded.All()
	require.NoError(t, err)
	var requests []string
	for _, v := range vectors {
		if len(v.Steps) == 1 && v.Steps[0].Send != nil && slices.Contains([]string{"request_headers", "targets", "paths"}, v.Category) {
			requests = append(requests, v.Sent())
		}
	}
	require.Greater(t, len(requests), 150)
	return requests
}
