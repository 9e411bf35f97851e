package validate_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/middleware"
)

// absent stands for a key to be deleted.
type absent struct{}

// misgiven are environs that a server, or a middleware, must not give.
var misgiven = []struct {
	name    string
	changes map[string]any
	want    string
}{
	{"no REQUEST_METHOD", map[string]any{"REQUEST_METHOD": absent{}}, `environ key "REQUEST_METHOD" is missing; it has to be a method: a token of HTTP`},
	{"empty REQUEST_METHOD", map[string]any{"REQUEST_METHOD": ""}, `environ key "REQUEST_METHOD" is not a method: a token of HTTP`},
	{"REQUEST_METHOD with a space", map[string]any{"REQUEST_METHOD": "s3cret x"}, `environ key "REQUEST_METHOD" is not a method: a token of HTTP`},
	{"no SERVER_NAME", map[string]any{"SERVER_NAME": absent{}}, `environ key "SERVER_NAME" is missing; it has to be a string that is not empty`},
	{"empty SERVER_NAME", map[string]any{"SERVER_NAME": ""}, `environ key "SERVER_NAME" is not a string that is not empty`},
	{"no SERVER_PORT", map[string]any{"SERVER_PORT": absent{}}, `environ key "SERVER_PORT" is missing; it has to be a string of digits`},
	{"empty SERVER_PORT", map[string]any{"SERVER_PORT": ""}, `environ key "SERVER_PORT" is not a string of digits`},
	{"SERVER_PORT as an int", map[string]any{"SERVER_PORT": 80}, `environ key "SERVER_PORT" is a int; without a dot in its name it has to be a string`},
	{"no SERVER_PROTOCOL", map[string]any{"SERVER_PROTOCOL": absent{}}, `environ key "SERVER_PROTOCOL" is missing; it has to be a string like "HTTP/1.1"`},
	{"strange SERVER_PROTOCOL", map[string]any{"SERVER_PROTOCOL": "s3cret"}, `environ key "SERVER_PROTOCOL" is not a string like "HTTP/1.1"`},
	{"no wsgi.version", map[string]any{"wsgi.version": absent{}}, `environ key "wsgi.version" is missing; it has to be [2]int{1, 0}`},
	{"another wsgi.version", map[string]any{"wsgi.version": [2]int{2, 0}}, `environ key "wsgi.version" is not [2]int{1, 0}`},
	{"wsgi.version as a slice", map[string]any{"wsgi.version": []int{1, 0}}, `environ key "wsgi.version" is not [2]int{1, 0}`},
	{"no wsgi.url_scheme", map[string]any{"wsgi.url_scheme": absent{}}, `environ key "wsgi.url_scheme" is missing; it has to be "http" or "https"`},
	{"another wsgi.url_scheme", map[string]any{"wsgi.url_scheme": "s3cret"}, `environ key "wsgi.url_scheme" is not "http" or "https"`},
	{"no wsgi.input", map[string]any{"wsgi.input": absent{}}, `environ key "wsgi.input" is missing; it has to be an io.Reader`},
	{"nil wsgi.input", map[string]any{"wsgi.input": nil}, `environ key "wsgi.input" is not an io.Reader`},
	{"wsgi.input as bytes", map[string]any{"wsgi.input": []byte("s3cret")}, `environ key "wsgi.input" is not an io.Reader`},
	{"no wsgi.errors", map[string]any{"wsgi.errors": absent{}}, `environ key "wsgi.errors" is missing; it has to be an io.Writer`},
	{"nil wsgi.errors", map[string]any{"wsgi.errors": nil}, `environ key "wsgi.errors" is not an io.Writer`},
	{"no wsgi.multithread", map[string]any{"wsgi.multithread": absent{}}, `environ key "wsgi.multithread" is missing; it has to be a bool`},
	{"wsgi.multithread as a string", map[string]any{"wsgi.multithread": "s3cret"}, `environ key "wsgi.multithread" is not a bool`},
	{"no wsgi.multiprocess", map[string]any{"wsgi.multiprocess": absent{}}, `environ key "wsgi.multiprocess" is missing; it has to be a bool`},
	{"wsgi.run_once as an int", map[string]any{"wsgi.run_once": 1}, `environ key "wsgi.run_once" is not a bool`},
	{"SCRIPT_NAME is a slash", map[string]any{"SCRIPT_NAME": "/"}, `environ key "SCRIPT_NAME" is not empty, or a path that begins with "/" and does not end in one`},
	{"SCRIPT_NAME ends in a slash", map[string]any{"SCRIPT_NAME": "/s3cret/"}, `environ key "SCRIPT_NAME" is not empty, or a path that begins with "/" and does not end in one`},
	{"SCRIPT_NAME without its slash", map[string]any{"SCRIPT_NAME": "s3cret"}, `environ key "SCRIPT_NAME" is not empty, or a path that begins with "/" and does not end in one`},
	{"PATH_INFO without its slash", map[string]any{"PATH_INFO": "s3cret"}, `environ key "PATH_INFO" is not empty, "*", or a path that begins with "/"`},
	{"PATH_INFO * with GET", map[string]any{"PATH_INFO": "*"}, `environ key "PATH_INFO" is "*" with another method than OPTIONS`},
	{"neither SCRIPT_NAME nor PATH_INFO", map[string]any{"SCRIPT_NAME": absent{}, "PATH_INFO": absent{}}, `environ keys "SCRIPT_NAME" and "PATH_INFO" are both empty; the latter has to be "/" then`},
	{"negative CONTENT_LENGTH", map[string]any{"CONTENT_LENGTH": "-5"}, `environ key "CONTENT_LENGTH" is not empty or digits`},
	{"CONTENT_LENGTH that is no number", map[string]any{"CONTENT_LENGTH": "s3cret"}, `environ key "CONTENT_LENGTH" is not empty or digits`},
	{"HTTP_CONTENT_TYPE", map[string]any{"HTTP_CONTENT_TYPE": "s3cret"}, `environ key "HTTP_CONTENT_TYPE" must not be there; the key is "CONTENT_TYPE"`},
	{"HTTP_CONTENT_LENGTH", map[string]any{"HTTP_CONTENT_LENGTH": "5"}, `environ key "HTTP_CONTENT_LENGTH" must not be there; the key is "CONTENT_LENGTH"`},
	{"a header as bytes", map[string]any{"HTTP_X": []byte("s3cret")}, `environ key "HTTP_X" is a []uint8; without a dot in its name it has to be a string`},
	{"a header that is nil", map[string]any{"HTTP_X": nil}, `environ key "HTTP_X" is a <nil>; without a dot in its name it has to be a string`},
	{"a key of one's own without a dot", map[string]any{"MINE": 5}, `environ key "MINE" is a int; without a dot in its name it has to be a string`},
}

func change(env *environ.Environ, changes map[string]any) {
	for key, value := range changes {
		if value == (absent{}) {
			env.Delete(key)
		} else {
			env.Set(key, value)
		}
	}
}

func TestValidateCatchesEnvirons(t *testing.T) {
	for _, tt := range misgiven {
		t.Run(tt.name, func(t *testing.T) {
			_, want, _ := serveValidated(t, "GET", list("200 OK", plain, "body"), tt.changes)
			if diff := cmp.Diff("middleware: Validate: "+tt.want+` (PEP 3333, "environ Variables")`, want); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
			require.NotContains(t, want, "s3cret")
		})
	}
}

func TestValidateCatchesFileWrapper(t *testing.T) {
	_, got, _ := serveValidated(t, "GET", list("200 OK", plain, "body"), map[string]any{"wsgi.file_wrapper": 5})
	require.Equal(t, `middleware: Validate: environ key "wsgi.file_wrapper" is not a func(io.Reader, int) adapter.Body (PEP 3333, "Optional Platform-Specific File Handling")`, got)
}

func TestValidateLetsEnvironsPass(t *testing.T) {
	tests := map[string]map[string]any{
		"nothing changed":           nil,
		"OPTIONS *":                 {"REQUEST_METHOD": "OPTIONS", "PATH_INFO": "*"},
		"mounted":                   {"SCRIPT_NAME": "/app", "PATH_INFO": ""},
		"mounted, without a path":   {"SCRIPT_NAME": "/app", "PATH_INFO": absent{}},
		"without SCRIPT_NAME":       {"SCRIPT_NAME": absent{}},
		"empty CONTENT_LENGTH":      {"CONTENT_LENGTH": ""},
		"HTTP/2":                    {"SERVER_PROTOCOL": "HTTP/2"},
		"extension of any type":     {"my.extension": 5},
		"any io.Reader":             {"wsgi.input": strings.NewReader("")},
		"any io.Writer":             {"wsgi.errors": io.Discard},
		"without wsgi.file_wrapper": {"wsgi.file_wrapper": absent{}},
	}
	for name, changes := range tests {
		t.Run(name, func(t *testing.T) {
			code, got, log := serveValidated(t, "GET", list("200 OK", plain, "body"), changes)
			require.Equal(t, "", got)
			require.Equal(t, "", log)
			require.Equal(t, 200, code)
		})
	}
}

// serveValidated serves app under Validate and returns its status, what went
// wrong, and what came to wsgi.errors.
func serveValidated(t *testing.T, method string, app adapter.App, changes map[string]any) (code int, found, logged string) {
	t.Helper()
	var errs []error
	var log wiretest.Buffer
	h := &adapter.Handler{
		App:            middleware.Validate(app),
		ErrorLog:       &log,
		PrepareEnviron: func(env *environ.Environ) { change(env, changes) },
		HandleError:    func(_ *environ.Environ, err error) { errs = append(errs, err) },
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(method, "/", nil))
	if err := errors.Join(errs...); err != nil {
		found = err.Error()
	}
	return rec.Code, found, log.String()
}

func TestValidateWarnsOnce(t *testing.T) {
	tests := []struct {
		name    string
		changes map[string]any
		want    string
	}{
		{"no QUERY_STRING", map[string]any{"QUERY_STRING": absent{}}, `environ key "QUERY_STRING" is missing; what was written for CGI relies on it`},
		{"lower case method", map[string]any{"REQUEST_METHOD": "get"}, `environ key "REQUEST_METHOD" is an unusual method`},
		{"CONNECT", map[string]any{"REQUEST_METHOD": "CONNECT"}, `environ key "REQUEST_METHOD" is an unusual method`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log wiretest.Buffer
			h := &adapter.Handler{
				App:            middleware.Validate(list("200 OK", plain, "body")),
				ErrorLog:       &log,
				PrepareEnviron: func(env *environ.Environ) { change(env, tt.changes) },
			}
			for range 2 {
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
				require.Equal(t, 200, rec.Code)
			}
			want := "middleware: Validate: warning: " + tt.want + " (PEP 3333, \"environ Variables\")\n"
			if diff := cmp.Diff(want, log.String()); diff != "" {
				t.Errorf("wsgi.errors (-want +got):\n%s", diff)
			}
		})
	}
}

// closable is a wsgi.input and a wsgi.errors that can be closed.
type closable struct {
	io.Reader
	io.Writer
	closed bool
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}

func TestValidateCatchesClosedStreams(t *testing.T) {
	for _, key := range []string{"wsgi.input", "wsgi.errors"} {
		t.Run(key, func(t *testing.T) {
			app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				_ = env.Value(key).(io.Closer).Close()
				data, err := env.Input().ReadN(-1)
				require.NoError(t, err)
				require.Equal(t, map[string]string{"wsgi.input": "read"}[key], string(data))
				_, err = start("200 OK", plain)
				return adapter.Bytes(data), err
			}
			var log strings.Builder
			stream := &closable{Reader: strings.NewReader("read"), Writer: &log}
			code, found, _ := serveValidated(t, "POST", app, map[string]any{key: stream})
			require.Equal(t, `middleware: Validate: the App closed `+key+` (PEP 3333, "Input and Error Streams")`, found)
			require.Equal(t, 500, code)
			require.False(t, stream.closed)
		})
	}
}

func TestValidateKeepsStreams(t *testing.T) {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		data, err := env.Input().ReadN(-1)
		require.NoError(t, err)
		_, err = env.Errors().WriteString("logged\n")
		require.NoError(t, err)
		_, err = start("200 OK", plain)
		return adapter.Bytes(data), err
	}
	var log strings.Builder
	stream := &closable{Reader: strings.NewReader("read"), Writer: &log}
	code, found, _ := serveValidated(t, "POST", app, map[string]any{"wsgi.input": stream, "wsgi.errors": stream})
	require.Equal(t, "", found)
	require.Equal(t, 200, code)
	require.Equal(t, "logged\n", log.String())
}
