package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// python is Debian's, for which python3-gevent is made.
const python = "/usr/bin/python3"

// record runs record.py.
func record(t *testing.T, arguments ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, python, append([]string{"-B", "record.py"}, arguments...)...)
	command.Dir = "python"
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// needPywsgi skips a test where there is no gevent of the version that the
// recording was made with.
func needPywsgi(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the real pywsgi, which takes 20 seconds: not with -short")
	}
	if wiretest.Race {
		t.Skip("runs the real pywsgi, of which the race detector sees nothing")
	}
	if why := pywsgiMissing(); why != "" {
		t.Skip("the real pywsgi is not at hand: " + why)
	}
}

var pywsgiMissing = sync.OnceValue(func() string {
	const ask = `import gevent, json, sys; print(json.dumps({"gevent": gevent.__version__, "python": "%d.%d" % sys.version_info[:2]}))`
	output, err := exec.Command(python, "-B", "-c", ask).Output()
	if err != nil {
		return python + " has no gevent (Debian's package is python3-gevent)"
	}
	recording, err := recorded.LoadFile("recorded/gevent-22.10.2/apps.json")
	if err != nil {
		return err.Error()
	}
	here := recording.RecordedWith
	if err := json.Unmarshal(output, &here); err != nil || here != recording.RecordedWith {
		return "the recording was made with another version; this is " + string(bytes.TrimSpace(output))
	}
	return ""
})

func TestRecordingIsUpToDate(t *testing.T) {
	t.Parallel()
	needPywsgi(t)
	dir := t.TempDir()
	record(t, "--out", dir)
	committed, err := filepath.Glob("recorded/gevent-22.10.2/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, committed)
	for _, path := range committed {
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(dir, filepath.Base(path)))
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got), "pywsgi answers otherwise than %s says; compare with: python3 record.py --out DIR", path)
	}
}
