package python

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// findInterpreter returns the path of the interpreter that c means.
func findInterpreter(c Config) (string, error) {
	if c.Python != "" {
		return lookInterpreter(c.Python)
	}
	if env := lookEnv(c.Env, "VIRTUAL_ENV"); env != "" {
		path := filepath.Join(env, "bin", "python")
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("python: VIRTUAL_ENV names a virtual environment without an interpreter: make it anew, unset the variable, or set Config.Python: %w", err)
		}
		return path, nil
	}
	for _, folder := range []string{".venv", "venv"} {
		path := filepath.Join(c.Dir, folder, "bin", "python")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return lookInterpreter("python3")
}

func lookInterpreter(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("python: no interpreter: install CPython 3.9 or later, or name one in Config.Python: %w", err)
	}
	return filepath.Abs(path)
}

// lookEnv returns the value of a variable, those in added before this process's.
func lookEnv(added []string, name string) string {
	for i := len(added) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(added[i], name+"="); ok {
			return value
		}
	}
	return os.Getenv(name)
}
