package main

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/examples/internal/live"
)

func TestMiddleware(t *testing.T) {
	example := live.Start(t, run)
	for _, test := range []struct {
		path, password string
		status         int
		body, stamp    string
	}{
		{"/price", "", 200, "3 EUR\n", ""},
		{"/account", "", 401, "", "EUR"},
		{"/account", "guess", 401, "", "EUR"},
		{"/account", "sesame", 200, "The account of ann.\n", "EUR"},
		{"/legacy/", "guess", 401, "", "EUR"},
		{"/legacy/", "sesame", 200, "The old account of ann.\n", "EUR"},
	} {
		t.Run(test.path+" "+test.password, func(t *testing.T) {
			r, err := http.NewRequest("GET", example.URL+test.path, nil)
			require.NoError(t, err)
			if test.password != "" {
				r.SetBasicAuth("ann", test.password)
			}
			response, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, test.status, response.StatusCode)
			require.Equal(t, test.body, string(body))
			require.Equal(t, test.stamp, response.Header.Get("X-Currency"))
		})
	}
	example.AwaitOutput(t, `"GET /legacy/ HTTP/1.1" 200 24 `)
	require.NotContains(t, example.Output(), "sesame HTTP")
}
