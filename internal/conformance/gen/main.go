// Command gen replays the vectors and prints the tables of differences into
// docs/differences.md.
package main

import (
	"log"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gowsgi/gowsgi/internal/conformance"
)

func main() {
	_, file, _, _ := runtime.Caller(0)
	here := filepath.Dir(filepath.Dir(file))
	vectors, err := conformance.Load(filepath.Join(here, "testdata"))
	if err != nil {
		log.Fatal(err)
	}
	exchanges, err := conformance.Replay(vectors)
	if err == nil {
		err = conformance.Again(exchanges, conformance.Differences)
	}
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(here, "..", "..", "docs", "differences.md")
	if err := os.WriteFile(path, []byte(conformance.Document(exchanges)), 0o644); err != nil {
		log.Fatal(err)
	}
}
