//go:build unix

package python

import (
	"context"
	"io"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
)

func BenchmarkServeWSGI(b *testing.B) {
	app, err := Start(context.Background(), Config{App: cmpOr(os.Getenv("BAPP"), "hello"), Dir: cmpOr(os.Getenv("BDIR"), "testdata/apps"), Python: os.Getenv("BPY"), Workers: 1, ErrorLog: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	defer app.Close()
	r := httptest.NewRequest("GET", "/", nil)
	for _, h := range []string{"A", "B", "C", "D", "E"} {
		r.Header.Set(h, h+" some value of a header")
	}
	start := func(status string, headers adapter.Headers, excInfo ...error) (io.Writer, error) {
		return io.Discard, nil
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		body, err := app.ServeWSGI(environ.FromRequest(r), start)
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range body.Chunks() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	r := httptest.NewRequest("GET", "/", nil)
	for _, h := range []string{"A", "B", "C", "D", "E"} {
		r.Header.Set(h, h+" some value of a header")
	}
	b.ReportAllocs()
	for range b.N {
		e, err := encode(environ.FromRequest(r))
		if err != nil {
			b.Fatal(err)
		}
		e.free()
	}
}

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
