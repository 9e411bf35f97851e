//go:build unix

package main

import (
	"os"
	"syscall"
)

var successorSignals = []os.Signal{syscall.SIGUSR2}
