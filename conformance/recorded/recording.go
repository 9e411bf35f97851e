package recorded

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/wire"
)

//go:embed gevent-22.10.2/*.json gevent-26.9.0.json
var files embed.FS

// Vector is a case with the outcome on each of the servers that it was played to.
type Vector struct {
	wire.Case
	Outcomes map[Server]*wire.Outcome
}

// Answer is a case with its outcome on one server.
type Answer struct {
	wire.Case
	wire.Outcome
}

// Versions are the versions that a recording was made with.
type Versions struct {
	Gevent Server `json:"gevent"`
	Python string `json:"python"`
}

// All returns every recorded case with what both servers answered.
func All() ([]Vector, error) {
	whole, err := readFolder(Files())
	if err != nil {
		return nil, err
	}
	first, err := answers(whole, nil)
	if err != nil {
		return nil, err
	}
	differing, err := readFile(files, "gevent-"+string(Newest)+".json")
	if err != nil {
		return nil, err
	}
	second, err := answers(whole, differing)
	if err != nil {
		return nil, err
	}
	return Join(map[Server][]Answer{Debian: first, Newest: second})
}

// Files are the files of the first recording. secure.json, log.json and
// validate.json in it hold for both servers.
func Files() fs.FS {
	sub, err := fs.Sub(files, "gevent-"+string(Debian))
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

// RecordedWith are the versions that made the recording of server.
func RecordedWith(server Server) (Versions, error) {
	name := "gevent-" + string(server) + ".json"
	if server == Debian {
		name = "gevent-" + string(server) + "/apps.json"
	}
	f, err := readFile(files, name)
	if err != nil {
		return Versions{}, err
	}
	return f.RecordedWith, nil
}

// Read reads a folder that record.py wrote, in the order of its files' names.
func Read(dir fs.FS) ([]Answer, error) {
	whole, err := readFolder(dir)
	if err != nil {
		return nil, err
	}
	return answers(whole, nil)
}

// Join puts together what several servers answered to the same cases.
func Join(recordings map[Server][]Answer) ([]Vector, error) {
	var joined []Vector
	for _, server := range slices.Sorted(maps.Keys(recordings)) {
		list := recordings[server]
		if joined == nil {
			joined = make([]Vector, len(list))
		}
		if len(list) != len(joined) {
			return nil, fmt.Errorf("recorded: %d cases of gevent %s, %d of another", len(list), server, len(joined))
		}
		for i, a := range list {
			if joined[i].Outcomes == nil {
				joined[i] = Vector{a.Case, make(map[Server]*wire.Outcome)}
			}
			joined[i].Outcomes[server] = &list[i].Outcome
		}
	}
	return joined, nil
}

// file is a file of a recording. Its vectors are fields that are not read yet.
type file struct {
	RecordedWith Versions     `json:"recorded_with"`
	EnvironBase  wire.Environ `json:"environ_base"`
	Vectors      []map[string]json.RawMessage
	category     string
}

// notWire are the files of a recording that hold no connections.
var notWire = []string{"secure.json", "log.json", "validate.json"}

func readFolder(dir fs.FS) ([]*file, error) {
	names, err := fs.Glob(dir, "*.json")
	if err != nil {
		return nil, err
	}
	var all []*file
	for _, name := range names {
		if slices.Contains(notWire, name) {
			continue
		}
		f, err := readFile(dir, name)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

func readFile(dir fs.FS, name string) (*file, error) {
	data, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil, err
	}
	f := &file{category: strings.TrimSuffix(name, ".json")}
	if err := json.Unmarshal(data, f); err != nil {
		return nil, fmt.Errorf("recorded: %s: %w", name, err)
	}
	return f, nil
}

// answers reads the vectors of a whole recording, changed where another, which may
// be nil, differs.
func answers(whole []*file, differing *file) ([]Answer, error) {
	changes := make(map[string]map[string]json.RawMessage)
	if differing != nil {
		for _, vector := range differing.Vectors {
			changes[string(vector["name"])] = vector
		}
	}
	var all []Answer
	for _, f := range whole {
		base := f.EnvironBase
		if differing != nil {
			base = differing.EnvironBase
		}
		for _, vector := range f.Vectors {
			a, err := answer(overlaid(vector, changes[string(vector["name"])]), base)
			if err != nil {
				return nil, fmt.Errorf("recorded: %s: %w", vector["name"], err)
			}
			a.Category = f.category
			all = append(all, a)
		}
	}
	return all, nil
}

// overlaid is a vector with the fields of change in the place of its own. null
// takes a field away.
func overlaid(vector, change map[string]json.RawMessage) map[string]json.RawMessage {
	merged := maps.Clone(vector)
	for name, value := range change {
		merged[name] = value
	}
	return merged
}

func answer(vector map[string]json.RawMessage, base wire.Environ) (Answer, error) {
	var a Answer
	data, err := json.Marshal(vector)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, err
	}
	for _, env := range a.Environs {
		env.Complete(base)
	}
	return a, nil
}
