package listener

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
)

// The first descriptor that systemd passes (SD_LISTEN_FDS_START), and the name of
// those that it gives none.
const (
	firstPassed = 3
	unnamed     = "unknown"
)

// choosing is held from the look at what is taken until one more is.
var choosing sync.Mutex

// Systemd listens on the first socket that systemd passed, that has the given
// name and that was not taken before; a name of "" stands for any. It is
// sd_listen_fds(3), and leaves the environment as it is: LISTEN_PID keeps other
// processes from believing it.
func Systemd(name string) (net.Listener, error) {
	names, err := passed()
	if err != nil {
		return nil, err
	}
	choosing.Lock()
	defer choosing.Unlock()
	known := false
	for i := range names {
		if name != "" && names[i] != name {
			continue
		}
		if known = true; !isTaken(firstPassed + i) {
			return Descriptor(firstPassed + i)
		}
	}
	if !known {
		return nil, fmt.Errorf("systemd passed no socket called %q, but %q: set FileDescriptorName= in the .socket unit", name, names)
	}
	return nil, errors.New("all of the sockets that systemd passed for this address are taken already: each can be listened on once")
}

// maxPassed bounds what LISTEN_FDS may say.
const maxPassed = 1 << 16

// passed returns the names of the sockets that systemd passed to this process.
func passed() ([]string, error) {
	count := os.Getenv("LISTEN_FDS")
	if count == "" {
		return nil, errors.New("systemd passed no sockets (LISTEN_FDS is not set): start the program by its .socket unit, or by systemd-socket-activate")
	}
	if pid := os.Getenv("LISTEN_PID"); pid != strconv.Itoa(os.Getpid()) {
		return nil, fmt.Errorf("systemd's sockets are for the process that LISTEN_PID names, %q, and this is %d: start the program itself, or by exec at the end of a script", pid, os.Getpid())
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > maxPassed {
		return nil, fmt.Errorf("LISTEN_FDS is %q, and no number of sockets", count)
	}
	var given []string
	if list := os.Getenv("LISTEN_FDNAMES"); list != "" {
		given = strings.Split(list, ":")
	}
	names := make([]string, n)
	for i := range names {
		if names[i] = unnamed; i < len(given) {
			names[i] = given[i]
		}
	}
	return names, nil
}
