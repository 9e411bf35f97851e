//go:build !unix

package main

import "os"

var successorSignals []os.Signal
