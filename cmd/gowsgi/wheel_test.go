//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/venvtest"
)

const wheelApplication = `
import sys

def application(environ, start_response):
    start_response("200 OK", [])
    return [sys.prefix.encode()]
`

// installed prints what Python knows of the wheel, whose files are as its RECORD
// says.
const installed = `
import base64, hashlib, importlib.metadata, os
dist = importlib.metadata.distribution("gowsgi")
for file in sorted(dist.files):
    if file.hash and file.suffix != ".pyc":
        found = base64.urlsafe_b64encode(hashlib.new(file.hash.mode, file.read_binary()).digest()).rstrip(b"=").decode()
        assert (found, os.path.getsize(file.locate())) == (file.hash.value, file.size), file
print(dist.version, dist.metadata["Requires-Python"], dist.requires)
print(*(f"{e.group} {e.name} {e.value}" for e in dist.entry_points))
`

// The wheel, in a fresh virtual environment, serves with that environment's Python.
func TestWheel(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("NOT TESTED: the wheel is tried on Linux alone, and not with -short")
	}
	python := venvtest.Newest(t, venvtest.Version{3, 9})
	wheel := buildWheels(t, python.Path, "linux-"+runtime.GOARCH)[0]
	venv := t.TempDir()
	execute(t, python.Path, "-I", "-m", "venv", venv)
	bin := filepath.Join(venv, "bin")
	execute(t, bin+"/python", "-I", "-m", "pip", "install", "--no-index", "--no-deps", "--disable-pip-version-check", wheel)
	if diff := cmp.Diff("1.2.3.dev4 >=3.9 None\nconsole_scripts gowsgi gowsgi.__main__:main\n", execute(t, bin+"/python", "-I", "-c", installed)); diff != "" {
		t.Error(diff)
	}
	for _, command := range [][]string{{bin + "/gowsgi"}, {bin + "/python", "-m", "gowsgi"}} {
		require.Contains(t, execute(t, command[0], append(command[1:], "--version")...), "gowsgi 1.2.3.dev4 (")
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "app.py"), []byte(wheelApplication), 0o644))
		c := &child{t: t, dir: dir, cmd: exec.Command(command[0], append(command[1:], "-b", "127.0.0.1:0", "-p", "pid", "app:application")...)}
		c.start()
		_, prefix := get(t, c.base()+"/")
		require.Equal(t, venv, prefix)

		c.signal(syscall.SIGUSR2)
		require.Zero(t, c.code())
		successor := c.successor()
		_, prefix = get(t, c.base()+"/")
		require.Equal(t, venv, prefix)
		require.NoError(t, syscall.Kill(successor, syscall.SIGTERM))
		c.await("Stopped(?s:.*)Stopped")
	}
}

// The wheels of all platforms are in order, and each build has the same bytes.
func TestWheelsOfAllPlatforms(t *testing.T) {
	if os.Getenv("GOWSGI_WHEELS") == "" {
		t.Skip("GOWSGI_WHEELS=1 builds five wheels, twice, and looks at them with twine and wheel")
	}
	python := venvtest.Newest(t, venvtest.Version{3, 9})
	tools := filepath.Join(python.Venv(t, "testdata/wheels.txt").Dir, "bin")
	wheels := buildWheels(t, python.Path)
	var names []string
	for _, wheel := range wheels {
		names = append(names, filepath.Base(wheel))
		execute(t, tools+"/wheel", "unpack", "--dest", t.TempDir(), wheel) // compares the hashes of RECORD
	}
	if diff := cmp.Diff([]string{
		"gowsgi-1.2.3.dev4-py3-none-macosx_12_0_arm64.whl",
		"gowsgi-1.2.3.dev4-py3-none-macosx_12_0_x86_64.whl",
		"gowsgi-1.2.3.dev4-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
		"gowsgi-1.2.3.dev4-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64.whl",
		"gowsgi-1.2.3.dev4-py3-none-win_amd64.whl",
	}, names); diff != "" {
		t.Error(diff)
	}
	execute(t, tools+"/twine", append([]string{"check", "--strict"}, wheels...)...)
	for platform, magic := range map[string]string{
		"win_amd64": "MZ", "manylinux2014_x86_64": "\x7fELF", "manylinux2014_aarch64": "\x7fELF", "macosx_12_0_arm64": "\xcf\xfa\xed\xfe", "macosx_12_0_x86_64": "\xcf\xfa\xed\xfe",
	} {
		target := t.TempDir()
		execute(t, tools+"/python", "-m", "pip", "install", "--no-index", "--no-deps", "--disable-pip-version-check", "--only-binary=:all:",
			"--platform", platform, "--target", target, "--find-links", filepath.Dir(wheels[0]), "--pre", "gowsgi")
		binaries, err := filepath.Glob(filepath.Join(target, "gowsgi", "bin", "gowsgi*"))
		require.NoError(t, err)
		require.Len(t, binaries, 1)
		require.Equal(t, platform == "win_amd64", filepath.Ext(binaries[0]) == ".exe")
		text, err := os.ReadFile(binaries[0])
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(text), magic), platform)
	}
	for i, again := range buildWheels(t, python.Path) {
		first, err := os.ReadFile(wheels[i])
		require.NoError(t, err)
		second, err := os.ReadFile(again)
		require.NoError(t, err)
		require.True(t, string(first) == string(second), names[i])
	}
}

// buildWheels returns the paths of the wheels for the platforms, or for all.
func buildWheels(t *testing.T, python string, platforms ...string) []string {
	t.Helper()
	dist := t.TempDir()
	execute(t, python, append([]string{"-B", "../../wheel/build.py", "--version", "1.2.3.dev4", "--out", dist}, platforms...)...)
	wheels, err := filepath.Glob(filepath.Join(dist, "*.whl"))
	require.NoError(t, err)
	require.NotEmpty(t, wheels)
	return wheels
}

func execute(t *testing.T, name string, args ...string) string {
	t.Helper()
	output, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s %s:\n%s", name, strings.Join(args, " "), output)
	return string(output)
}
