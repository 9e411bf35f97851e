package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gowsgi/gowsgi/bench"
)

// work is one kind of request, sent over and over on some connections.
type work struct {
	name        string
	method      string
	path        string
	body        int
	connections int
	target      float64
}

var works = []work{
	{"hello", "GET", "/hello", 0, 32, 0.97},
	{"stream", "GET", "/stream", 0, 16, 0.97},
	{"file", "GET", "/file", 0, 4, 0.97},
	{"upload", "POST", "/upload", 64 << 10, 8, 0.97},
}

// raw returns the bytes of the request.
func (w work) raw() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", w.method, w.path)
	for _, h := range bench.BrowserHeaders {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	if w.body > 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", w.body)
	}
	b.WriteString("\r\n" + strings.Repeat("x", w.body))
	return b.Bytes()
}

// compare measures w on both servers and prints the rates and their ratio. The
// server that goes first changes with every round.
func compare(p *pair, w work, rounds int, length time.Duration) error {
	var bare, gowsgi, ratios []float64
	for round := range rounds + 1 {
		order := []*server{p.bare, p.gowsgi}
		if round%2 == 1 {
			slices.Reverse(order)
		}
		rates := make(map[*server]float64)
		for _, s := range order {
			rate, err := drive(s.addr, w, length)
			if err != nil {
				return err
			}
			rates[s] = rate
		}
		if round == 0 {
			continue // the first round warms up
		}
		bare, gowsgi = append(bare, rates[p.bare]), append(gowsgi, rates[p.gowsgi])
		ratios = append(ratios, rates[p.gowsgi]/rates[p.bare])
	}
	verdict := "met"
	if median(ratios) < w.target {
		verdict = "MISSED"
	}
	slices.Sort(ratios)
	fmt.Printf("%-10s %9.0f /s %9.0f /s %8.3f %8.3f–%-8.3f  >= %.2f %s\n", w.name, median(bare), median(gowsgi), median(ratios),
		ratios[len(ratios)/4], ratios[len(ratios)*3/4], w.target, verdict)
	return nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// drive sends w on its connections for length and returns the rate of answers.
func drive(addr string, w work, length time.Duration) (float64, error) {
	counts, errs := make([]int, w.connections), make([]error, w.connections)
	began := time.Now()
	until := began.Add(length)
	var all sync.WaitGroup
	for i := range w.connections {
		raw := w.raw()
		all.Go(func() { counts[i], errs[i] = converse(addr, until, func() []byte { return raw }) })
	}
	all.Wait()
	took := time.Since(began).Seconds()
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return float64(sum) / took, errors.Join(errs...)
}

// converse sends the requests that next returns over one connection, one after the
// other, and counts the answers.
func converse(addr string, until time.Time, next func() []byte) (int, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	br, answers := bufio.NewReaderSize(c, 64<<10), 0
	for time.Now().Before(until) {
		if _, err := c.Write(next()); err != nil {
			return answers, err
		}
		res, err := http.ReadResponse(br, nil)
		if err != nil {
			return answers, err
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return answers, err
		}
		if res.StatusCode != http.StatusOK {
			return answers, fmt.Errorf("status %s", res.Status)
		}
		answers++
	}
	return answers, nil
}
