// Command api writes the exported API of the module to docs/api.txt, one
// declaration a line. A change of what users can call thereby shows as a line in
// a commit; a test of this package fails while the file does not agree with the
// code.
package main

import (
	"log"
	"os"
	"path/filepath"
)

//go:generate go run . ../..

// file is where the list lies below the root of the module.
const file = "docs/api.txt"

func main() {
	if len(os.Args) != 2 {
		log.Fatal("api: usage: api ROOT, the folder with go.mod")
	}
	root := os.Args[1]
	text, err := List(root)
	if err == nil {
		err = os.WriteFile(filepath.Join(root, file), []byte(text), 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}
