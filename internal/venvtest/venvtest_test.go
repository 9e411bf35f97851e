package venvtest

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	os.Unsetenv("PIP_FIND_LINKS") // packages come from the tests alone
	os.Setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple/")
	os.Exit(m.Run())
}

func TestVenv(t *testing.T) {
	in, base := Newest(t, oldest), filepath.Join(t.TempDir(), "venvs")
	requirements := requires(t, wheel(t, "gowsgi_greeting", "word = 'Hello'"))
	const greet = "import gowsgi_greeting; print(gowsgi_greeting.word)"
	var log logged
	open := func(t *testing.T) Venv {
		t.Helper()
		venv, err := in.open(base, requirements, log.printf)
		require.NoError(t, err)
		require.Equal(t, "Hello", says(venv, greet))
		return venv
	}

	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			venv, err := in.open(base, requirements, log.printf)
			if err != nil || says(venv, greet) != "Hello" {
				t.Error(err, "the package is not there")
			}
		})
	}
	group.Wait()
	venv := open(t)
	installing := "installing what " + requirements + " names in " + venv.Dir
	require.Equal(t, []string{installing}, log.lines, "once, for all")
	require.Equal(t, in.Version.String(), says(venv, "import platform; print(platform.python_version())"))
	require.Equal(t, venv.Dir, says(venv, "import sys; print(sys.prefix)"))

	t.Run("other requirements", func(t *testing.T) {
		other, err := in.open(base, requires(t, "# none"), t.Logf)
		require.NoError(t, err)
		require.NotEqual(t, venv.Dir, other.Dir)
		require.Equal(t, "None", says(other, "import importlib.util as u; print(u.find_spec('gowsgi_greeting'))"))
		below, err := probe(other.Python)
		require.NoError(t, err)
		require.Equal(t, in, below, "the interpreter of an environment is the one below it")
	})
	t.Run("not finished", func(t *testing.T) {
		require.NoError(t, os.Remove(filepath.Join(venv.Dir, complete)))
		require.NoError(t, os.RemoveAll(filepath.Join(venv.Dir, "lib")))
		open(t)
		require.Equal(t, []string{installing, installing}, log.lines)
	})
	t.Run("interpreter removed", func(t *testing.T) {
		link := filepath.Join(venv.Dir, "bin", "python3")
		require.NoError(t, os.Remove(link))
		require.NoError(t, os.Symlink(filepath.Join(t.TempDir(), "gone"), link))
		open(t)
		require.Equal(t, []string{installing, installing, installing}, log.lines)
	})
}

func TestFailures(t *testing.T) {
	in := Newest(t, oldest)
	t.Run("the registry cannot be reached", func(t *testing.T) {
		_, err := in.open(t.TempDir(), requires(t, "gowsgi-no-such-package==1.0"), t.Logf)
		require.ErrorIs(t, err, errUnreachable)
	})
	t.Run("nothing fits", func(t *testing.T) {
		_, err := in.open(t.TempDir(), requires(t, "--no-index\ngowsgi-no-such-package==1.0"), t.Logf)
		require.ErrorContains(t, err, "No matching distribution found for gowsgi-no-such-package==1.0")
		require.NotErrorIs(t, err, errUnreachable)
	})
	t.Run("no requirements file", func(t *testing.T) {
		_, err := in.open(t.TempDir(), filepath.Join(t.TempDir(), "none.txt"), t.Logf)
		require.ErrorIs(t, err, os.ErrNotExist)
	})
}

// A skipped test says so; with CI=true only an unreachable registry skips one.
func TestSkippedOrFailed(t *testing.T) {
	none := func(t testing.TB) { newest(t, nil, oldest) }
	old := func(t testing.TB) { newest(t, []Interpreter{{"/bin/python3", Version{3, 9, 1}}}, Version{3, 10}) }
	because := func(err error) func(testing.TB) {
		return func(t testing.TB) { giveUp(t, fmt.Errorf("venvtest: %w", err)) }
	}
	for _, test := range []struct {
		name, ci string
		call     func(t testing.TB)
		verdict  string
		says     string
	}{
		{"no interpreter", "", none, "skipped", "NOT TESTED: no CPython from 3.9 on"},
		{"no interpreter in CI", "true", none, "failed", "NOT TESTED: no CPython from 3.9 on"},
		{"too old", "", old, "skipped", "NOT TESTED: no CPython from 3.10 on"},
		{"too old in CI", "true", old, "failed", "NOT TESTED: no CPython from 3.10 on"},
		{"no registry", "", because(errUnreachable), "skipped", "NOT TESTED: venvtest: the package registry cannot be reached"},
		{"no registry in CI", "true", because(errUnreachable), "skipped", "NOT TESTED: venvtest: the package registry cannot be reached"},
		{"no locks", "true", because(errors.ErrUnsupported), "skipped", "NOT TESTED: venvtest: unsupported"},
		{"anything else", "", because(os.ErrPermission), "failed", "venvtest: permission denied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("CI", test.ci)
			verdict := verdictOf(t, test.call)
			require.Equal(t, test.verdict, verdict.kind)
			require.Contains(t, verdict.text, test.says)
		})
	}
}

func TestFolder(t *testing.T) {
	t.Setenv("GOWSGI_VENVS", "venvs")
	here, err := os.Getwd()
	require.NoError(t, err)
	base, err := folder()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(here, "venvs"), base)

	t.Setenv("GOWSGI_VENVS", "")
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	base, err = folder()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(cache, "gowsgi", "venvs"), base)
}

func TestInterpreters(t *testing.T) {
	real, bin := Newest(t, oldest), t.TempDir()
	place := func(name, script string) string {
		path := filepath.Join(bin, name)
		require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
		return path
	}
	answers := func(version string) string {
		return `echo '{"Path": "/opt/` + version + `", "Version": [` + version + `]}'`
	}
	place("python3", `exec "`+real.Path+`" "$@"`)
	place("python3.9", answers("3, 9, 2"))
	place("python3.99", answers("3, 99, 1"))
	place("python3.10", answers("3, 10, 0"))
	place("python3.8", answers("3, 8, 20"))
	place("python3.12", "exit 1")
	place("python3-config", answers("3, 98, 0"))
	place("python", answers("3, 97, 0"))

	candidates := append(onPath(bin+string(os.PathListSeparator)+filepath.Join(bin, "nowhere")), filepath.Join(bin, "python3"))
	require.Equal(t, []Interpreter{
		{"/opt/3, 99, 1", Version{3, 99, 1}},
		real,
		{"/opt/3, 10, 0", Version{3, 10, 0}},
		{"/opt/3, 9, 2", Version{3, 9, 2}},
	}, interpreters(candidates))
}

func TestPyenvRoot(t *testing.T) {
	root := t.TempDir()
	t.Setenv("PYENV_ROOT", root)
	want := filepath.Join(root, "versions", "3.13.0", "bin", "python3")
	require.NoError(t, os.MkdirAll(filepath.Dir(want), 0o755))
	require.NoError(t, os.WriteFile(want, nil, 0o755))
	require.Equal(t, []string{want}, pyenvs())
}

// verdict is how a test ended that verdictOf ran, and with which words.
type verdict struct {
	testing.TB
	kind, text string
}

func verdictOf(t *testing.T, call func(t testing.TB)) *verdict {
	v := &verdict{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		call(v)
		v.kind = "passed"
	}()
	<-done
	return v
}

func (v *verdict) Helper()                           {}
func (v *verdict) Logf(string, ...any)               {}
func (v *verdict) Skipf(format string, args ...any)  { v.end("skipped", fmt.Sprintf(format, args...)) }
func (v *verdict) Fatalf(format string, args ...any) { v.end("failed", fmt.Sprintf(format, args...)) }
func (v *verdict) Fatal(args ...any)                 { v.end("failed", fmt.Sprint(args...)) }

func (v *verdict) end(kind, text string) {
	v.kind, v.text = kind, text
	runtime.Goexit()
}

type logged struct {
	mu    sync.Mutex
	lines []string
}

func (l *logged) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// says returns what a line of Python prints, or why it failed.
func says(venv Venv, code string) string {
	output, err := exec.Command(venv.Python, "-c", code).Output()
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(output))
}

func requires(t *testing.T, requirement string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "requirements.txt")
	require.NoError(t, os.WriteFile(file, []byte(requirement+"\n"), 0o644))
	return file
}

// wheel makes a package of one module that pip installs without a registry.
func wheel(t *testing.T, module, source string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), module+"-1.0-py3-none-any.whl")
	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	archive := zip.NewWriter(file)
	info := module + "-1.0.dist-info/"
	for _, part := range [][2]string{
		{module + ".py", source},
		{info + "METADATA", "Metadata-Version: 2.1\nName: " + module + "\nVersion: 1.0\n"},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: venvtest\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{info + "RECORD", module + ".py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n"},
	} {
		w, err := archive.Create(part[0])
		require.NoError(t, err)
		_, err = w.Write([]byte(part[1]))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	return path
}
