package adapter_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// TestAppFindsItsEnvironInItsContext: whatever an App hands its context to finds
// the App's own environ there, with all that was Set on it.
func TestAppFindsItsEnvironInItsContext(t *testing.T) {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		env.Set("my.user", "ann")
		ctx, cancel := context.WithCancel(env.Context())
		defer cancel()
		found, ok := environ.FromContext(ctx)
		_, err := start("200 OK", nil)
		return adapter.Text(fmt.Sprintf("%v %v %s %s %s", ok, found == env, found.Get("my.user"), found.Get("my.key"), found.Get("PATH_INFO"))), err
	}
	const want = "true true ann mine /x"
	base := map[string]any{"my.key": "mine"}
	newServer := adapter.NewServer("", app)
	mux := http.NewServeMux()
	mux.Handle("/", &adapter.Handler{App: app})
	wrapped := adapter.Wrap(&http.Server{Handler: mux})
	handler := adapter.Wrap(&http.Server{Handler: &adapter.Handler{App: app}})
	for name, srv := range map[string]*adapter.Server{"NewServer": newServer, "a Handler in a mux": wrapped, "a Handler": handler} {
		t.Run(name, func(t *testing.T) {
			srv.Log, srv.Environ = new(wiretest.Buffer), base
			require.Equal(t, want, fetch(t, http.DefaultClient, "http://"+serve(t, srv)+"/x"))
		})
	}
	t.Run("in a plain http.Server", func(t *testing.T) {
		srv := wiretest.Serve(t, &adapter.Handler{App: app, Environ: base})
		require.Equal(t, want, fetch(t, http.DefaultClient, srv.URL("/x")))
	})
}

// TestContextOfAnAppEnds with the request's: what carries the environ holds up
// neither an end nor a deadline, nor what a server or middleware put there.
func TestContextOfAnAppEnds(t *testing.T) {
	type key struct{}
	entered, ended := make(chan struct{}), make(chan error, 1)
	app := func(env *environ.Environ, _ adapter.StartResponse) (adapter.Body, error) {
		ctx := env.Context()
		if ctx.Value(key{}) != "outer" || ctx.Value(http.ServerContextKey) == nil {
			ended <- fmt.Errorf("a value of the request's context is lost")
			return nil, nil
		}
		close(entered)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}
	h := &adapter.Handler{App: app, ErrorLog: new(wiretest.Buffer)}
	srv := wiretest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "outer")))
	}))
	c := srv.Dial()
	c.Send("GET / HTTP/1.1\nHost: x\n\n")
	<-entered
	require.NoError(t, c.Close())
	require.Equal(t, context.Canceled, <-ended)
}

// TestContextPrintsNoEnviron: a context that is printed shows no value of the
// environ that it carries.
func TestContextPrintsNoEnviron(t *testing.T) {
	app := func(env *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
		env.Set("my.secret", "hush")
		_, err := start("200 OK", nil)
		ctx := context.WithValue(env.Context(), http.LocalAddrContextKey, nil)
		return adapter.Text(fmt.Sprintf("%v %+v %s", ctx, env.Context(), ctx)), err
	}
	srv := wiretest.Serve(t, &adapter.Handler{App: app})
	require.NotContains(t, fetch(t, http.DefaultClient, srv.URL("/x?token=hush")), "hush")
}
