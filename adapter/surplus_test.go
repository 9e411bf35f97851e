package adapter_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// TestAskedForNoMore: a generator is not asked for more once its Content-Length
// is reached, and hears of it as of a client that wants no more.
func TestAskedForNoMore(t *testing.T) {
	tests := []struct {
		name    string
		length  string
		written string // by write(), before
		chunks  []string
		asked   int // how many chunks were made
		want    string
		log     string
	}{
		{"at its end", "6", "", []string{"one", "two"}, 2, "onetwo", ""},
		{"within", "6", "", []string{"one", "two", "three", "four"}, 2, "onetwo", ""},
		{"after an empty chunk", "3", "", []string{"", "one", "", "two"}, 2, "one", ""},
		{"in the middle of a chunk", "4", "", []string{"one", "two", "three"}, 2, "onet", "the surplus was not sent"},
		{"by write()", "3", "one", []string{"two", "three"}, 0, "one", ""},
		{"by write() in part", "6", "one", []string{"two", "three"}, 1, "onetwo", ""},
		{"at nothing", "0", "", []string{"one"}, 0, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var asked int
			app := func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				write, err := start("200 OK", adapter.Headers{{"Content-Length", test.length}})
				if err == nil && test.written != "" {
					_, err = io.WriteString(write, test.written)
				}
				return adapter.Stream(func(yield func([]byte, error) bool) {
					for _, chunk := range test.chunks {
						asked++
						if !yield([]byte(chunk), nil) {
							return
						}
					}
				}), err
			}
			errs := new(wiretest.Buffer)
			srv := wiretest.Serve(t, &adapter.Handler{App: app, ErrorLog: errs})
			require.Equal(t, "HTTP/1.1 200 OK\nContent-Length: "+test.length+"\n\n"+test.want, srv.Do(get))
			require.Equal(t, test.asked, asked, "chunks that were asked for")
			require.Contains(t, errs.String(), test.log)
			if test.log == "" {
				require.Empty(t, errs.String())
			}
		})
	}
}

// endless is a reader without an end that counts how often it is read.
type endless struct{ reads int }

func (r *endless) Read(p []byte) (int, error) {
	r.reads++
	return copy(p, "0123456789"), nil
}

// TestReadNoFurther: neither is a reader, as a File or by io.Copy to write().
func TestReadNoFurther(t *testing.T) {
	apps := map[string]func(r io.Reader) adapter.App{
		"File": func(r io.Reader) adapter.App {
			return answer("200 OK", adapter.Headers{{"Content-Length", "20"}}, adapter.File(r, 10))
		},
		"io.Copy": func(r io.Reader) adapter.App {
			return func(_ *environ.Environ, start adapter.StartResponse) (adapter.Body, error) {
				write, err := start("200 OK", adapter.Headers{{"Content-Length", "20"}})
				if err == nil {
					_, err = io.Copy(write, r)
				}
				return nil, err
			}
		},
	}
	for name, app := range apps {
		t.Run(name, func(t *testing.T) {
			errs := new(wiretest.Buffer)
			r := new(endless)
			srv := wiretest.Serve(t, &adapter.Handler{App: app(r), ErrorLog: errs})
			require.Equal(t, "HTTP/1.1 200 OK\nContent-Length: 20\n\n01234567890123456789", srv.Do(get))
			require.Equal(t, 2, r.reads)
			require.Empty(t, errs.String())
		})
	}
}
