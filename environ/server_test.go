package environ_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/logadapter"
	"github.com/gowsgi/gowsgi/secure"
)

// behind serves h behind an adapter.Server that has a base environ, a policy and
// a log, sends it raw, and returns what the log got.
func behind(t *testing.T, h http.Handler, raw string) (logged []string) {
	t.Helper()
	srv := adapter.Wrap(&http.Server{Handler: h})
	srv.Environ = dict{"app.stage": "server", "SERVER_SOFTWARE": "ours"}
	srv.Policy = &secure.Policy{Allow: []string{"app.stage"}}
	srv.Log = io.Discard
	srv.ErrorLog = logadapter.New(slog.New(tracing{seen: &logged}), slog.LevelInfo)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, strings.ReplaceAll(raw, "\n", "\r\n"))
	require.NoError(t, err)
	_, err = io.ReadAll(conn)
	require.NoError(t, err)
	require.NoError(t, srv.Close())
	require.ErrorIs(t, <-done, http.ErrServerClosed)
	return logged
}

// What a Server gives holds for every environ below it: base, policy and log.
func TestBehindAServer(t *testing.T) {
	fromContext := func(read func(*environ.Environ)) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			env, ok := environ.FromContext(r.Context())
			if ok {
				read(env)
			}
		})
	}
	type seen struct {
		Stage, Software string
		Info            string
		Masked, Clone   string
		Parent          any
	}
	for by, env := range map[string]maker{
		"Handler": fromHandler(nil), "FromRequest": fromRequest, "FromContext": fromContext, "Handler's own base": fromHandler(dict{"app.stage": "handler"}),
	} {
		t.Run(by, func(t *testing.T) {
			found := make(chan seen, 1)
			h := env(func(env *environ.Environ) {
				checkDict(t, env, "app.stage")
				_, _ = env.Errors().WriteString("hello\n")
				_, _ = io.WriteString(env.Value("wsgi.errors").(io.Writer), "again\n")
				for key := range env.All() {
					if key != "app.stage" && key != "SERVER_SOFTWARE" && key != "PATH_INFO" {
						env.Delete(key)
					}
				}
				clone := env.Clone()
				found <- seen{env.Get("app.stage"), env.Get("SERVER_SOFTWARE"), env.Get("PATH_INFO"), env.String(), clone.String(), clone.Value("wsgi.errors")}
			})
			r := chi.NewRouter()
			r.Handle("/a", h)
			logged := behind(t, r, get("/a"))
			stage := "server"
			if by == "Handler's own base" {
				stage = "handler"
			}
			masked := "{'app.stage': '" + stage + "', (hidden keys: 2)}"
			if diff := cmp.Diff(seen{stage, "ours", "/a", masked, masked, nil}, <-found); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			require.Equal(t, []string{": hello", ": again"}, logged)
		})
	}
}

// A Server's Handler without anything between.
func TestDirectlyBehindAServer(t *testing.T) {
	found := make(chan string, 1)
	behind(t, fromHandler(nil)(func(env *environ.Environ) { found <- env.Get("app.stage") + " " + env.Clone().Get("SERVER_SOFTWARE") }), get("/"))
	require.Equal(t, "server ours", <-found)
}
