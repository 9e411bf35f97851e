package python

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMaxRequestsJitter(t *testing.T) {
	p := &pool{config: Config{MaxRequests: 5, MaxRequestsJitter: 3}}
	seen := map[uint64]bool{}
	for range 1000 {
		seen[p.requestLimit()] = true
	}
	require.Equal(t, map[uint64]bool{5: true, 6: true, 7: true, 8: true}, seen)
	require.Zero(t, (&pool{config: Config{MaxRequestsJitter: 3}}).requestLimit(), "no limit, no jitter")
}
