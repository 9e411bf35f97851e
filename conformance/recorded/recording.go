// Package recorded reads what the real gevent.pywsgi was seen to answer.
package recorded

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/wire"
)

// Vector is a case with what came of it on pywsgi.
type Vector struct {
	wire.Case
	wire.Outcome
}

// Recording is a file of vectors.
type Recording struct {
	RecordedWith struct {
		Gevent string `json:"gevent"`
		Python string `json:"python"`
	} `json:"recorded_with"`
	EnvironBase wire.Environ `json:"environ_base"`
	Vectors     []Vector
}

// notWire are the files of a recording that hold something else.
var notWire = []string{"secure", "log", "validate"}

// Load reads all vectors below dir, in the order of their files' names.
func Load(dir string) ([]Vector, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []Vector
	for _, path := range paths {
		category := strings.TrimSuffix(filepath.Base(path), ".json")
		if slices.Contains(notWire, category) {
			continue
		}
		recording, err := LoadFile(path)
		if err != nil {
			return nil, err
		}
		for i := range recording.Vectors {
			recording.Vectors[i].Category = category
		}
		all = append(all, recording.Vectors...)
	}
	return all, nil
}

func LoadFile(path string) (*Recording, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	recording := new(Recording)
	if err := json.Unmarshal(data, recording); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, v := range recording.Vectors {
		for _, env := range v.Environs {
			env.Complete(recording.EnvironBase)
		}
	}
	return recording, nil
}
