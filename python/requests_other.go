//go:build !linux

package python

import "os"

// requests is for Linux alone: elsewhere a request waits in Go until its turn.
type requests struct{}

const largestPacket = 0

func newRequests() (*requests, *os.File, error) { return nil, nil, nil }

func (*requests) post([]byte) bool { return false }

func (*requests) takeBack() (uint16, bool) { return 0, false }

func (*requests) oldest() (uint16, bool) { return 0, false }

func (*requests) close() {}
