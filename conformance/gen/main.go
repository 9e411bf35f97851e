// Command gen replays the recorded cases and prints the tables of differences into
// docs/differences.md.
package main

import (
	"errors"
	"log"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gowsgi/gowsgi/conformance"
	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/rows"
)

func main() {
	exchanges, err := play()
	if err != nil {
		log.Fatal(err)
	}
	_, file, _, _ := runtime.Caller(0)
	path := filepath.Join(filepath.Dir(file), "..", "..", "docs", "differences.md")
	if err := os.WriteFile(path, []byte(conformance.Document(exchanges)), 0o644); err != nil {
		log.Fatal(err)
	}
}

func play() ([]*replay.Exchange, error) {
	vectors, err := recorded.All()
	if err != nil {
		return nil, err
	}
	exchanges, err := conformance.Twins.Replay(vectors)
	if err != nil {
		return nil, err
	}
	if err := conformance.Twins.Retry(exchanges, rows.Differences); err != nil {
		return nil, err
	}
	if _, unexplained := replay.Explain(exchanges, rows.Differences); len(unexplained) > 0 {
		return nil, errors.New("no row explains these differences:\n" + replay.Report(unexplained))
	}
	return exchanges, nil
}
