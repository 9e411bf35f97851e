//go:build unix

package python_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/python"
)

// Each interpreter from 3.9 on that the machine has runs the same applications.
func TestVersions(t *testing.T) {
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	interpreters, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions/3.*/bin/python3"))
	for _, interpreter := range append(interpreters, "/usr/bin/python3") {
		if exec.Command(interpreter, "-c", "import sys; sys.exit(sys.version_info < (3, 9))").Run() != nil {
			continue
		}
		t.Run(interpreter, func(t *testing.T) {
			s := run(t, python.Config{Python: interpreter, RequestTimeout: 400 * time.Millisecond})
			require.Equal(t, "one two", s.body("/two"))
			require.Equal(t, "ab", s.body("/generator"))
			require.Equal(t, "56789abcdef", s.body("/file"))
			require.Equal(t, "temporary", s.body("/file_temporary"))
			require.Equal(t, "parent", s.body("/forks"))
			status, _ := s.get("/fails")
			require.Equal(t, 500, status)
			status, _ = s.get("/hangs")
			require.Equal(t, 504, status)
			s.log.Wait(t, "in hangs")
			require.Equal(t, "one two", s.body("/two"))
		})
	}
}

// One that is too old says so.
func TestTooOld(t *testing.T) {
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	for _, version := range []string{"2.7.18", "3.6.15", "3.8.18"} {
		interpreter := filepath.Join(home, ".pyenv/versions", version, "bin/python")
		if _, err := os.Stat(interpreter); err != nil {
			continue
		}
		_, err = python.Start(t.Context(), python.Config{App: "catalogue", Dir: "testdata/apps", Python: interpreter, Workers: 1, ErrorLog: io.Discard})
		require.ErrorContains(t, err, "gowsgi needs CPython 3.9 or later; this is "+version)
	}
}
