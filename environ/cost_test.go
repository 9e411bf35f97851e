package environ_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
)

// A key costs what reading it costs: no memory.
func TestReadingAKeyAllocatesNothing(t *testing.T) {
	for name, router := range map[string]func(http.Handler) http.Handler{"bare": nil, "mounted": mount("/legacy")} {
		app := fromHandler(dict{"SERVER_NAME": "base", "app.setting": 7})(func(env *environ.Environ) {
			for _, key := range []string{
				"HTTP_USER_AGENT", "HTTP_COOKIE", "HTTP_X_RARE_HEADER_OF_OURS", "HTTP_NEVER_SENT", "HTTP_HOST", "HTTP_TRANSFER_ENCODING",
				"REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI", "CONTENT_TYPE", "CONTENT_LENGTH",
				"SERVER_NAME", "SERVER_PROTOCOL", "REMOTE_ADDR", "REMOTE_PORT", "GATEWAY_INTERFACE", "SERVER_SOFTWARE", "wsgi.url_scheme",
				"HTTPS", "REMOTE_USER", "app.setting", "SERVER_PORT",
			} {
				require.Zero(t, testing.AllocsPerRun(20, func() { _ = env.Get(key) }), "%s: Get of %s", name, key)
			}
			for _, key := range []string{"wsgi.version", "wsgi.multithread", "wsgi.input", "wsgi.input_terminated", "wsgi.file_wrapper", "app.setting"} {
				require.Zero(t, testing.AllocsPerRun(20, func() { _ = env.Value(key) }), "%s: Value of %s", name, key)
			}
		})
		if router != nil {
			app = router(app)
		}
		r := httptest.NewRequest(http.MethodPost, "/legacy/a?b=c", strings.NewReader("hello"))
		r.Header = http.Header{
			"User-Agent": {"test"}, "Cookie": {"a=1"}, "X-Rare-Header-Of-Ours": {"7"}, "Content-Type": {"text/plain"}, "Content-Length": {"5"},
		}
		app.ServeHTTP(httptest.NewRecorder(), r)
	}
}

// Making an environ costs a few allocations, whatever the request has.
func TestMakingAnEnviron(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/legacy/a?b=c", nil)
	for range 20 {
		r.Header.Add("X-Many", "values")
	}
	require.LessOrEqual(t, testing.AllocsPerRun(20, func() { _ = environ.FromRequest(r) }), 2.0)
	env := environ.FromRequest(r)
	require.LessOrEqual(t, testing.AllocsPerRun(20, func() { _ = environ.FromRequest(r).Input() }), 5.0)
	require.LessOrEqual(t, testing.AllocsPerRun(20, func() { _ = env.Clone() }), 2.0)
}
