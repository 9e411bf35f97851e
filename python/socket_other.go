//go:build !unix

package python

import (
	"errors"
	"net"
	"os"
	"strconv"
	"syscall"
)

const supported = false

var descriptorSpace = 0

func socketPair(string) (*net.UnixConn, *os.File, error) { return nil, nil, errors.ErrUnsupported }

func sendDescriptors(*net.UnixConn, ...*os.File) error { return errors.ErrUnsupported }

func descriptors([]byte) []int { return nil }

func closeDescriptor(int) {}

func processGroup() *syscall.SysProcAttr { return nil }

func refusedOrReset(error) bool { return false }

func describeStatus(raw int) string { return "exit status " + strconv.Itoa(raw) }
