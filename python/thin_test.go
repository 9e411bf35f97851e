package python

import (
	"context"
	"testing"
	"net/http"
	"io"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

func TestThin(t *testing.T) {
	app, err := Start(context.Background(), Config{App: "hello", Dir: "testdata/apps", Workers: 1})
	require.NoError(t, err)
	srv := wiretest.Serve(t, &adapter.Handler{App: app.ServeWSGI})
	res, err := http.Get(srv.URL("/"))
	require.NoError(t, err)
	b, _ := io.ReadAll(res.Body)
	t.Log(res, string(b))
	t.Log(app.Stats())
	require.NoError(t, app.Close())
}
