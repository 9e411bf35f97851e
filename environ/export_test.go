package environ

import "io"

// Reset and Err are what Inside does to an Input without an Environ.

func (in *Input) Reset(r io.Reader) { in.stream().reset(r) }

func (in *Input) Err() error { return in.stream().failure() }
