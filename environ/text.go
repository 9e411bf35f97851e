package environ

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"github.com/gowsgi/gowsgi/internal/masked"
	"github.com/gowsgi/gowsgi/secure"
)

const typeName = "environ.Environ"

// String returns the text of e under its policy: a Python dict in pywsgi's
// style (SecureEnviron.__repr__), its keys sorted.
func (e Environ) String() string { return string(e.append(make([]byte, 0, 128))) }

// GoString returns the text of String, so that %#v keeps to the policy too.
func (e Environ) GoString() string { return e.String() }

// Format writes the text of String, whatever the verb and its flags.
func (e Environ) Format(f fmt.State, _ rune) { _, _ = f.Write(e.append(nil)) }

// MarshalText returns the text of String. The error is always nil.
func (e Environ) MarshalText() ([]byte, error) { return e.append(nil), nil }

// MarshalJSON returns an object with the keys that the policy shows, and under
// "hidden_keys" the number of the other keys, if any. A value that JSON has no form
// for is written as its Python text. The error is always nil.
func (e Environ) MarshalJSON() ([]byte, error) {
	policy := e.policy()
	object := make(map[string]any)
	for key, value := range masked.Shown(policy, &e) {
		object[latin1(key)] = plain(value)
	}
	if hidden := masked.Hidden(policy, &e); hidden > 0 {
		object["hidden_keys"] = hidden
	}
	return json.Marshal(object)
}

// LogValue returns a group with the keys that the policy shows, and under
// "hidden_keys" the number of the other keys, if any (log/slog.LogValuer). An Environ
// that is not behind a pointer logs its text instead.
func (e *Environ) LogValue() slog.Value {
	if e == nil {
		return slog.AnyValue(nil) // with a method of values, slog would log a panic
	}
	policy := e.policy()
	var attrs []slog.Attr
	for key, value := range masked.Shown(policy, e) {
		attrs = append(attrs, slog.Any(latin1(key), plain(value)))
	}
	if hidden := masked.Hidden(policy, e); hidden > 0 {
		attrs = append(attrs, slog.Int("hidden_keys", hidden))
	}
	return slog.GroupValue(attrs...)
}

func (e Environ) append(dst []byte) []byte { return masked.Append(dst, e.policy(), typeName, &e) }

func (e *Environ) policy() secure.Policy {
	for st := e.state(); st != nil; st = st.parent {
		switch {
		case st.policy != nil:
			return *st.policy
		case st.scope != nil && st.scope.Policy != nil:
			return *st.scope.Policy
		case st.outer != nil && st.outer.Policy != nil:
			return *st.outer.Policy
		}
	}
	return secure.WSGI
}

// plain keeps the types that every encoder writes alike and turns any other value
// into its Python text: an encoder might print more of such a value than the policy
// shows.
func plain(value any) any {
	switch v := value.(type) {
	case string:
		return latin1(v)
	case nil, bool, int:
		return v
	default:
		return pythonText(v)
	}
}

// latin1 is s with each byte a character.
func latin1(s string) string {
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
