package environ_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/middleware"
	"github.com/gowsgi/gowsgi/secure"
)

var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%e", "%c", "%U", "%10.3v", "%-70s", "% x", "%#q", "%+.2q", "%z"}

// docs/design.md has the same table.
func TestText(t *testing.T) {
	two := dict{"REMOTE_ADDR": "::1", "HTTP_AUTHORIZATION": "secret"}
	address := []string{"REMOTE_ADDR"}
	for _, tt := range []struct {
		name       string
		policy     *secure.Policy // nil: none was set
		values     dict
		text, json string
		log        string
	}{
		{
			"secure.Default", &secure.Default, two, "<environ.Environ (keys: 2)>", `{"hidden_keys":2}`, `"env":{"hidden_keys":2}`,
		},
		{
			"allowed and masked", &secure.Policy{Allow: address, ShowMaskedKeys: true}, two,
			"{'HTTP_AUTHORIZATION': '<MASKED>', 'REMOTE_ADDR': '::1'}",
			`{"HTTP_AUTHORIZATION":"\u003cMASKED\u003e","REMOTE_ADDR":"::1"}`,
			`"env":{"HTTP_AUTHORIZATION":"<MASKED>","REMOTE_ADDR":"::1"}`,
		},
		{
			"secure.WSGI", &secure.WSGI, two, "{'REMOTE_ADDR': '::1', (hidden keys: 1)}",
			`{"REMOTE_ADDR":"::1","hidden_keys":1}`, `"env":{"REMOTE_ADDR":"::1","hidden_keys":1}`,
		},
		{
			"allowed", &secure.Policy{Allow: address}, two, "{'REMOTE_ADDR': '::1', (hidden keys: 1)}",
			`{"REMOTE_ADDR":"::1","hidden_keys":1}`, `"env":{"REMOTE_ADDR":"::1","hidden_keys":1}`,
		},
		{
			"off", &secure.Policy{Off: true}, two, "{'HTTP_AUTHORIZATION': 'secret', 'REMOTE_ADDR': '::1'}",
			`{"HTTP_AUTHORIZATION":"secret","REMOTE_ADDR":"::1"}`, `"env":{"HTTP_AUTHORIZATION":"secret","REMOTE_ADDR":"::1"}`,
		},
		{
			"none", nil, two, "{'REMOTE_ADDR': '::1', (hidden keys: 1)}",
			`{"REMOTE_ADDR":"::1","hidden_keys":1}`, `"env":{"REMOTE_ADDR":"::1","hidden_keys":1}`,
		},
		{"the zero Policy", new(secure.Policy), two, "<environ.Environ (keys: 2)>", `{"hidden_keys":2}`, `"env":{"hidden_keys":2}`},
		{"all hidden", nil, dict{"a": 1}, "{, (hidden keys: 1)}", `{"hidden_keys":1}`, `"env":{"hidden_keys":1}`},
		{"empty", nil, nil, "{}", `{}`, ""},
		{"empty, counted", &secure.Default, nil, "<environ.Environ (keys: 0)>", `{}`, ""},
		{
			"values of all kinds", &secure.Policy{Off: true},
			dict{"a": nil, "b": true, "c": 7, "d": [2]int{1, 0}, "e": "caf\xe9'\n", "f": []string{"x"}, "g": struct{ s string }{"hidden"}, "h": 0.5},
			`{'a': None, 'b': True, 'c': 7, 'd': (1, 0), 'e': "café'\n", 'f': ['x'], 'g': <struct { s string }>, 'h': 0.5}`,
			`{"a":null,"b":true,"c":7,"d":"(1, 0)","e":"café'\n","f":"['x']","g":"\u003cstruct { s string }\u003e","h":"0.5"}`,
			`"env":{"a":null,"b":true,"c":7,"d":"(1, 0)","e":"café'\n","f":"['x']","g":"<struct { s string }>","h":"0.5"}`,
		},
		{
			"a key that is not UTF-8", &secure.Policy{Off: true}, dict{"\xff": "\xfe"}, `{'ÿ': 'þ'}`, `{"ÿ":"þ"}`, `"env":{"ÿ":"þ"}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := environ.New(tt.values)
			if tt.policy != nil {
				env.SetPolicy(*tt.policy)
			}
			for _, e := range []*environ.Environ{env, env.Clone(), env.Clone().Clone()} {
				for _, verb := range verbs {
					require.Equal(t, tt.text, fmt.Sprintf(verb, e), verb)
					require.Equal(t, tt.text, fmt.Sprintf(verb, *e), verb)
				}
				require.Equal(t, tt.text, e.String())
				require.Equal(t, tt.text, e.GoString())
				text, err := encoding.TextMarshaler(e).MarshalText()
				require.NoError(t, err)
				require.Equal(t, tt.text, string(text))
				object, err := json.Marshal(e)
				require.NoError(t, err)
				require.Equal(t, tt.json, string(object))

				var out bytes.Buffer
				slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "env", e)
				require.Contains(t, out.String(), `"msg":"m"`)
				require.Contains(t, out.String(), tt.log)
			}
		})
	}
}

// The zero Environ is an empty dict under secure.WSGI.
func TestZeroPrints(t *testing.T) {
	var env environ.Environ
	require.Equal(t, "{}", fmt.Sprint(env))
	require.Equal(t, "{}", fmt.Sprint(&env))
	require.Equal(t, "<nil>", fmt.Sprint((*environ.Environ)(nil)))
	env.Set("HTTP_HOST", "example.com")
	env.Set("HTTP_COOKIE", "secret")
	require.Equal(t, "{'HTTP_HOST': 'example.com', (hidden keys: 1)}", fmt.Sprint(env))

	var masked environ.Environ
	masked.SetPolicy(secure.Default)
	masked.Set("HTTP_HOST", "example.com")
	require.Equal(t, "<environ.Environ (keys: 1)>", masked.String())
}

// A policy belongs to one instance and to the clones made of it later.
func TestPolicyOfAnInstance(t *testing.T) {
	env := environ.New(dict{"a": "1"})
	before := env.Clone()
	policy := secure.Policy{Allow: []string{"a"}}
	env.SetPolicy(policy)
	after := env.Clone()
	policy.Allow = nil
	env.SetPolicy(policy)
	require.Equal(t, "{, (hidden keys: 1)}", before.String())
	require.Equal(t, "{'a': '1'}", after.String())
	require.Equal(t, "<environ.Environ (keys: 1)>", env.String())
	require.Equal(t, "{, (hidden keys: 1)}", environ.New(dict{"a": "1"}).String())
}

// The policy is the instance's, or the innermost of Handler, middleware and
// Server that has one.
func TestPolicyFromOutside(t *testing.T) {
	counted := "<environ.Environ (keys: 1)>"
	one := func(env *environ.Environ) *environ.Environ { // with one key
		for key := range env.All() {
			if key != "HTTP_HOST" {
				env.Delete(key)
			}
		}
		return env
	}
	under := func(policy *secure.Policy, read func(*environ.Environ)) http.Handler {
		h := fromHandler(nil)(read).(*adapter.Handler)
		h.Policy = policy
		return h
	}
	for _, tt := range []struct {
		name  string
		serve func(read func(*environ.Environ)) http.Handler
		want  string
	}{
		{"none", func(read func(*environ.Environ)) http.Handler { return under(nil, read) }, "{'HTTP_HOST': 'example.com'}"},
		{"Handler's", func(read func(*environ.Environ)) http.Handler { return under(&secure.Default, read) }, counted},
		{"below a Handler's", func(read func(*environ.Environ)) http.Handler {
			return &adapter.Handler{Policy: &secure.Default, App: adapter.FromHandler(fromRequest(read))}
		}, counted},
		{"of an instance, below it", func(read func(*environ.Environ)) http.Handler {
			set := func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					env, _ := environ.FromContext(r.Context())
					env.SetPolicy(secure.Default)
					next.ServeHTTP(w, r)
				})
			}
			return inside(middleware.Environ(nil), set)(fromRequest(read))
		}, counted},
		{"Handler's over that of an instance outside", func(read func(*environ.Environ)) http.Handler {
			return &adapter.Handler{Policy: &secure.Default, App: adapter.FromHandler(under(&secure.WSGI, read))}
		}, "{'HTTP_HOST': 'example.com'}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got, clone string
			app := tt.serve(func(env *environ.Environ) { got, clone = one(env).String(), env.Clone().String() })
			app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
			if diff := cmp.Diff([]string{tt.want, tt.want}, []string{got, clone}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
