package python

import (
	"os"
	"time"
)

// watch knows the source files of the application, and when each was written.
type watch struct {
	files map[string]stamp
}

type stamp struct {
	modified time.Time
	size     int64
}

func (w *watch) add(names []string) {
	if w.files == nil && len(names) > 0 {
		w.files = make(map[string]stamp)
	}
	for _, name := range names {
		if _, ok := w.files[name]; !ok {
			w.files[name] = stampOf(name)
		}
	}
}

// changed returns a file that has been written since it was last looked at, and
// "" where none has.
func (w *watch) changed() string {
	found := ""
	for name, before := range w.files {
		if now := stampOf(name); now != before {
			w.files[name], found = now, name
		}
	}
	return found
}

func stampOf(name string) stamp {
	info, err := os.Stat(name)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}
