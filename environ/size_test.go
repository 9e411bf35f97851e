package environ

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// net/http's own maps of headers are in the allocator's class of 352 bytes. An
// object beside them costs half of what one in a class of its own does, be that
// the class above or the one below, which ends at 320.
func TestSizes(t *testing.T) {
	const class, below = uintptr(352), uintptr(320)
	require.LessOrEqual(t, unsafe.Sizeof(carrier{}), class)
	require.Greater(t, unsafe.Sizeof(carrier{}), below)
}
