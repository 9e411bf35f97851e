package environ_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
)

// children are what a test needs a process of its own for.
var children = map[string]func(){
	"stderr":             func() { scribble(environ.New(nil)) },
	"panic, a pointer":   func() { panic(secretive()) },
	"panic, a value":     func() { panic(*secretive()) },
	"panic, in a struct": func() { panic(struct{ Env *environ.Environ }{secretive()}) },
	"panic, an error":    func() { panic(failure{secretive()}) },
	"print":              func() { println(secretive()) },
}

const childVariable = "GOWSGI_TEST_CHILD"

func TestMain(m *testing.M) {
	if run, ok := children[os.Getenv(childVariable)]; ok {
		run()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child runs one of children and returns what it wrote.
func child(t *testing.T, name string) string {
	t.Helper()
	require.Contains(t, children, name)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+name, "GORACE=atexit_sleep_ms=0")
	out, _ := cmd.CombinedOutput()
	return string(out)
}
