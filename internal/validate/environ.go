package validate

import (
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// rule says what the value of an environ key has to be.
type rule struct {
	key, want string
	ok        func(value any) bool
}

// requiredKeys are the keys that every environ has.
var requiredKeys = [...]rule{
	{"REQUEST_METHOD", "a method: a token of HTTP", stringThat(httpguts.ValidHeaderFieldName)},
	{"SERVER_NAME", "a string that is not empty", stringThat(isFilled)},
	{"SERVER_PORT", "a string of digits", stringThat(isNumber)},
	{"SERVER_PROTOCOL", `a string like "HTTP/1.1"`, stringThat(httpVersion.MatchString)},
	{"wsgi.version", "[2]int{1, 0}", func(value any) bool { return is[[2]int](value) && value == [2]int{1, 0} }},
	{"wsgi.url_scheme", `"http" or "https"`, func(value any) bool { return value == "http" || value == "https" }},
	{"wsgi.input", "an io.Reader", is[io.Reader]},
	{"wsgi.errors", "an io.Writer", is[io.Writer]},
	{"wsgi.multithread", "a bool", is[bool]},
	{"wsgi.multiprocess", "a bool", is[bool]},
	{"wsgi.run_once", "a bool", is[bool]},
}

// optionalKeys may be empty or absent.
var optionalKeys = [...]rule{
	{"SCRIPT_NAME", `empty, or a path that begins with "/" and does not end in one`, stringThat(isMount)},
	{"PATH_INFO", `empty, "*", or a path that begins with "/"`, stringThat(isPath)},
	{"CONTENT_LENGTH", "empty or digits", stringThat(isLength)},
}

// forbiddenKeys are headers that have a key without HTTP_ instead.
var forbiddenKeys = [...]struct{ key, instead string }{
	{"HTTP_CONTENT_TYPE", "CONTENT_TYPE"},
	{"HTTP_CONTENT_LENGTH", "CONTENT_LENGTH"},
}

// checkEnviron checks the environ that the server, or a middleware, gives to the App.
func checkEnviron(env *environ.Environ) error {
	for key, value := range env.All() {
		if !strings.Contains(key, ".") && !is[string](value) {
			return variables.broken("environ key %q is a %T; without a dot in its name it has to be a string", key, value)
		}
	}
	for _, rule := range requiredKeys {
		switch value, ok := env.Lookup(rule.key); {
		case !ok:
			return variables.broken("environ key %q is missing; it has to be %s", rule.key, rule.want)
		case !rule.ok(value):
			return variables.broken("environ key %q is not %s", rule.key, rule.want)
		}
	}
	for _, rule := range optionalKeys {
		if value, ok := env.Lookup(rule.key); ok && !rule.ok(value) {
			return variables.broken("environ key %q is not %s", rule.key, rule.want)
		}
	}
	for _, rule := range forbiddenKeys {
		if _, ok := env.Lookup(rule.key); ok {
			return variables.broken("environ key %q must not be there; the key is %q", rule.key, rule.instead)
		}
	}
	return checkTogether(env)
}

// checkTogether checks rules that concern more than one key.
func checkTogether(env *environ.Environ) error {
	path := env.Get("PATH_INFO")
	if path == "" && env.Get("SCRIPT_NAME") == "" {
		return variables.broken(`environ keys "SCRIPT_NAME" and "PATH_INFO" are both empty; the latter has to be "/" then`)
	}
	if path == "*" && env.Get("REQUEST_METHOD") != "OPTIONS" {
		return variables.broken(`environ key "PATH_INFO" is "*" with another method than OPTIONS`)
	}
	if wrapper, ok := env.Lookup("wsgi.file_wrapper"); ok && !is[func(io.Reader, int) adapter.Body](wrapper) {
		return fileHandling.broken(`environ key "wsgi.file_wrapper" is not a func(io.Reader, int) adapter.Body`)
	}
	return nil
}

var httpVersion = regexp.MustCompile(`^HTTP/[0-9](\.[0-9])?$`)

func is[T any](value any) bool {
	_, ok := value.(T)
	return ok
}

func stringThat(ok func(string) bool) func(any) bool {
	return func(value any) bool {
		s, isString := value.(string)
		return isString && ok(s)
	}
}

func isFilled(s string) bool { return s != "" }

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func isLength(s string) bool { return s == "" || isNumber(s) }

func isMount(s string) bool { return s == "" || s[0] == '/' && s[len(s)-1] != '/' }

func isPath(s string) bool { return s == "" || s == "*" || s[0] == '/' }
