package python

import (
	"embed"
	"encoding/json"
	"path"
	"strings"
	"sync"
)

//go:embed gowsgi_worker/*.py
var sources embed.FS

//go:embed boot.py
var bootSource string

const workerPackage = "gowsgi_worker"

// launch is the program that the interpreter is started with. It is valid for
// every Python there is, so that one which is too old can say so.
const launch = `import sys;sys.version_info>=(3,9) or sys.exit("gowsgi needs CPython 3.9 or later; this is "+sys.version);` +
	`exec(open(3,encoding="utf-8").read())`

// settings is what a worker is told; worker.py has the same under Settings.
type settings struct {
	App          string `json:"app"`
	Dir          string `json:"dir"`
	Threads      int    `json:"threads"`
	Gevent       bool   `json:"gevent"`
	Multiprocess bool   `json:"multiprocess"`
	Reload       bool   `json:"reload"`
	Control      int    `json:"control"`
	Guarding     int    `json:"guarding"`
}

// modules are the worker's sources by the names of their modules.
var modules = sync.OnceValues(func() (map[string]string, error) {
	entries, err := sources.ReadDir(workerPackage)
	if err != nil {
		return nil, err
	}
	all := make(map[string]string, len(entries))
	for _, entry := range entries {
		text, err := sources.ReadFile(path.Join(workerPackage, entry.Name()))
		if err != nil {
			return nil, err
		}
		name := workerPackage + "." + strings.TrimSuffix(entry.Name(), ".py")
		all[strings.TrimSuffix(name, ".__init__")] = string(text)
	}
	return all, nil
})

// bootText is the program that makes a worker of an interpreter.
func bootText(s settings) (string, error) {
	all, err := modules()
	if err != nil {
		return "", err
	}
	given, err := json.Marshal(map[string]any{"package": workerPackage, "sources": all, "settings": s})
	if err != nil {
		return "", err
	}
	literal, err := json.Marshal(string(given)) // a JSON string is a Python literal too
	if err != nil {
		return "", err
	}
	return bootSource + "\nboot(" + string(literal) + ")\n", nil
}
