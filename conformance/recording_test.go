package conformance

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/conformance/recorded"
)

func TestRecordingIsUpToDate(t *testing.T) {
	t.Run(string(recorded.Debian), func(t *testing.T) {
		server, dir := findPywsgi(t, recorded.Debian), t.TempDir()
		server.record(t, "--out", dir)
		committed, err := filepath.Glob("recorded/gevent-22.10.2/*.json")
		require.NoError(t, err)
		require.NotEmpty(t, committed)
		for _, path := range committed {
			requireSameFile(t, path, filepath.Join(dir, filepath.Base(path)))
		}
	})
	t.Run(string(recorded.Newest), func(t *testing.T) {
		server, dir := findPywsgi(t, recorded.Newest), t.TempDir()
		server.record(t, "--out", dir)
		differing := filepath.Join(t.TempDir(), "differing.json")
		run(t, server.python, "beside.py", "../recorded/gevent-22.10.2", dir, differing)
		requireSameFile(t, "recorded/gevent-26.9.0.json", differing)
	})
}

func requireSameFile(t *testing.T, committed, recorded string) {
	t.Helper()
	want, err := os.ReadFile(committed)
	require.NoError(t, err)
	got, err := os.ReadFile(recorded)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "pywsgi answers otherwise than %s says. README.md says how to record; git diff then shows the difference.", committed)
}
