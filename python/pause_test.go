package python

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gowsgi/gowsgi/internal/wiretest"
)

// A slot that fails again and again is tried ever more seldom, but each second
// while no worker is at work.
func TestPause(t *testing.T) {
	busy := &slot{current: &worker{}}
	tests := []struct {
		name  string
		slots []*slot
		want  string
	}{
		{"others are at work", []*slot{busy}, "100ms 200ms 400ms 800ms 1.6s 3.2s 6.4s 10s 10s"},
		{"alone", []*slot{{}}, "100ms 200ms 400ms 800ms 1s 1s 1s 1s 1s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			buf := new(wiretest.Buffer)
			s := new(slot)
			p := &pool{log: &log{w: buf}, slots: append(tt.slots, s), events: make(chan event, 9), done: make(chan struct{})}
			for range 9 {
				p.pause(s)
				s.retry.Stop()
			}
			var got []string
			for line := range strings.Lines(buf.String()) {
				_, wait, _ := strings.Cut(strings.TrimSpace(line), "worker is in ")
				got = append(got, wait)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
