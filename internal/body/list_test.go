package body_test

import (
	"errors"

	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gowsgi/gowsgi/internal/body"
)

// calls notes how often it is written to, and how much, and fails at the end.
type calls struct {
	sizes []int
	text  strings.Builder
	room  int
}

var errFull = errors.New("full")

func (c *calls) Write(p []byte) (int, error) {
	n := min(len(p), c.room-c.text.Len())
	c.sizes = append(c.sizes, n)
	c.text.Write(p[:n])
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

// A long text is written in few pieces, which net/http passes on as they are.
func TestSendText(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 5<<10) // 80 KiB
	tests := []struct {
		name  string
		list  body.List
		limit int64
		room  int
		sizes []int
		err   error
	}{
		{"short", body.Text("short"), 99, 99, []int{5}, nil},
		{"just short", body.Text(long[:4096]), 1 << 20, 1 << 20, []int{4096}, nil},
		{"long", body.Text(long), 1 << 20, 1 << 20, []int{32768, 32768, 16384}, nil},
		{"cut", body.Text(long), 40_000, 1 << 20, []int{32768, 7232}, nil},
		{"refused", body.Text(long), 1 << 20, 40_000, []int{32768, 7232}, errFull},
		{"several", body.Texts{"a", long, "b"}, 1 << 20, 1 << 20, []int{1, 32768, 32768, 16384, 1}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := &calls{room: tt.room}
			n, err := tt.list.Send(w, tt.limit)
			if err != tt.err {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(tt.sizes, w.sizes); diff != "" {
				t.Error(diff)
			}
			var all strings.Builder
			_, _ = tt.list.Send(&all, tt.limit)
			if int(n) != w.text.Len() || !strings.HasPrefix(all.String(), w.text.String()) {
				t.Errorf("%d bytes were counted and %d written", n, w.text.Len())
			}
		})
	}
}
