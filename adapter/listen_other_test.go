//go:build !unix

package adapter_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gowsgi/gowsgi/adapter"
)

var errInUse error

func isInUse(error) bool { return false }

func fillQueue(t *testing.T, _ string) { t.Skip("needs a Unix system") }

// Systems that cannot pass sockets on say so.
func TestListenDescriptorUnsupported(t *testing.T) {
	_, err := adapter.Listen("fd://3")
	require.ErrorIs(t, err, errors.ErrUnsupported)
}
