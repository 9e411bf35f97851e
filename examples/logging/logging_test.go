package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/examples/internal/live"
)

// TestLogging counts the records of each request, by its id: one access line, and
// one for whatever else there is to say.
func TestLogging(t *testing.T) {
	example := live.Start(t, run)
	for path, status := range map[string]int{"/hello": 200, "/fail": 500, "/panic": 500} {
		r, err := http.NewRequest("GET", example.URL+path+"?token=s3cret", nil)
		require.NoError(t, err)
		r.Header.Set("X-Request-Id", "id-of-"+path)
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, response.Body)
		require.NoError(t, response.Body.Close())
		require.Equal(t, status, response.StatusCode)
		example.AwaitOutput(t, "GET "+path+"?")
	}
	cutShort(t, example)
	example.AwaitOutput(t, "POST /upload")

	want := map[string][]string{
		"id-of-/hello":  {`ERROR saying hello`, `INFO "GET /hello" 200`},
		"id-of-/fail":   {`ERROR request failed: no database`, `INFO "GET /fail" 500`},
		"id-of-/panic":  {`ERROR request failed: adapter: the App panicked: no memory`, `INFO "GET /panic" 500`},
		"id-of-/upload": {`WARN request failed: adapter: 400 Bad Request: environ: reading wsgi.input: unexpected EOF`, `INFO "POST /upload" 400`},
		"":              {"INFO listening"},
	}
	if diff := cmp.Diff(want, records(t, example.Output())); diff != "" {
		t.Errorf("records by request (-want +got):\n%s", diff)
	}
}

// cutShort sends half of what it promises.
func cutShort(t *testing.T, example *live.Program) {
	c, err := net.Dial("tcp", example.Addr())
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "POST /upload HTTP/1.1\r\nHost: x\r\nX-Request-Id: id-of-/upload\r\nContent-Length: 10\r\n\r\nhello")
	require.NoError(t, err)
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	_, err = io.ReadAll(c)
	require.NoError(t, err)
}

// records lists the records of output by the ids of their requests, in short.
func records(t *testing.T, output string) map[string][]string {
	access := regexp.MustCompile(`^127\.0\.0\.1 - - \[[^]]*\] "(\S+ [^? ]+)\S* HTTP/1\.1" (\d+) \S+ \S+$`)
	byID := make(map[string][]string)
	for line := range strings.Lines(output) {
		var record struct {
			Level, Msg, Error string
			ID                string         `json:"request_id"`
			Environ           map[string]any `json:"environ"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &record), line)
		text, _, _ := strings.Cut(record.Msg, " on http://")
		if m := access.FindStringSubmatch(record.Msg); m != nil {
			text = `"` + m[1] + `" ` + m[2]
		}
		if record.Error != "" {
			text += ": " + record.Error
			require.Contains(t, record.Environ, "hidden_keys")
			require.NotContains(t, line, "s3cret")
		}
		byID[record.ID] = append(byID[record.ID], record.Level+" "+text)
	}
	return byID
}
