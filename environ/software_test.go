package environ

import (
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSoftware(t *testing.T) {
	other := debug.Module{Path: "example.com/program", Version: "v9.9.9"}
	depends := func(on debug.Module) *debug.BuildInfo {
		return &debug.BuildInfo{Main: other, Deps: []*debug.Module{{Path: "github.com/gowsgi/other", Version: "v8.0.0"}, &on}}
	}
	for _, tt := range []struct {
		name  string
		build *debug.BuildInfo
		goes  string
		want  string
	}{
		{"a dependency", depends(debug.Module{Path: modulePath, Version: "v0.3.1"}), "go1.26.8", "gowsgi/0.3.1 Go/1.26.8"},
		{
			"a dependency at a commit", depends(debug.Module{Path: modulePath, Version: "v0.3.2-0.20261123211900-0d92e36abcde"}), "go1.26.8",
			"gowsgi/0.3.2-0.20261123211900-0d92e36abcde Go/1.26.8",
		},
		{
			"a fork in its place", depends(debug.Module{Path: modulePath, Version: "v0.3.1", Replace: &debug.Module{Path: "example.com/fork", Version: "v0.4.0"}}), "go1.26.8",
			"gowsgi/0.4.0 Go/1.26.8",
		},
		{
			"a folder in its place", depends(debug.Module{Path: modulePath, Version: "v0.3.1", Replace: &debug.Module{Path: "../gowsgi"}}), "go1.26.8",
			"gowsgi/devel Go/1.26.8",
		},
		{
			"the main module at a tag", &debug.BuildInfo{Main: debug.Module{Path: modulePath, Version: "v1.0.0"}, Deps: []*debug.Module{&other}}, "go1.26.8",
			"gowsgi/1.0.0 Go/1.26.8",
		},
		{"the main module", &debug.BuildInfo{Main: debug.Module{Path: modulePath, Version: "(devel)"}}, "go1.26.8", "gowsgi/devel Go/1.26.8"},
		{"nowhere", &debug.BuildInfo{Main: other}, "go1.26.8", "gowsgi/devel Go/1.26.8"},
		{"no modules", nil, "go1.26.8", "gowsgi/devel Go/1.26.8"},
		{"an experiment", nil, "go1.26.8 X:jsonv2", "gowsgi/devel Go/1.26.8"},
		{"Go from its repository", nil, "devel go1.27-0123456789 Mon Nov 23 21:19:00 2026", "gowsgi/devel Go/devel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, software(tt.build, tt.goes)); diff != "" {
				t.Errorf("SERVER_SOFTWARE (-want +got):\n%s", diff)
			}
		})
	}
}
