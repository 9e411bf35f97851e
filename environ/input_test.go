package environ_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
)

// answer is what a read returned.
type answer struct {
	Text string
	Err  string
}

func answered(p []byte, err error) answer {
	a := answer{Text: string(p)}
	if err != nil {
		a.Err = err.Error()
	}
	return a
}

// readers give the same bytes in other pieces.
var readers = map[string]func(io.Reader) io.Reader{
	"whole":             func(r io.Reader) io.Reader { return r },
	"byte by byte":      iotest.OneByteReader,
	"half of it":        iotest.HalfReader,
	"the end with data": iotest.DataErrReader,
}

func TestReadN(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		sizes      []int
		want       []answer
	}{
		{"all", "hello\nworld", []int{-1}, []answer{{"hello\nworld", ""}}},
		{"any negative size is all", "hello", []int{-7}, []answer{{"hello", ""}}},
		{"all twice", "hello", []int{-1, -1}, []answer{{"hello", ""}, {"", ""}}},
		{"none", "hello", []int{0, -1}, []answer{{"", ""}, {"hello", ""}}},
		{"pieces", "hello", []int{2, 2, 2, 2}, []answer{{"he", ""}, {"ll", ""}, {"o", ""}, {"", ""}}},
		{"exactly all", "hello", []int{5, 1, 0, -1}, []answer{{"hello", ""}, {"", ""}, {"", ""}, {"", ""}}},
		{"more than there is", "hello", []int{1 << 40, 1 << 40}, []answer{{"hello", ""}, {"", ""}}},
		{"an empty body", "", []int{-1, 0, 1}, []answer{{"", ""}, {"", ""}, {"", ""}}},
		{"bytes are bytes", "\x00\xff\r\n", []int{-1}, []answer{{"\x00\xff\r\n", ""}}},
	} {
		for by, reader := range readers {
			t.Run(tt.name+"/"+by, func(t *testing.T) {
				in := environ.NewInput(reader(strings.NewReader(tt.body)))
				var got []answer
				for _, n := range tt.sizes {
					p, err := in.ReadN(n)
					require.NotNil(t, p, "bytes, if none")
					got = append(got, answered(p, err))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				require.NoError(t, in.Err())
			})
		}
	}
}

func TestReadLine(t *testing.T) {
	end := answer{"", "EOF"}
	for _, tt := range []struct {
		name, body string
		limits     []int
		want       []answer
	}{
		{"lines", "one\ntwo\n", []int{-1, -1, -1}, []answer{{"one\n", ""}, {"two\n", ""}, end}},
		{"any negative limit is none", "one\ntwo", []int{-7, -7}, []answer{{"one\n", ""}, {"two", ""}}},
		{"the last lacks its newline", "one\ntwo", []int{-1, -1, -1, -1}, []answer{{"one\n", ""}, {"two", ""}, end, end}},
		{"empty lines", "\n\na\n", []int{-1, -1, -1, -1}, []answer{{"\n", ""}, {"\n", ""}, {"a\n", ""}, end}},
		{"carriage returns stay", "one\r\ntwo\r", []int{-1, -1}, []answer{{"one\r\n", ""}, {"two\r", ""}}},
		{"an empty body", "", []int{-1, 5}, []answer{end, end}},
		{"limit 0", "one\n", []int{0, -1, 0, -1}, []answer{{"", ""}, {"one\n", ""}, {"", ""}, end}},
		{"a limit in the line", "hello\n", []int{2, 2, 2, 2}, []answer{{"he", ""}, {"ll", ""}, {"o\n", ""}, end}},
		{"a limit before the newline", "hello\nx", []int{5, 5, 5}, []answer{{"hello", ""}, {"\n", ""}, {"x", ""}}},
		{"a limit with the newline", "hello\nx", []int{6, 6}, []answer{{"hello\n", ""}, {"x", ""}}},
		{"a limit beyond the line", "hello\nx", []int{100, 100, 100}, []answer{{"hello\n", ""}, {"x", ""}, end}},
	} {
		for by, reader := range readers {
			t.Run(tt.name+"/"+by, func(t *testing.T) {
				in := environ.NewInput(reader(strings.NewReader(tt.body)))
				var got []answer
				for _, limit := range tt.limits {
					got = append(got, answered(in.ReadLine(limit)))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				require.NoError(t, in.Err(), "the end is no error")
			})
		}
	}
}

func TestLines(t *testing.T) {
	broken := errors.New("broken")
	failing := func(body string) io.Reader { return io.MultiReader(strings.NewReader(body), iotest.ErrReader(broken)) }
	failure := "environ: reading wsgi.input: broken"
	for _, tt := range []struct {
		name string
		body io.Reader
		want []answer
	}{
		{"lines", strings.NewReader("one\ntwo"), []answer{{"one\n", ""}, {"two", ""}}},
		{"none", strings.NewReader(""), nil},
		{"an error after a line", failing("one\n"), []answer{{"one\n", ""}, {"", failure}}},
		{"an error in a line", failing("one\ntwo"), []answer{{"one\n", ""}, {"two", failure}}},
		{"an error at once", failing(""), []answer{{"", failure}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []answer
			for line, err := range environ.NewInput(tt.body).Lines() {
				got = append(got, answered(line, err))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}

	in := environ.NewInput(strings.NewReader("one\ntwo\nthree"))
	for line := range in.Lines() {
		require.Equal(t, "one\n", string(line))
		break
	}
	rest, err := io.ReadAll(in)
	require.NoError(t, err)
	require.Equal(t, "two\nthree", string(rest))
}

// Every way to read goes on where the last one stopped.
func TestReadsMix(t *testing.T) {
	in := environ.NewInput(strings.NewReader("one\ntwo\nthree\nfour\nfive"))
	require.Equal(t, answer{"one\n", ""}, answered(in.ReadLine(-1)))
	require.Equal(t, answer{"tw", ""}, answered(in.ReadN(2)))
	p := make([]byte, 2)
	n, err := in.Read(p)
	require.Equal(t, answer{"o\n", ""}, answered(p[:n], err))
	require.Equal(t, answer{"thr", ""}, answered(in.ReadLine(3)))
	var rest bytes.Buffer
	_, err = io.CopyN(&rest, in, 3)
	require.NoError(t, err)
	require.Equal(t, "ee\n", rest.String())
	rest.Reset()
	written, err := in.WriteTo(&rest)
	require.NoError(t, err)
	require.EqualValues(t, 9, written)
	require.Equal(t, "four\nfive", rest.String())
	require.Equal(t, answer{"", ""}, answered(in.ReadN(-1)))
}

func TestRead(t *testing.T) {
	require.NoError(t, iotest.TestReader(environ.NewInput(strings.NewReader("hello\nworld")), []byte("hello\nworld")))
	ahead := environ.NewInput(strings.NewReader("ahead\nhello\nworld"))
	_, err := ahead.ReadLine(-1)
	require.NoError(t, err)
	require.NoError(t, iotest.TestReader(ahead, []byte("hello\nworld")))
}

// shortWriter fails after n bytes.
type shortWriter struct{ n int }

func (w *shortWriter) Write(p []byte) (int, error) {
	if len(p) <= w.n {
		w.n -= len(p)
		return len(p), nil
	}
	n := w.n
	w.n = 0
	return n, io.ErrClosedPipe
}

func TestWriteTo(t *testing.T) {
	in := environ.NewInput(io.MultiReader(strings.NewReader("one\ntwo"), strings.NewReader("three")))
	_, err := in.ReadLine(-1)
	require.NoError(t, err)
	n, err := in.WriteTo(&shortWriter{2})
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.EqualValues(t, 2, n)
	require.Equal(t, answer{"othree", ""}, answered(in.ReadN(-1)), "what was not written is still there")

	failing := environ.NewInput(io.MultiReader(strings.NewReader("one"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	var out bytes.Buffer
	n, err = io.Copy(&out, failing)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.EqualValues(t, 3, n)
	require.ErrorIs(t, failing.Err(), io.ErrUnexpectedEOF)
}

// A reader's error stays, with what came before it.
func TestErrorsStay(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		read func(in *environ.Input) ([]byte, error)
		want string
	}{
		{"ReadN of all", func(in *environ.Input) ([]byte, error) { return in.ReadN(-1) }, "one"},
		{"ReadN", func(in *environ.Input) ([]byte, error) { return in.ReadN(5) }, "one"},
		{"ReadLine", func(in *environ.Input) ([]byte, error) { return in.ReadLine(-1) }, "one"},
		{"ReadLine, limited", func(in *environ.Input) ([]byte, error) { return in.ReadLine(5) }, "one"},
		{"ReadAll", func(in *environ.Input) ([]byte, error) { return io.ReadAll(in) }, "one"},
	} {
		for by, reader := range readers {
			t.Run(tt.name+"/"+by, func(t *testing.T) {
				in := environ.NewInput(reader(io.MultiReader(strings.NewReader("one"), iotest.ErrReader(broken))))
				got, err := tt.read(in)
				require.ErrorIs(t, err, broken)
				require.Equal(t, tt.want, string(got))
				require.ErrorIs(t, in.Err(), broken)
				for range 2 {
					got, err = tt.read(in)
					require.ErrorIs(t, err, broken, "again")
					require.Empty(t, got)
				}
			})
		}
	}
}

// An end that comes wrapped is a body cut short; wrapped as it is, io.ReadAll
// would take it for the end.
func TestWrappedEnd(t *testing.T) {
	in := environ.NewInput(iotest.ErrReader(&http.MaxBytesError{Limit: 7}))
	_, err := in.ReadN(-1)
	var tooLarge *http.MaxBytesError
	require.ErrorAs(t, err, &tooLarge)

	in = environ.NewInput(iotest.ErrReader(errors.Join(errors.New("cut"), io.EOF)))
	_, err = in.ReadN(-1)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NotErrorIs(t, err, io.EOF)
}

// ReadN keeps to io.ReadFull's rule: all the bytes that were asked for are no failure.
func TestReadNBeforeAFailure(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		end  error
		then answer
	}{
		{"an error with the last byte", broken, answer{"", "environ: reading wsgi.input: broken"}},
		{"the end with the last byte", io.EOF, answer{"", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := environ.NewInput(&dataWith{"hello", tt.end})
			require.Equal(t, answer{"hello", ""}, answered(in.ReadN(5)))
			require.Equal(t, tt.then, answered(in.ReadN(1)))
			require.Equal(t, tt.then, answered(in.ReadN(-1)))
		})
	}
	in := environ.NewInput(&dataWith{"hello", broken})
	require.Equal(t, answer{"hello", "environ: reading wsgi.input: broken"}, answered(in.ReadN(6)))
	in = environ.NewInput(&dataWith{"hello", broken})
	require.Equal(t, answer{"hello", "environ: reading wsgi.input: broken"}, answered(in.ReadN(-1)))
}

// dataWith reads as a text and returns an error along with its last byte.
type dataWith struct {
	text string
	err  error
}

func (r *dataWith) Read(p []byte) (int, error) {
	n := copy(p, r.text)
	r.text = r.text[n:]
	if r.text == "" {
		return n, r.err
	}
	return n, nil
}

func TestReset(t *testing.T) {
	in := environ.NewInput(io.MultiReader(strings.NewReader("one\ntwo"), iotest.ErrReader(io.ErrClosedPipe)))
	line, err := in.ReadLine(-1)
	require.NoError(t, err)
	_, err = in.ReadN(-1)
	require.ErrorIs(t, err, io.ErrClosedPipe)
	in.Reset(strings.NewReader("three\nfour"))
	require.NoError(t, in.Err())
	require.Equal(t, answer{"three\n", ""}, answered(in.ReadLine(-1)))
	require.Equal(t, answer{"four", ""}, answered(in.ReadN(-1)))
	require.Equal(t, "one\n", string(line), "handed out before")
}

// wsgi.input is one stream, however it is asked for, and whatever it was Set to.
func TestInputOfAnEnviron(t *testing.T) {
	all := func(env *environ.Environ) string {
		p, err := env.Input().ReadN(-1)
		require.NoError(t, err)
		return string(p)
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("one\ntwo\nthree"))
	env := environ.FromRequest(r)
	require.Same(t, env.Input(), env.Input())
	require.Same(t, env.Input(), env.Value("wsgi.input"))
	require.Equal(t, answer{"one\n", ""}, answered(env.Input().ReadLine(-1)))
	clone := env.Clone()
	require.Same(t, env.Input(), clone.Input())
	require.Equal(t, "two\nthree", all(clone))

	env.Set("wsgi.input", strings.NewReader("set\nand kept"))
	require.Equal(t, answer{"set\n", ""}, answered(env.Input().ReadLine(-1)))
	require.Equal(t, "and kept", all(env))
	env.Delete("wsgi.input")
	require.Empty(t, all(env))

	r.Body = nil
	require.Empty(t, all(environ.FromRequest(r)))
	require.Empty(t, all(environ.New(nil)))
	require.Empty(t, all(environ.New(dict{"wsgi.input": nil})))
	require.Equal(t, "literal", all(environ.New(dict{"wsgi.input": strings.NewReader("literal")})))
	require.Empty(t, all(new(environ.Environ)))
	require.Empty(t, all(nil))
	require.Empty(t, must(environ.NewInput(nil).ReadN(-1)))

	var zero environ.Input
	require.Empty(t, must(zero.ReadN(-1)))
	require.NoError(t, zero.Err())
	zero.Reset(strings.NewReader("reset"))
	require.Equal(t, "reset", string(must(zero.ReadN(-1))))
}

func must(p []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return p
}
