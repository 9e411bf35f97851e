package environ_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
)

const secret = "hunter2-s3cr3t"

// secretive is an environ that has the secret wherever one can be.
func secretive() *environ.Environ {
	r := httptest.NewRequest(http.MethodPost, "/path/"+secret+"?token="+secret, strings.NewReader("line\n"+secret))
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Cookie", "session="+secret)
	r.Header.Set("X-Api-Key", secret)
	env := environ.FromRequest(r)
	env.Set("app.password", secret)
	if _, err := env.Input().ReadLine(-1); err != nil { // the secret is read ahead
		panic(err)
	}
	env.Set("app.config", map[string]any{"password": secret})
	return env
}

// encodings are what a secret can look like.
func encodings(s string) []string {
	return []string{
		s, hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))), fmt.Sprintf("% x", s),
		base64.StdEncoding.EncodeToString([]byte(s))[:16], strings.Trim(fmt.Sprint([]byte(s)), "[]"),
		strings.TrimPrefix(fmt.Sprintf("%#v", []byte(s)), "[]byte"), fmt.Sprintf("%d", []rune(s)[:6]),
	}
}

func requireMasked(t *testing.T, text string) {
	t.Helper()
	for _, form := range encodings(secret) {
		if at := strings.Index(text, form); at >= 0 {
			t.Fatalf("the secret is in %.300q", text[max(0, at-100):])
		}
	}
}

func TestLeaksAreSeen(t *testing.T) {
	for _, text := range []string{
		fmt.Sprint(dict{"a": secret}), fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprint([]byte(secret)), fmt.Sprintf("% x", secret),
		fmt.Sprintf("%#v", []byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret)),
	} {
		require.True(t, slices.ContainsFunc(encodings(secret), func(form string) bool { return strings.Contains(text, form) }), text)
	}
}

type exported struct {
	Env  *environ.Environ
	Val  environ.Environ
	Any  any
	List []*environ.Environ
}

type unexported struct {
	env  *environ.Environ
	val  environ.Environ
	any  any
	list []environ.Environ
	dict map[string]environ.Environ
}

type embedding struct{ *environ.Environ }

type embeddingValue struct{ environ.Environ }

type failure struct{ env *environ.Environ }

func (f failure) Error() string { return fmt.Sprintf("failed with %v", f.env) }

// holders are values that an environ sits in.
func holders() map[string]any {
	env := secretive()
	return map[string]any{
		"pointer": env, "value": *env, "pointer to pointer": &env, "clone": env.Clone(),
		"exported fields":   exported{env, *env, env, []*environ.Environ{env}},
		"unexported fields": unexported{env, *env, *env, []environ.Environ{*env}, map[string]environ.Environ{"a": *env}},
		"pointer to fields": &unexported{env, *env, env, []environ.Environ{*env}, nil},
		"embedded":          embedding{env}, "embedded value": embeddingValue{*env},
		"slice": []*environ.Environ{env}, "slice of values": []environ.Environ{*env}, "array": [1]environ.Environ{*env},
		"map": map[string]*environ.Environ{"a": env}, "map of values": map[string]environ.Environ{"a": *env},
		"key of a map": map[*environ.Environ]int{env: 1}, "slice of any": []any{env, *env, &env}, "map of any": map[string]any{"a": []any{*env}},
		"func": env.String, "bound method": env.Get, "error": failure{env}, "wrapped": fmt.Errorf("wrapping: %w", failure{env}),
		"joined": errors.Join(failure{env}, fmt.Errorf("%+v %#v", env, *env)), "context": environ.NewContext(context.Background(), env),
		"wsgi.errors": env.Errors(), "wsgi.input": env.Input(), "slice of inputs": []*environ.Input{env.Input()},
	}
}

func TestFmtLeaksNothing(t *testing.T) {
	for name, holder := range holders() {
		for _, verb := range append(verbs, "%T", "%p", "%o", "%b", "%+d", "%#x", "%08v", "%[2]v", "%!", "%v %v") {
			t.Run(name+" "+verb, func(t *testing.T) {
				requireMasked(t, fmt.Sprintf(verb, holder))
				requireMasked(t, fmt.Errorf(verb, holder).Error())
			})
		}
		requireMasked(t, fmt.Sprint(holder)+fmt.Sprintln(holder))
		var out bytes.Buffer
		log.New(&out, "", 0).Println(holder)
		requireMasked(t, out.String())
	}
}

func TestSlogLeaksNothing(t *testing.T) {
	for name, holder := range holders() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
				logger := slog.New(h)
				logger.Info("m", "env", holder)
				logger.With("env", holder).WithGroup("g").Info("m", slog.Group("h", "env", holder))
				logger.Info(fmt.Sprint(holder))
			}
			requireMasked(t, out.String())
		})
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "env", secretive())
	require.Contains(t, out.String(), `env.REMOTE_ADDR=192.0.2.1 env.REMOTE_PORT=1234 env.hidden_keys=`)
}

func TestEncodersLeakNothing(t *testing.T) {
	for name, holder := range holders() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			text, err := json.MarshalIndent(holder, "", " ")
			fmt.Fprintf(&out, "%s %v\n", text, err)
			text, err = xml.Marshal(holder)
			fmt.Fprintf(&out, "%s %v\n", text, err)
			fmt.Fprintln(&out, gob.NewEncoder(&out).Encode(holder))
			for _, layout := range []string{"{{.}}", "{{printf `%#v %d` . .}}", "{{print .}}", "{{html .}}", "{{js .}}", "{{urlquery .}}"} {
				fmt.Fprintln(&out, template.Must(template.New("").Parse(layout)).Execute(&out, holder))
			}
			page := "<p title='{{.}}'>{{.}}</p><script>var x = {{.}}</script><a href='{{.}}'></a>"
			fmt.Fprintln(&out, htmltemplate.Must(htmltemplate.New("").Parse(page)).Execute(&out, holder))
			requireMasked(t, out.String())
		})
	}
	env := secretive()
	nested, err := json.Marshal(map[string]any{"request": []any{env, *env}})
	require.NoError(t, err)
	shown := fmt.Sprintf(`{"HTTP_HOST":"example.com","REMOTE_ADDR":"192.0.2.1","REMOTE_PORT":"1234","hidden_keys":%d}`, env.Len()-3)
	require.Equal(t, `{"request":[`+shown+","+shown+`]}`, string(nested))
}

// report is a testing.T that keeps what a failed assertion says.
type report struct{ text strings.Builder }

func (r *report) Errorf(format string, args ...any) { fmt.Fprintf(&r.text, format, args...) }

func TestAssertionsLeakNothing(t *testing.T) {
	other := holders()
	for name, holder := range holders() {
		t.Run(name, func(t *testing.T) {
			r := new(report)
			assert.Equal(r, other[name], holder)
			require.False(t, assert.Equal(r, other["slice"], []any{holder}))
			require.False(t, assert.Equal(r, holder, "no environ", "%v %#v", holder, holder))
			require.False(t, assert.EqualValues(r, 7, holder))
			require.False(t, assert.Nil(r, holder))
			require.False(t, assert.Same(r, holder, new(int)))
			require.False(t, assert.ElementsMatch(r, []any{holder}, []any{7}))
			require.False(t, assert.Contains(r, []any{holder}, 7))
			require.False(t, assert.IsType(r, 7, holder))
			require.False(t, assert.Len(r, []any{holder}, 7))
			require.False(t, assert.Empty(r, holder))
			require.False(t, assert.Fail(r, fmt.Sprint(holder), holder))
			assert.NotEqual(r, holder, holder)
			assert.Panics(r, func() {})
			require.NotEmpty(t, r.text.String())
			requireMasked(t, r.text.String())
		})
	}
}

func TestCmpLeaksNothing(t *testing.T) {
	all := cmp.Exporter(func(reflect.Type) bool { return true })
	for name, holder := range holders() {
		for by, opts := range map[string][]cmp.Option{
			"plain": nil, "all exported": {all}, "unexported ignored": {cmpopts.IgnoreUnexported(environ.Environ{}, unexported{}, exported{})},
			"errors": {all, cmpopts.EquateErrors()},
		} {
			t.Run(name+"/"+by, func(t *testing.T) {
				for _, against := range []any{nil, 7, holders()[name]} {
					requireMasked(t, diffOf(holder, against, opts))
				}
			})
		}
	}
}

// diffOf is cmp.Diff, or what it panics with where a type is not its to compare.
func diffOf(a, b any, opts []cmp.Option) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("%v %#v", v, v)
		}
	}()
	return cmp.Diff(a, b, opts...)
}

func TestPanicsLeakNothing(t *testing.T) {
	for name := range children {
		if !strings.HasPrefix(name, "panic") && name != "print" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			out := child(t, name)
			require.NotEmpty(t, out)
			requireMasked(t, out)
		})
	}
	require.Contains(t, child(t, "panic, a pointer"), "{'HTTP_HOST': 'example.com', 'REMOTE_ADDR': '192.0.2.1', 'REMOTE_PORT': '1234', (hidden keys: ")
}
