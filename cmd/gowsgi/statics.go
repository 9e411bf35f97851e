package main

import (
	"cmp"
	"io/fs"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
)

// statics are the folders of --static, the longest prefix first.
type statics []static

type static struct {
	prefix  string // begins with a slash, and ends without one
	handler http.Handler
}

func openStatics(flags []string) (statics, error) {
	var all statics
	for _, flag := range flags {
		prefix, folder, ok := strings.Cut(flag, "=")
		if !ok || !strings.HasPrefix(prefix, "/") || folder == "" {
			return nil, usageError("--static %q: write /path=folder", flag)
		}
		prefix = strings.TrimRight(prefix, "/")
		root, err := os.OpenRoot(folder)
		if err != nil {
			return nil, usageError("--static %q: the folder cannot be opened: %w", flag, err)
		}
		files := http.FileServerFS(unlisted{root.FS()})
		all = append(all, static{prefix, http.StripPrefix(prefix, files)})
	}
	slices.SortStableFunc(all, func(a, b static) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
	return all, nil
}

// before serves the files of s, and leaves the other requests to next.
func (s statics) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, static := range s {
			if !strings.HasPrefix(r.URL.Path, static.prefix+"/") {
				continue
			}
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				w.Header().Set("Allow", "GET, HEAD")
				http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
				return
			}
			static.handler.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// unlisted is a file system whose folders without an index.html are not there.
type unlisted struct{ fs.FS }

func (u unlisted) Open(name string) (fs.File, error) {
	file, err := u.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		_, err = fs.Stat(u.FS, path.Join(name, "index.html"))
	}
	if err != nil {
		_ = file.Close()
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return file, nil
}
