package body_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/internal/body"
)

// upper is a file whose content is not what lies on disk.
type upper struct{ *os.File }

func (upper) Read(p []byte) (int, error) { return copy(p, "UPPER"), io.EOF }

// given keeps what io.Copy hands over.
type given struct {
	io.Writer
	r io.Reader
}

func (g *given) ReadFrom(r io.Reader) (int64, error) {
	g.r = r
	return 0, nil
}

func TestIsRegular(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	defer f.Close()
	pipe, end, err := os.Pipe()
	require.NoError(t, err)
	defer pipe.Close()
	defer end.Close()
	copied := new(given)
	_, err = io.Copy(copied, f)
	require.NoError(t, err)
	copiedPipe := new(given)
	_, err = io.Copy(copiedPipe, pipe)
	require.NoError(t, err)
	tests := []struct {
		name string
		r    io.Reader
		want bool
	}{
		{"a file", f, true},
		{"the head of a file", io.LimitReader(f, 1), true},
		{"a file from io.Copy", copied.r, true},
		{"its head", io.LimitReader(copied.r, 1), true},
		{"a pipe", pipe, false},
		{"a pipe from io.Copy", copiedPipe.r, false},
		{"a file that is read in a way of its own", upper{f}, false},
		{"its head", io.LimitReader(upper{f}, 1), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, body.IsRegular(test.r))
		})
	}
}

func TestHead(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, &io.LimitedReader{R: f, N: 5}, body.Head(f, 5))
	require.Equal(t, &io.LimitedReader{R: f, N: 5}, body.Head(io.LimitReader(f, 9), 5))
	short := io.LimitReader(f, 3)
	require.Same(t, short, body.Head(short, 5))
}
