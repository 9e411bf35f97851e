package main

import (
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

// proxied believes what the given number of proxies in front say of the client:
// each has added its word at the end of X-Forwarded-For, -Proto and -Host. It
// takes the headers out, so that nobody behind it believes them once more.
func proxied(proxies int) adapter.Middleware {
	return func(app adapter.App) adapter.App {
		return func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
			said := func(key string) string { return fromTheEnd(env.Get(key), proxies) }
			if client := said("HTTP_X_FORWARDED_FOR"); client != "" {
				env.Set("REMOTE_ADDR", client)
				env.Delete("REMOTE_PORT")
			}
			if scheme := said("HTTP_X_FORWARDED_PROTO"); scheme == "http" || scheme == "https" {
				env.Set("wsgi.url_scheme", scheme)
			}
			if host := said("HTTP_X_FORWARDED_HOST"); host != "" {
				env.Set("HTTP_HOST", host)
			}
			for _, key := range []string{"HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST"} {
				env.Delete(key)
			}
			return app(env, start)
		}
	}
}

// fromTheEnd is the nth value from the end of a list with commas, "" where there
// are fewer.
func fromTheEnd(list string, n int) string {
	values := strings.Split(list, ",")
	if n < 1 || n > len(values) {
		return ""
	}
	return strings.TrimSpace(values[len(values)-n])
}
