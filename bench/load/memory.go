package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// crowd is a number of connections that are open at the same time.
type crowd struct {
	name  string
	path  string
	conns int
}

var crowds = []crowd{
	{"idle", "/hello", 10_000},
	{"streams", "/idle", 1_000},
}

// compareMemory prints how much memory a crowd takes in each kind of server. Each
// measurement has a server of its own.
func compareMemory(only string) error {
	if err := raiseFileLimit(); err != nil {
		return err
	}
	for _, c := range crowds {
		if !strings.Contains(c.name, only) {
			continue
		}
		var ratios, bare, gowsgi []float64
		for range 5 {
			b, err := c.cost("bare")
			if err != nil {
				return err
			}
			g, err := c.cost("gowsgi")
			if err != nil {
				return err
			}
			bare, gowsgi, ratios = append(bare, float64(b)), append(gowsgi, float64(g)), append(ratios, float64(g)/float64(b))
		}
		verdict := "met"
		if median(ratios) > 1.05 {
			verdict = "MISSED"
		}
		fmt.Printf("%-10s %8.1f KiB %8.1f KiB %8.3f   a connection, of %d  <= 1.05 %s\n", c.name,
			median(bare)/float64(c.conns)/1024, median(gowsgi)/float64(c.conns)/1024, median(ratios), c.conns, verdict)
	}
	return nil
}

func (c crowd) cost(kind string) (int64, error) {
	s, err := start(kind, "")
	if err != nil {
		return 0, err
	}
	defer s.stop()
	before, err := s.memory()
	if err != nil {
		return 0, err
	}
	raw := work{method: "GET", path: c.path}.raw()
	conns := make([]net.Conn, 0, c.conns)
	defer func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}()
	for range c.conns {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			return 0, err
		}
		conns = append(conns, conn)
		if err := greet(conn, raw); err != nil {
			return 0, err
		}
	}
	after, err := s.memory()
	return after - before, err
}

// greet sends a request and reads the head of the answer, and its body if the
// length of that is known.
func greet(conn net.Conn, raw []byte) error {
	if _, err := conn.Write(raw); err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	if res.ContentLength > 0 {
		_, err = io.Copy(io.Discard, res.Body)
	}
	return err
}

func raiseFileLimit() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}
