// Command load measures over loopback how much gowsgi costs over a bare net/http
// handler that does the same work.
//
// It starts itself twice more as a server, once of each kind, and pins both
// servers to the first core. From the other cores it sends requests to the two in
// turn, round by round, so that a machine that becomes slower does so for both. It
// prints the ratio of their rates, with its spread over the rounds.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	serve := flag.String("serve", "", "run as a server of this kind: bare, gowsgi or inplace")
	file := flag.String("file", "", "the file that the server sends")
	rounds := flag.Int("rounds", 15, "how many rounds to measure of each work")
	length := flag.Duration("round", time.Second, "how long a round takes")
	only := flag.String("only", "", "measure only the works whose name contains this")
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
