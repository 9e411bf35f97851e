package environ_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/environ"
)

// endless is n times the byte c, at no cost of its own.
type endless struct {
	n int
	c byte
}

func (e *endless) Read(p []byte) (int, error) {
	if e.n == 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.n)
	for i := range n {
		p[i] = e.c
	}
	e.n -= n
	return n, nil
}

// allocated returns how many bytes f allocates, and how often it does.
func allocated(f func()) (size, count uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs
}

// A line of 10 MB costs a few times what it is long, not more.
func TestLongLines(t *testing.T) {
	const long = 10 << 20
	for _, tt := range []struct {
		name string
		read func(in *environ.Input) ([]byte, error)
		most uint64
	}{
		{"ReadLine", func(in *environ.Input) ([]byte, error) { return in.ReadLine(-1) }, 4 * long},
		{"ReadN of all", func(in *environ.Input) ([]byte, error) { return in.ReadN(-1) }, 6 * long},
		{"ReadN", func(in *environ.Input) ([]byte, error) { return in.ReadN(long) }, 6 * long},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := environ.NewInput(&endless{long, 'x'})
			size, count := allocated(func() {
				line, err := tt.read(in)
				require.NoError(t, err)
				require.Len(t, line, long)
			})
			require.Less(t, size, tt.most)
			require.Less(t, count, uint64(100))
		})
	}
}

// What a client claims costs nothing; what it sends does.
func TestClaimedSizes(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("hello"))
	r.ContentLength = 1 << 60
	for _, tt := range []struct {
		name string
		read func(in *environ.Input) ([]byte, error)
	}{
		{"ReadN of all", func(in *environ.Input) ([]byte, error) { return in.ReadN(-1) }},
		{"ReadN", func(in *environ.Input) ([]byte, error) { return in.ReadN(1 << 60) }},
		{"ReadLine", func(in *environ.Input) ([]byte, error) { return in.ReadLine(1 << 60) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.Body = io.NopCloser(strings.NewReader("hello"))
			env := environ.FromRequest(r)
			require.Equal(t, "1152921504606846976", env.Get("CONTENT_LENGTH"))
			size, _ := allocated(func() {
				body, err := tt.read(env.Input())
				require.NoError(t, err)
				require.Equal(t, "hello", string(body))
			})
			require.Less(t, size, uint64(16<<10))
		})
	}
}

// Lines are read ahead into large buffers: many of them cost few allocations.
func TestManyLines(t *testing.T) {
	body := strings.NewReader(strings.Repeat("a line of thirty-two characters\n", 32<<10))
	in := environ.NewInput(body)
	size, count := allocated(func() {
		n := 0
		for line, err := range in.Lines() {
			require.NoError(t, err)
			n += len(line)
		}
		require.Equal(t, 1<<20, n)
	})
	require.Less(t, size, uint64(2<<20))
	require.Less(t, count, uint64(200))
}

// A line that the application keeps stays as it is, and is its own.
func TestKeptLines(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var want [][]byte
	for range 2000 {
		line := bytes.Repeat([]byte{byte('a' + random.IntN(26))}, random.IntN(200))
		if random.IntN(100) == 0 {
			line = bytes.Repeat([]byte{'L'}, random.IntN(200<<10))
		}
		want = append(want, append(line, '\n'))
	}
	in := environ.NewInput(bytes.NewReader(bytes.Join(want, nil)))
	var kept [][]byte
	for line, err := range in.Lines() {
		require.NoError(t, err)
		kept = append(kept, line)
		_ = append(line, "overwritten"...) // must not reach the next line
	}
	require.Len(t, kept, len(want))
	for i := range want {
		require.True(t, bytes.Equal(want[i], kept[i]), "line %d of %d bytes", i, len(want[i]))
	}
	for i := range kept { // and what the application writes into it stays there
		for j := range kept[i] {
			kept[i][j] = byte(i)
		}
	}
	for i := range kept {
		require.Equal(t, len(kept[i]), bytes.Count(kept[i], []byte{byte(i)}))
	}
}

// A short line does not hold on to the long one before it.
func TestNeighboursOfLongLines(t *testing.T) {
	const long = 32 << 20
	in := environ.NewInput(io.MultiReader(&endless{long, 'x'}, strings.NewReader("\nshort\n")))
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	_, err := in.ReadLine(-1)
	require.NoError(t, err)
	short, err := in.ReadLine(-1)
	require.NoError(t, err)
	after := heap()
	require.Equal(t, "short\n", string(short))
	require.Less(t, after, before+long/2)
	runtime.KeepAlive(in)
}

// A small limit looks at no more than it hands out: an application that reads
// a body in small pieces by readline pays for each byte once.
func TestSmallLimits(t *testing.T) {
	const size = 256 << 10
	cost := func(c byte) time.Duration {
		best := time.Hour
		for range 3 {
			in := environ.NewInput(&endless{size, c})
			began := time.Now()
			for {
				if _, err := in.ReadLine(1); err == io.EOF {
					break
				}
			}
			best = min(best, time.Since(began))
		}
		return best
	}
	require.Less(t, cost('x'), 4*cost('\n'))
}
