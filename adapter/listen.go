package adapter

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"

	"github.com/gowsgi/gowsgi/internal/listener"
)

// Listen listens on addr, which takes these forms; http.Server.Addr takes them
// too, wherever a Server listens:
//
//	host:port, :port     TCP
//	unix:/path           a Unix socket
//	unix:/path?mode=0660 a Unix socket whose file has these permissions
//	unix:@name           a Unix socket in Linux's abstract namespace
//	fd://3               a listening socket that the process inherited
//	systemd:             the first socket that systemd passed
//	systemd:name         the first of that name (FileDescriptorName=)
//
// A Unix socket's file that nobody listens on any more is replaced. If somebody
// does, that is an error (EADDRINUSE); so is a file that is no socket. Neither is
// touched. Of several processes that start at the same time, exactly one replaces
// an old file: its directory is locked meanwhile (flock). The permissions are
// octal; without them the umask decides. A path ends at its first question mark,
// and has 107 bytes at most (Linux).
//
// Closing a listener of "unix:/path" removes the file, unless another process
// listens on the same socket by then (a successor that inherited it), or
// somebody else's file lies there, or the listener's SetUnlinkOnClose(false) was
// called, as cloudflare/tableflip does. The listener has the methods of a
// net.UnixListener. A Unix socket that was inherited keeps its file.
//
// An inherited descriptor is a stream socket that listens, and can be taken once;
// its number is closed then. systemd's are those of sd_listen_fds(3):
// LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES. "systemd:" takes the first that
// was not taken before, so a second call gets the second.
//
// Every error begins with "adapter: " and says what to do about it.
func Listen(addr string) (net.Listener, error) {
	at, err := parseAddress(addr)
	if err != nil {
		return nil, fmt.Errorf("adapter: the address %q: %w", addr, err)
	}
	l, err := at.listen()
	if err == nil {
		return l, nil
	}
	if at.kind == tcpAddress { // net's errors name the address
		return nil, fmt.Errorf("adapter: %w", withForms(err))
	}
	return nil, fmt.Errorf("adapter: listening on %q: %w", addr, err)
}

// The kinds of addresses.
const (
	tcpAddress = iota
	unixAddress
	abstractAddress
	descriptorAddress
	systemdAddress
)

// listenAddress is an address that Listen takes, in its parts.
type listenAddress struct {
	kind       int
	name       string // host:port, path, or name
	mode       fs.FileMode
	descriptor int
}

func (at listenAddress) listen() (net.Listener, error) {
	switch at.kind {
	case unixAddress:
		return listener.Unix(at.name, at.mode)
	case abstractAddress:
		return listener.Abstract(at.name)
	case descriptorAddress:
		return listener.Descriptor(at.descriptor)
	case systemdAddress:
		return listener.Systemd(at.name)
	}
	return net.Listen("tcp", at.name)
}

func parseAddress(addr string) (listenAddress, error) {
	for i := range len(addr) {
		if addr[i] < ' ' || addr[i] == 0x7f {
			return listenAddress{}, errors.New("it has a control character")
		}
	}
	scheme, rest, ok := strings.Cut(addr, ":")
	switch {
	case addr == "":
		return listenAddress{}, errForms("it is empty")
	case !ok: // a host without a port, for which net has the words
	case scheme == "unix":
		return parseUnix(rest)
	case scheme == "systemd":
		return listenAddress{kind: systemdAddress, name: rest}, nil
	case scheme == "fd":
		number, ok := strings.CutPrefix(rest, "//")
		n, err := strconv.ParseUint(number, 10, 31)
		if !ok || err != nil {
			return listenAddress{}, errors.New("a descriptor is written as in fd://3")
		}
		return listenAddress{kind: descriptorAddress, descriptor: int(n)}, nil
	}
	return listenAddress{kind: tcpAddress, name: addr}, nil
}

// parseUnix takes the part after "unix:" apart. Three slashes are how Docker and
// others write a path, and two would make a directory a host.
func parseUnix(rest string) (listenAddress, error) {
	path, options, hasOptions := strings.Cut(rest, "?")
	if strings.HasPrefix(path, "///") {
		path = path[2:]
	}
	at := listenAddress{kind: unixAddress, name: path}
	switch {
	case path == "" || path == "@":
		return listenAddress{}, errors.New("it names no socket: write unix:/path or unix:@name")
	case strings.HasPrefix(path, "//"):
		return listenAddress{}, errors.New("a Unix socket has no host: write unix:/path")
	case path[0] == '@' && hasOptions:
		return listenAddress{}, errors.New("an abstract socket has no file, and so no permissions or other options")
	case path[0] == '@':
		at.kind = abstractAddress
		return at, nil
	case !hasOptions:
		return at, nil
	}
	octal, ok := strings.CutPrefix(options, "mode=")
	if !ok {
		return listenAddress{}, errors.New("after the question mark stands something else than mode=, the one option there is")
	}
	mode, err := strconv.ParseUint(octal, 8, 32)
	if err != nil || mode == 0 || mode > 0o777 {
		return listenAddress{}, errors.New("a mode is an octal number from 1 to 0777, as in mode=0660")
	}
	at.mode = fs.FileMode(mode)
	return at, nil
}

// withForms adds the forms of an address to net's complaints about one.
func withForms(err error) error {
	var addrErr *net.AddrError
	if errors.As(err, &addrErr) {
		return errForms("%w", err)
	}
	return err
}

func errForms(format string, args ...any) error {
	return fmt.Errorf(format+" (write host:port, :port, unix:/path, unix:@name, fd://3, systemd: or systemd:name)", args...)
}
