package environ_test

import (
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
)

// TestInputSetIsSafeToRead asks for a wsgi.input that was Set from many goroutines.
// Reading an Environ is safe, and all of them get one Input.
func TestInputSetIsSafeToRead(t *testing.T) {
	set := func(env *environ.Environ) *environ.Environ {
		env.Set("wsgi.input", strings.NewReader("one\ntwo\n"))
		return env
	}
	for name, env := range map[string]*environ.Environ{
		"of a request": set(environ.FromRequest(httptest.NewRequest("POST", "/", strings.NewReader("other")))),
		"a literal":    environ.New(dict{"wsgi.input": strings.NewReader("one\ntwo\n")}),
		"a zero":       set(new(environ.Environ)),
		"a clone":      set(environ.New(nil)).Clone(),
	} {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			inputs := make([]*environ.Input, 16)
			for i := range inputs {
				all.Go(func() {
					inputs[i] = env.Input()
					_ = env.Len()
					_, _ = env.Lookup("wsgi.input")
					_ = env.Map()
				})
			}
			all.Wait()
			for _, in := range inputs {
				require.Same(t, inputs[0], in)
			}
			line, err := env.Input().ReadLine(-1)
			require.NoError(t, err)
			require.Equal(t, "one\n", string(line))
			rest, err := io.ReadAll(env.Value("wsgi.input").(io.Reader))
			require.NoError(t, err)
			require.Equal(t, "two\n", string(rest), "a reader of lines has read ahead of it")
		})
	}
}

// TestInputAsItWasSet: until somebody asks for the Input, the value is the one that
// was Set.
func TestInputAsItWasSet(t *testing.T) {
	r := strings.NewReader("text")
	env := environ.New(dict{"wsgi.input": r})
	require.Same(t, r, env.Value("wsgi.input"))
	require.Same(t, r, env.Map()["wsgi.input"])
	env.Set("wsgi.input", r)
	require.Same(t, r, env.Value("wsgi.input"))
	require.Same(t, env.Input(), env.Value("wsgi.input"))
	in := environ.NewInput(r)
	env.Set("wsgi.input", in)
	require.Same(t, in, env.Value("wsgi.input"))
	require.Same(t, in, env.Input())
	in = new(environ.Input)
	env.Set("wsgi.input", in)
	require.Same(t, in, env.Value("wsgi.input"))
	require.Same(t, in, env.Input())
	for _, none := range []any{nil, (*environ.Input)(nil)} {
		env.Set("wsgi.input", none)
		p, err := env.Input().ReadN(-1)
		require.NoError(t, err)
		require.Empty(t, p)
		require.Equal(t, none, env.Value("wsgi.input"))
	}
}
