// Command report runs the Go benchmarks and prints for each target in
// docs/cost.md whether it is met. It keeps the raw output, which benchstat reads,
// in results/bench.txt. It runs in the folder bench.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

func main() {
	count := flag.Int("count", 7, "how often to run each benchmark; the medians are compared")
	length := flag.String("benchtime", "300ms", "how long each run takes")
	flag.Parse()
	raw, err := run(*count, *length)
	if err == nil {
		err = keep(raw)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	show(parse(raw))
}

// run runs all benchmarks, count times over. A benchmark and its twin are thus
// measured within seconds of each other, each time.
func run(count int, length string) ([]byte, error) {
	var all []byte
	for range count {
		cmd := exec.Command("go", "test", "-run", "^$", "-bench", ".", "-benchtime", length, ".")
		cmd.Stderr = os.Stderr
		raw, err := cmd.Output()
		if err != nil {
			return nil, err
		}
		all = append(all, raw...)
	}
	return all, nil
}

func keep(raw []byte) error {
	if err := os.MkdirAll("results", 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join("results", "bench.txt"), raw, 0o644)
}

// sample is the result of one run of a benchmark.
type sample struct{ ns, bytes, allocs float64 }

var line = regexp.MustCompile(`^Benchmark(\S+?)-\d+\s+\d+\s+([\d.]+) ns/op(?:\s+[\d.]+ MB/s)?\s+(\d+) B/op\s+(\d+) allocs/op`)

// parse returns the median sample of each benchmark.
func parse(raw []byte) map[string]sample {
	all := make(map[string][]sample)
	for s := bufio.NewScanner(bytes.NewReader(raw)); s.Scan(); {
		m := line.FindStringSubmatch(s.Text())
		if m == nil {
			continue
		}
		var v [3]float64
		for i := range v {
			v[i], _ = strconv.ParseFloat(m[i+2], 64)
		}
		all[m[1]] = append(all[m[1]], sample{v[0], v[1], v[2]})
	}
	medians := make(map[string]sample, len(all))
	for name, samples := range all {
		medians[name] = sample{
			median(samples, func(s sample) float64 { return s.ns }),
			median(samples, func(s sample) float64 { return s.bytes }),
			median(samples, func(s sample) float64 { return s.allocs }),
		}
	}
	return medians
}

func median(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func show(m map[string]sample) {
	fmt.Printf("%-34s %10s %10s %8s %8s  %s\n", "work", "ns", "over", "B", "allocs", "target")
	for _, t := range targets {
		got := m[t.name]
		base := m[t.base] // the zero sample for a target without a twin
		over := sample{got.ns - base.ns, got.bytes - base.bytes, got.allocs - base.allocs}
		verdict := "met"
		if !t.met(got, base) {
			verdict = "MISSED"
		}
		fmt.Printf("%-34s %10.1f %+10.1f %+8.0f %+8.0f  %s: %s\n", t.name, got.ns, over.ns, over.bytes, over.allocs, t.says, verdict)
	}
}
