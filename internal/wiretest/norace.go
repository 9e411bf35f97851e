//go:build !race

package wiretest

// Race reports whether the race detector is on. It keeps the compiler from
// inlining, so allocations are not the ones to count.
const Race = false
