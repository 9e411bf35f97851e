package adapter_test

import (
	"log"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/wiretest"
	"github.com/gowsgi/gowsgi/logadapter"
)

// TestServerLogTellsTheTime: a line of the http.Server's own has one time in
// front, its logger's, or that of the logger behind the stream.
func TestServerLogTellsTheTime(t *testing.T) {
	const panicked = `http: panic serving 127\.0\.0\.1:\d+: ouch\n`
	tests := []struct {
		name string
		log  func(b *wiretest.Buffer, srv *adapter.Server)
		want string
	}{
		{"a writer", func(b *wiretest.Buffer, srv *adapter.Server) { srv.ErrorLog = b },
			`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ` + panicked},
		{"slog", func(b *wiretest.Buffer, srv *adapter.Server) {
			srv.ErrorLog = logadapter.New(slog.New(slog.NewTextHandler(b, nil)), slog.LevelError)
		}, `^time=\S+ level=ERROR msg="http: panic serving 127\.0\.0\.1:\d+: ouch`},
		{"log", func(b *wiretest.Buffer, srv *adapter.Server) {
			srv.ErrorLog = logadapter.FromLog(log.New(b, "errors: ", log.Lmsgprefix|log.LUTC|log.Ldate))
		}, `^\d{4}/\d\d/\d\d errors: ` + panicked},
		{"the http.Server has one", func(b *wiretest.Buffer, srv *adapter.Server) { srv.HTTP.ErrorLog = log.New(b, "mine: ", 0) },
			`^mine: ` + panicked},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := new(wiretest.Buffer)
			srv := quiet(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("ouch") }))
			test.log(b, srv)
			_, err := http.Get("http://" + serve(t, srv))
			require.Error(t, err)
			require.Regexp(t, test.want, b.Wait(t, "ouch"))
		})
	}
}
