package conformance

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/rows"
	"github.com/gowsgi/gowsgi/conformance/wire"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/pyrepr"
	"github.com/gowsgi/gowsgi/secure"
)

// secureVector is a printed environ of secure.json.
type secureVector struct {
	Name     string
	Go       bool
	Class    string
	Items    [][2]json.RawMessage
	Settings struct {
		Allow *[]string `json:"whitelist_keys"`
		Show  *bool     `json:"print_masked_keys"`
		Mask  *bool     `json:"secure_repr"`
	}
	Operation string
	Str       string
}

func readVectors[V any](t *testing.T, file string) []V {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var recorded struct{ Vectors []V }
	require.NoError(t, json.Unmarshal(data, &recorded))
	require.NotEmpty(t, recorded.Vectors)
	return recorded.Vectors
}

func TestMaskedText(t *testing.T) {
	t.Parallel()
	ledger := replay.NewLedger(rows.Secure)
	for _, v := range readVectors[secureVector](t, "recorded/gevent-22.10.2/secure.json") {
		if !v.Go || v.Operation == "pickle" { // a func cannot be serialised, so neither can an Environ
			continue
		}
		env := environ.New(items(t, v.Items))
		env.SetPolicy(v.policy())
		for _, text := range v.texts(env) {
			ledger.Compare(v.Name, v.Str, text)
		}
	}
	report(t, ledger)
}

func (v secureVector) policy() secure.Policy {
	p := map[string]secure.Policy{"Environ": {Off: true}, "SecureEnviron": secure.Default, "WSGISecureEnviron": secure.WSGI}[v.Class]
	if v.Settings.Allow != nil {
		p.Allow = *v.Settings.Allow
	}
	if v.Settings.Show != nil {
		p.ShowMaskedKeys = *v.Settings.Show
	}
	if v.Settings.Mask != nil {
		p.Off = !*v.Settings.Mask
	}
	return p
}

// texts are the texts of the operation's result, printed in every possible way.
func (v secureVector) texts(env *environ.Environ) []string {
	switch v.Operation {
	case "copy", "copy.copy", "copy.deepcopy":
		return []string{env.Clone().String()}
	case "dict", "or":
		return []string{string(pyrepr.Append(nil, env.Map()))}
	case "list":
		return []string{fmt.Sprint([]any{env}), fmt.Sprintf("%v", []any{env})}
	default:
		return []string{env.String(), fmt.Sprintf("%v", env), fmt.Sprintf("%s", env), fmt.Sprintf("%+v", env), fmt.Sprintf("%#v", env)}
	}
}

func items(t *testing.T, pairs [][2]json.RawMessage) map[string]any {
	values := make(map[string]any, len(pairs))
	for _, pair := range pairs {
		var key string
		require.NoError(t, json.Unmarshal(pair[0], &key))
		values[wsgiString(key)] = tagged(t, pair[1])
	}
	return values
}

// tagged is the Go value of a tagged one.
func tagged(t *testing.T, raw json.RawMessage) any {
	var value map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(raw, &value))
	for tag, inner := range value {
		return untagged(t, tag, inner)
	}
	return nil
}

func untagged(t *testing.T, tag string, raw json.RawMessage) any {
	var s string
	_ = json.Unmarshal(raw, &s)
	switch tag {
	case "str":
		return wsgiString(s)
	case "bytes":
		return []byte(wire.Latin1(s))
	case "bool":
		return string(raw) == "true"
	case "int":
		n, err := strconv.Atoi(s)
		require.NoError(t, err)
		return n
	case "float":
		f, err := strconv.ParseFloat(s, 64)
		require.NoError(t, err)
		return f
	case "tuple", "list":
		return sequence(t, tag, raw)
	case "dict", "SecureEnviron", "WSGISecureEnviron":
		return mapping(t, tag, raw)
	}
	return nil
}

// sequence is the Go value of a tuple, an array, or of a list, a slice.
func sequence(t *testing.T, tag string, raw json.RawMessage) any {
	var parts []json.RawMessage
	require.NoError(t, json.Unmarshal(raw, &parts))
	list := make([]any, len(parts))
	for i, part := range parts {
		list[i] = tagged(t, part)
	}
	if tag == "list" {
		return list
	}
	array := reflect.New(reflect.ArrayOf(len(list), reflect.TypeFor[any]())).Elem()
	reflect.Copy(array, reflect.ValueOf(list))
	return array.Interface()
}

func mapping(t *testing.T, tag string, raw json.RawMessage) any {
	var pairs [][2]json.RawMessage
	require.NoError(t, json.Unmarshal(raw, &pairs))
	if tag == "dict" {
		return items(t, pairs)
	}
	env := environ.New(items(t, pairs))
	env.SetPolicy(secureVector{Class: tag}.policy())
	return env
}

// wsgiString is the bytes of a str: latin-1 if it can be, and UTF-8 otherwise.
func wsgiString(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r > 0xff }) {
		return s
	}
	return wire.Latin1(s)
}
