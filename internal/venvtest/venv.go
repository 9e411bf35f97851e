package venvtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// Venv is a virtual environment, ready to be used. Tests share it, so they must
// not change it.
type Venv struct {
	Dir    string // as VIRTUAL_ENV names it
	Python string // its interpreter
}

// installTimeout is the longest time for one run of venv or pip.
const installTimeout = 5 * time.Minute

// errUnreachable says that pip could not reach its package registry.
var errUnreachable = errors.New("the package registry cannot be reached")

// unreachable is in pip's output where it tried to connect and could not.
var unreachable = regexp.MustCompile(`after connection broken by|Could not connect to|[Nn]ame resolution`)

// Venv returns a virtual environment of the interpreter with the packages of a
// requirements file, and makes it if it is not there yet. Where the package
// registry cannot be reached it skips the test, with CI=true too. Several
// processes may call it at once: one of them makes the environment, and the
// others wait for it.
func (in Interpreter) Venv(t testing.TB, requirements string) Venv {
	t.Helper()
	base, err := folder()
	if err != nil {
		t.Fatalf("venvtest: there is no folder for virtual environments, name one in GOWSGI_VENVS: %v", err)
	}
	venv, err := in.open(base, requirements, t.Logf)
	if err != nil {
		giveUp(t, err)
	}
	return venv
}

// giveUp skips the test where nobody at this machine can help it, and fails it
// otherwise.
func giveUp(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, errUnreachable) {
		t.Skipf("NOT TESTED: %v", err)
	}
	t.Fatal(err)
}

func folder() (string, error) {
	if base := os.Getenv("GOWSGI_VENVS"); base != "" {
		return filepath.Abs(base)
	}
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "gowsgi", "venvs"), err
}

// open returns the environment in base for a requirements file, under a lock
// that is held while it looks and installs.
func (in Interpreter) open(base, requirements string, logf func(format string, args ...any)) (Venv, error) {
	wanted, err := os.ReadFile(requirements)
	if err != nil {
		return Venv{}, fmt.Errorf("venvtest: %w", err)
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%s %s\n%s", in.Path, in.Version, wanted))
	dir := filepath.Join(base, fmt.Sprintf("%s-%x", in.Version, key[:8]))
	if err := os.MkdirAll(base, 0o755); err != nil {
		return Venv{}, fmt.Errorf("venvtest: %w", err)
	}
	unlock, err := lock(dir + ".lock")
	if err != nil {
		return Venv{}, fmt.Errorf("venvtest: no lock on %s: %w", dir, err)
	}
	defer unlock()

	venv := Venv{Dir: dir, Python: filepath.Join(dir, "bin", "python3")}
	if venv.ready() {
		return venv, nil
	}
	logf("installing what %s names in %s", requirements, dir)
	return venv, in.install(venv, requirements)
}

// complete is the file that is written last into an environment: one without it
// was not finished.
const complete = "gowsgi-complete"

// ready says whether the environment is complete and its interpreter still
// runs, which is a link to one that may have been removed since.
func (v Venv) ready() bool {
	_, err := os.Stat(filepath.Join(v.Dir, complete))
	return err == nil && exec.Command(v.Python, "-c", "").Run() == nil
}

func (in Interpreter) install(venv Venv, requirements string) error {
	if err := os.RemoveAll(venv.Dir); err != nil {
		return fmt.Errorf("venvtest: %w", err)
	}
	for _, command := range [][]string{
		{in.Path, "-I", "-m", "venv", venv.Dir},
		{venv.Python, "-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--retries", "2", "-r", requirements},
	} {
		if err := run(command); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(venv.Dir, complete), nil, 0o644); err != nil {
		return fmt.Errorf("venvtest: %w", err)
	}
	return nil
}

func run(command []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), installTimeout)
	defer cancel()
	output, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	if err != nil && unreachable.Match(output) {
		err = fmt.Errorf("%w: %w", errUnreachable, err)
	}
	if err != nil {
		return fmt.Errorf("venvtest: %q: %w\n%s", command, err, bytes.TrimSpace(output))
	}
	return nil
}
