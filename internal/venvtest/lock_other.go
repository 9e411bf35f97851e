//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package venvtest

import (
	"errors"
	"fmt"
	"runtime"
)

func lock(string) (unlock func(), err error) {
	return nil, fmt.Errorf("tests do not lock files on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}
