package environ_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
)

type scheme string

// An integer under a key that has a string is read as its decimal text, wherever
// it comes from; a dict gives it back as it is.
func TestGetOfWhatIsNoString(t *testing.T) {
	for _, tt := range []struct {
		key   string
		value any
		want  string
	}{
		{"CONTENT_LENGTH", 5, "5"},
		{"CONTENT_LENGTH", int64(1) << 40, "1099511627776"},
		{"REMOTE_PORT", uint16(8080), "8080"},
		{"X_DEPTH", -1, "-1"},
		{"X_SCHEME", scheme("https"), "https"},
		{"X_NUMBER", json.Number("7"), "7"},
		{"HTTPS", true, ""},
		{"X_RATIO", 1.5, ""},
		{"X_BYTES", []byte("b"), ""},
		{"X_LIST", []string{"a"}, ""},
		{"X_NIL", nil, ""},
		{"app.workers", 5, ""},
		{"app.scheme", scheme("https"), ""},
	} {
		literal := environ.New(dict{tt.key: tt.value})
		set := environ.FromRequest(httptest.NewRequest("GET", "/", nil))
		set.Set(tt.key, tt.value)
		for name, env := range map[string]*environ.Environ{"literal": literal, "Set": set} {
			require.Equal(t, tt.want, env.Get(tt.key), "%s: %s is %v", name, tt.key, tt.value)
			require.Equal(t, tt.value, env.Value(tt.key))
			require.Equal(t, tt.value, env.Map()[tt.key])
		}
		fromHandler(dict{"BASE_" + tt.key: tt.value})(func(env *environ.Environ) {
			require.Equal(t, tt.want, env.Get("BASE_"+tt.key), "base: %s is %v", tt.key, tt.value)
			require.Equal(t, tt.value, env.Value("BASE_"+tt.key))
		}).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
}

// A URL is put together of what was Set, integers too.
func TestURLOfIntegers(t *testing.T) {
	env := environ.New(dict{"SERVER_NAME": "x", "SERVER_PORT": 8080, "wsgi.url_scheme": "http", "PATH_INFO": "/a"})
	require.Equal(t, "http://x:8080/a", env.RequestURL())
}

func TestInputOfWhatWasSet(t *testing.T) {
	for _, tt := range []struct {
		name  string
		value any
		want  string
		err   string
	}{
		{"bytes", []byte("one\ntwo"), "one\ntwo", ""},
		{"string", "one\ntwo", "one\ntwo", ""},
		{"named bytes", json.RawMessage("[]"), "[]", ""},
		{"named string", scheme("http"), "http", ""},
		{"reader", strings.NewReader("one"), "one", ""},
		{"buffer", bytes.NewBufferString("one"), "one", ""},
		{"input", environ.NewInput(strings.NewReader("one")), "one", ""},
		{"nil", nil, "", ""},
		{"integer", 5, "", "environ: reading wsgi.input: environ: wsgi.input is a int: it has to be an io.Reader, a []byte or a string"},
		{"list", []string{"s3cret"}, "", "environ: reading wsgi.input: environ: wsgi.input is a []string: it has to be an io.Reader, a []byte or a string"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := environ.FromRequest(form())
			env.Set("wsgi.input", tt.value)
			line, err := env.Input().ReadLine(-1)
			rest, last := env.Input().ReadN(-1)
			require.Equal(t, tt.want, string(line)+string(rest))
			if tt.err != "" {
				require.EqualError(t, err, tt.err)
				require.EqualError(t, last, tt.err)
				return
			}
			require.NoError(t, last)
		})
	}
}
