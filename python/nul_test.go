//go:build unix

package python_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/python"
)

// A NUL that a middleware Set is the program's fault, also where the client sent
// one somewhere else: a 500 with a record. The application is not called.
func TestNULOfMiddleware(t *testing.T) {
	s := run(t, python.Config{})
	for key, target := range map[string]string{"shop.key": "/two", "PATH_INFO": "/two?%00", "REMOTE_USER": "/two%00"} {
		log := new(wiretest.Buffer)
		h := &adapter.Handler{App: s.ServeWSGI, ErrorLog: log, PrepareEnviron: func(env *environ.Environ) {
			env.Set("PATH_INFO", "/two")
			env.Set(key, "a\x00HTTP_FORGED\x00b")
		}}
		got := wiretest.Serve(t, h).Do("GET " + target + " HTTP/1.1\nHost: x\n\n")
		require.Contains(t, got, "HTTP/1.1 500 Internal Server Error\n", target)
		require.Contains(t, log.String(), `NUL in "`+key+`"`)
		require.Contains(t, log.String(), "(hidden keys: ", "a record")
	}
	require.Zero(t, s.Stats().Requests)
}
