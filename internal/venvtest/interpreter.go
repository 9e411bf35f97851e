package venvtest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Interpreter is a released CPython from 3.9 on that can make virtual
// environments.
type Interpreter struct {
	Path    string  // its executable, symbolic links and pyenv's shims resolved
	Version Version // of the language
}

// Version is a version of Python: major, minor and micro number.
type Version [3]int

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

// oldest is the oldest Python that package python runs.
var oldest = Version{3, 9}

// Interpreters returns the interpreters of this machine, the newest first:
// pyenv's, and each python3 and python3.N of PATH.
var Interpreters = sync.OnceValue(func() []Interpreter {
	return interpreters(append(pyenvs(), onPath(os.Getenv("PATH"))...))
})

// Newest returns the newest interpreter of this machine. If that is older than
// atLeast, or there is none, it skips the test; with CI=true it fails.
func Newest(t testing.TB, atLeast Version) Interpreter {
	t.Helper()
	return newest(t, Interpreters(), atLeast)
}

func newest(t testing.TB, found []Interpreter, atLeast Version) Interpreter {
	t.Helper()
	if len(found) == 0 || slices.Compare(found[0].Version[:], atLeast[:]) < 0 {
		const missing = "NOT TESTED: no CPython from %d.%d on with the modules venv and ensurepip is in pyenv's versions or on PATH; install one (Debian: python3-venv)"
		if os.Getenv("CI") == "true" {
			t.Fatalf(missing, atLeast[0], atLeast[1])
		}
		t.Skipf(missing, atLeast[0], atLeast[1])
	}
	t.Logf("the Python is %s, %s", found[0].Version, found[0].Path)
	return found[0]
}

// interpreters asks each candidate for what it is, and leaves out those that
// will not do and those that are there twice.
func interpreters(candidates []string) []Interpreter {
	var found []Interpreter
	for _, candidate := range candidates {
		in, err := probe(candidate)
		if err == nil && slices.Compare(in.Version[:], oldest[:]) >= 0 && !slices.Contains(found, in) {
			found = append(found, in)
		}
	}
	slices.SortStableFunc(found, func(a, b Interpreter) int { return slices.Compare(b.Version[:], a.Version[:]) })
	return found
}

// question fails under an interpreter that will not do. One that runs inside a
// virtual environment names the interpreter below it.
const question = `
import ensurepip, json, os, sys, sysconfig, venv
assert sys.implementation.name == "cpython" and sys.version_info.releaselevel == "final"
assert not sysconfig.get_config_var("Py_GIL_DISABLED")
path = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
print(json.dumps({"Path": path, "Version": sys.version_info[:3]}))
`

func probe(candidate string) (Interpreter, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	answer, err := exec.CommandContext(ctx, candidate, "-I", "-c", question).Output()
	if err != nil {
		return Interpreter{}, err
	}
	var in Interpreter
	return in, json.Unmarshal(answer, &in)
}

func pyenvs() []string {
	home, _ := os.UserHomeDir()
	root := cmp.Or(os.Getenv("PYENV_ROOT"), filepath.Join(home, ".pyenv"))
	found, _ := filepath.Glob(filepath.Join(root, "versions", "3.*", "bin", "python3"))
	return found
}

var pythonName = regexp.MustCompile(`^python3(\.\d+)?(\.exe)?$`)

func onPath(path string) (found []string) {
	for _, dir := range filepath.SplitList(path) {
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			if pythonName.MatchString(strings.ToLower(entry.Name())) {
				found = append(found, filepath.Join(dir, entry.Name()))
			}
		}
	}
	return found
}
