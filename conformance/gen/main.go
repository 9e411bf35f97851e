// Command gen replays the vectors and prints the tables of differences into
// docs/differences.md.
package main

import (
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
	_, file, _, _ := runtime.Caller(0)
	here := filepath.Dir(filepath.Dir(file))
	vectors, err := recorded.Load(filepath.Join(here, "recorded", "gevent-22.10.2"))
	if err != nil {
		log.Fatal(err)
	}
	exchanges, err := replay.All(vectors)
	if err == nil {
		err = replay.Again(exchanges, rows.Differences)
	}
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(here, "..", "docs", "differences.md")
	if err := os.WriteFile(path, []byte(conformance.Document(exchanges)), 0o644); err != nil {
		log.Fatal(err)
	}
}
