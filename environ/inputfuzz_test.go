package environ_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/gowsgi/gowsgi/environ"
)

// ragged gives data in pieces of random length, and then err, now and then
// together with the last piece.
type ragged struct {
	data   []byte
	err    error
	random *rand.Rand
}

func (r *ragged) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, r.err
	}
	n := copy(p, r.data[:min(len(r.data), 1+r.random.IntN(1+r.random.IntN(20_000)))])
	r.data = r.data[n:]
	if len(r.data) == 0 && r.random.IntN(2) == 0 {
		return n, r.err
	}
	return n, nil
}

var errBroken = errors.New("broken")

// However a body arrives, what is read of it is what a slice of its bytes says.
func FuzzInput(f *testing.F) {
	for seed, body := range []string{
		"", "\n", "hello", "one\ntwo", "one\r\ntwo\r\n\r\n", "\n\n\n", string(bytes.Repeat([]byte("a line\n"), 3000)),
		string(bytes.Repeat([]byte{'x'}, 70<<10)), string(bytes.Repeat([]byte{'x'}, 200<<10)) + "\nshort\n",
	} {
		f.Add([]byte(body), uint64(seed), seed%2 == 0)
	}
	f.Fuzz(func(t *testing.T, body []byte, seed uint64, fails bool) {
		random := rand.New(rand.NewPCG(seed, 1))
		end := error(io.EOF)
		if fails {
			end = errBroken
		}
		in := environ.NewInput(&ragged{bytes.Clone(body), end, random})
		left := body
		for range 200 {
			size := random.IntN(1+random.IntN(1+random.IntN(100_000))) - 1
			var got, want []byte
			var err error
			switch op := random.IntN(4); op {
			case 0:
				got, err = in.ReadN(size)
				want = model(left, size, len(left))
			case 1:
				got, err = in.ReadLine(size)
				want = model(left, size, 1+bytes.IndexByte(left, '\n'))
				if err == io.EOF && len(got) > 0 {
					t.Fatalf("the end with %d bytes", len(got))
				}
			case 2:
				p := make([]byte, max(size, 0))
				var n int
				n, err = in.Read(p)
				got = p[:n]
				if n > len(left) || n == 0 && len(p) > 0 && err == nil {
					t.Fatalf("Read has returned %d of %d bytes, %v", n, len(left), err)
				}
				want = left[:n]
			case 3:
				if random.IntN(20) > 0 {
					continue
				}
				var out bytes.Buffer
				_, err = in.WriteTo(&out)
				got, want = out.Bytes(), left
			}
			if !bytes.Equal(want, got) {
				t.Fatalf("size %d: got %d bytes, want %d of %d", size, len(got), len(want), len(left))
			}
			left = left[len(got):]
			if err == nil {
				continue
			}
			if len(left) > 0 {
				t.Fatalf("%v before the end: %d bytes left", err, len(left))
			}
			if fails != errors.Is(err, errBroken) || !fails && err != io.EOF {
				t.Fatalf("the end is %v", err)
			}
		}
	})
}

// model is what of left a read of size returns whose unit ends at end; an end
// of 0 is that of all.
func model(left []byte, size, end int) []byte {
	if end == 0 {
		end = len(left)
	}
	if size >= 0 {
		end = min(end, size)
	}
	return left[:end]
}
