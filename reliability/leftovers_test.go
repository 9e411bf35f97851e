package reliability

import (
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

// leftovers are what a process holds.
type leftovers struct {
	goroutines int
	files      int // 0 where /proc does not tell
	heap       uint64
}

func hold() leftovers {
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		_ = l.Close() // the runtime keeps files of its own from the first socket on
	}
	runtime.GC()
	runtime.GC() // what finalizers set free
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/proc/self/fd")
	return leftovers{runtime.NumGoroutine(), len(files), m.HeapAlloc}
}

// heapSlack is how much more memory may be held after than before: net/http's and
// the runtime's pools.
const heapSlack = 8 << 20

// settle waits until no more is held than before, but for the bytes that the test
// itself keeps.
func (before leftovers) settle(t *testing.T, kept ...int) {
	t.Helper()
	before.heap += heapSlack
	for _, n := range kept {
		before.heap += uint64(n)
	}
	var now leftovers
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		now = hold()
		if now.goroutines <= before.goroutines && now.files <= before.files && now.heap <= before.heap {
			return
		}
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	t.Fatalf("before %+v, after %+v\n%s", before, now, stacks)
}

// eventually waits until what is true.
func eventually(t *testing.T, what func() bool, says string, args ...any) {
	t.Helper()
	for end := time.Now().Add(patience); !what(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf(says, args...)
		}
	}
}
