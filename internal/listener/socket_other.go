//go:build !unix && !windows

package listener

import (
	"errors"
	"io/fs"
	"math"
)

const abstract = false

const maxPath = math.MaxInt

var (
	errInUse   = errors.New("address already in use")
	errRefused = errors.New("connection refused")
)

func restrict(uintptr, fs.FileMode) {}
