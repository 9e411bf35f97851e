package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cloudflare/tableflip"

	"github.com/gowsgi/gowsgi/adapter"
)

// handover has the listeners, which a successor takes over, and the pid file,
// which names whoever has them.
type handover struct {
	upgrader *tableflip.Upgrader
	pid      string          // the pid file; "" for none
	taken    <-chan struct{} // closed once a successor serves
	times    map[string]int  // how often listen was asked for an address

	mu       sync.Mutex
	serves   bool // whoever had the listeners before has been told
	finished bool
}

func newHandover(pid string, patience time.Duration) (*handover, error) {
	if pid != "" {
		path, err := filepath.Abs(pid)
		if err != nil {
			return nil, usageError("--pid: %w", err)
		}
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return nil, usageError("--pid: the folder of the file is not there: %w", err)
		}
		pid = path
	}
	upgrader, err := tableflip.New(tableflip.Options{PIDFile: pid, UpgradeTimeout: patience})
	if err != nil {
		return nil, err
	}
	return &handover{upgrader: upgrader, pid: pid, taken: upgrader.Exit(), times: make(map[string]int)}, nil
}

// listen returns the process's listener before this one on addr, or a new one.
func (h *handover) listen(addr string) (net.Listener, error) {
	network, key := "tcp", addr
	if rest, ok := strings.CutPrefix(addr, "unix:"); ok {
		network = "unix"
		key, _, _ = strings.Cut(rest, "?")
	}
	if h.times[addr]++; h.times[addr] > 1 { // 127.0.0.1:0 is another one each time
		key = fmt.Sprint(key, " ", h.times[addr])
	}
	var refused error // tableflip keeps the text of an error alone
	l, err := h.upgrader.ListenWithCallback(network, key, func(string, string) (l net.Listener, err error) {
		l, refused = adapter.Listen(addr)
		return l, refused
	})
	var number syscall.Errno
	known := errors.As(refused, &number)
	switch {
	case err == nil:
		return l, nil
	case number == syscall.EADDRINUSE:
		return nil, fmt.Errorf("the address %s is in use: stop whoever listens there, or give another one", addr)
	case number == syscall.EACCES:
		return nil, fmt.Errorf("the address %s is not allowed to this user: give another one, such as a port from 1024 on (%w)", addr, number)
	case known:
		return nil, fmt.Errorf("the address %s cannot be listened on: give one of this machine (%w)", addr, number)
	case refused != nil:
		return nil, failure{exitUsage, refused}
	}
	return nil, err
}

// ready tells the process before that this one serves, and writes the pid file.
func (h *handover) ready() error {
	if err := h.upgrader.Ready(); err != nil {
		return err
	}
	h.mu.Lock()
	h.serves = true
	h.mu.Unlock()
	if h.pid == "" {
		return nil
	}
	return os.Chmod(h.pid, 0o644) // for whoever watches the process
}

// upgrade starts a successor and waits until it serves.
func (h *handover) upgrade() error { return h.upgrader.Upgrade() }

// stop closes the listeners, and takes socket files and the pid file away,
// unless another process has them: a successor, or the one whose successor this
// was to be.
func (h *handover) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.finished {
		return
	}
	h.finished = true
	if h.upgrader.HasParent() && !h.serves {
		return
	}
	select {
	case <-h.taken:
		return
	default:
	}
	h.upgrader.Stop()
	<-h.taken
	if text, err := os.ReadFile(h.pid); err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(os.Getpid()) {
		_ = os.Remove(h.pid)
	}
}
