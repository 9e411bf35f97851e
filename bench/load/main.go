// Command load measures over loopback what gowsgi costs against the bare
// net/http handler that does the same work.
//
// It starts itself again as two servers, one of each kind, pinned to one core,
// and drives them in turn from the other cores: rounds of the two kinds follow
// each other, so that a machine that drifts drifts for both. What it prints are
// ratios, with their spread over the rounds.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	serve := flag.String("serve", "", "be the server of this kind (bare, gowsgi or inplace)")
	file := flag.String("file", "", "the file that a server sends")
	rounds := flag.Int("rounds", 15, "rounds of each work")
	length := flag.Duration("round", time.Second, "length of a round")
	only := flag.String("only", "", "only the works whose name contains this")
	flag.Parse()
	var err error
	switch *serve {
	case "":
		err = measure(*rounds, *length, *only)
	case "inplace":
		err = runTimed()
	default:
		err = runServer(*serve, *file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func measure(rounds int, length time.Duration, only string) error {
	pair, err := startPair()
	if err != nil {
		return err
	}
	defer pair.stop()
	fmt.Printf("%-10s %12s %12s %8s %17s  %s\n", "work", "bare", "gowsgi", "ratio", "middle half", "target")
	for _, w := range works {
		if !strings.Contains(w.name, only) {
			continue
		}
		if err := compare(pair, w, rounds, length); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	if err := compareInPlace(rounds, length, only); err != nil {
		return fmt.Errorf("in place: %w", err)
	}
	return compareMemory(only)
}
