// Package browsertest opens a page in headless Chromium, for a test.
package browsertest

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Run runs Chromium with args, without a window or a past, and returns its output.
// Where there is none, the test is skipped, and says so.
func Run(t testing.TB, args ...string) string {
	t.Helper()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("NOT TESTED: there is no chromium on PATH (Debian: chromium), so nobody looks at the page")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, browser, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--user-data-dir=" + t.TempDir(),
	}, args...)...)
	var stderr strings.Builder
	command.Stderr, command.WaitDelay = &stderr, 10*time.Second
	output, err := command.Output()
	require.NoError(t, err, stderr.String())
	return string(output)
}

// Dark makes pages show themselves as for a reader who prefers them dark.
const Dark = "--blink-settings=preferredColorScheme=0"
