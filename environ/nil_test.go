package environ_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
)

// TestNilEnvironPrints: a nil *Environ is printed as a nil, by everything that
// prints one with values in it.
func TestNilEnvironPrints(t *testing.T) {
	var env *environ.Environ
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: dropTime})).Info("m", "env", env)
	require.Equal(t, "level=INFO msg=m env=<nil>\n", out.String())
	out.Reset()
	slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: dropTime})).Info("m", "env", env, slog.Group("g", "env", env))
	require.Equal(t, `{"level":"INFO","msg":"m","env":null,"g":{"env":null}}`+"\n", out.String())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		require.Equal(t, "<nil>", fmt.Sprintf(verb, env), verb)
	}
	text, err := json.Marshal(map[string]any{"env": env})
	require.NoError(t, err)
	require.Equal(t, `{"env":null}`, string(text))
}

// TestSlogOfAValue: an Environ that is not behind a pointer is masked alike.
func TestSlogOfAValue(t *testing.T) {
	env := environ.New(map[string]any{"REMOTE_ADDR": "::1", "HTTP_COOKIE": secret})
	var pointer, value bytes.Buffer
	slog.New(slog.NewJSONHandler(&pointer, &slog.HandlerOptions{ReplaceAttr: dropTime})).Info("m", "env", env)
	slog.New(slog.NewJSONHandler(&value, &slog.HandlerOptions{ReplaceAttr: dropTime})).Info("m", "env", *env)
	require.Equal(t, `{"level":"INFO","msg":"m","env":{"REMOTE_ADDR":"::1","hidden_keys":1}}`+"\n", pointer.String())
	require.Equal(t, pointer.String(), value.String())
}

func dropTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
