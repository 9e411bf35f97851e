package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/internal/venvtest"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// These environment variables make the tests run the real pywsgi: GOWSGI_RECORD=1,
// or, for the fuzzer, a time such as GOWSGI_FUZZ_TIME=10m.
const (
	recordAnew = "GOWSGI_RECORD"
	fuzzTime   = "GOWSGI_FUZZ_TIME"
)

// pywsgi is an interpreter that has one of the recorded gevents.
type pywsgi struct {
	server recorded.Server
	python string
}

// findPywsgi skips the test if nobody asked for the real pywsgi, or if it cannot be
// had here.
func findPywsgi(t *testing.T, server recorded.Server) pywsgi {
	t.Helper()
	if os.Getenv(recordAnew) == "" && os.Getenv(fuzzTime) == "" {
		t.Skipf("plays to the real pywsgi for a minute: set %s=1 for that", recordAnew)
	}
	if wiretest.Race {
		t.Skip("plays to the real pywsgi, of which the race detector sees nothing")
	}
	want, err := recorded.RecordedWith(server)
	require.NoError(t, err)
	python := interpreter
	if server == recorded.Newest {
		python = environment(t, want.Python)
	}
	if err := check(t.Context(), python, want); err != nil {
		t.Skipf("NOT CHECKED: gevent %s cannot be had here: %v", server, err)
	}
	return pywsgi{server, python}
}

// environment returns the interpreter of a virtual environment with the newest
// gevent, under a CPython of a version such as 3.11.
func environment(t *testing.T, version string) string {
	t.Helper()
	for _, in := range venvtest.Interpreters() {
		if strings.HasPrefix(in.Version.String(), version+".") {
			return in.Venv(t, "python/requirements.txt").Python
		}
	}
	t.Skipf("NOT CHECKED: there is no Python %s", version)
	return ""
}

// check compares the versions of an interpreter with those of a recording.
func check(ctx context.Context, python string, want recorded.Versions) error {
	const ask = `import gevent, json, sys; print(json.dumps({"gevent": gevent.__version__, "python": "%d.%d" % sys.version_info[:2]}))`
	output, err := exec.CommandContext(ctx, python, "-B", "-c", ask).Output()
	if err != nil {
		return fmt.Errorf("%s has no gevent (Debian's package is python3-gevent)", python)
	}
	var here recorded.Versions
	if err := json.Unmarshal(output, &here); err != nil {
		return err
	}
	if here != want {
		return fmt.Errorf("the recording was made with %v, and %s has %v", want, python, here)
	}
	return nil
}

// record runs record.py.
func (p pywsgi) record(t *testing.T, arguments ...string) {
	t.Helper()
	run(t, p.python, append([]string{"record.py"}, arguments...)...)
}

// run runs a program of the folder python.
func run(t *testing.T, python string, arguments ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, python, append([]string{"-B"}, arguments...)...)
	command.Dir = "python"
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}
