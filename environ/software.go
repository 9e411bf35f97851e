package environ

import (
	"cmp"
	"runtime/debug"
	"strings"
)

// modulePath is the path under which a build lists gowsgi.
const modulePath = "github.com/gowsgi/gowsgi"

// software is the value of SERVER_SOFTWARE (RFC 3875, 4.1.17): gowsgi and Go as
// two products with their versions (RFC 9110, 5.6.6 and 10.2.4). A build that
// does not say which version of gowsgi it has in it shows "devel".
func software(build *debug.BuildInfo, goVersion string) string {
	goVersion, _, _ = strings.Cut(goVersion, " ") // GOEXPERIMENT stands after a space
	return "gowsgi/" + gowsgiVersion(build) + " Go/" + strings.TrimPrefix(goVersion, "go")
}

// gowsgiVersion is the version of gowsgi in build, which is nil for a program
// built without modules.
func gowsgiVersion(build *debug.BuildInfo) string {
	if build == nil {
		return "devel"
	}
	module := &build.Main
	if module.Path != modulePath {
		module = dependency(build)
	}
	if module.Replace != nil {
		module = module.Replace
	}
	version := strings.TrimPrefix(module.Version, "v")
	if version == "(devel)" {
		version = ""
	}
	return cmp.Or(version, "devel")
}

// dependency is gowsgi among the modules that the main one depends on, and the
// zero Module if it is not there.
func dependency(build *debug.BuildInfo) *debug.Module {
	for _, module := range build.Deps {
		if module.Path == modulePath {
			return module
		}
	}
	return new(debug.Module)
}

// buildInfo is that of the running program, nil where it has none.
func buildInfo() *debug.BuildInfo {
	build, _ := debug.ReadBuildInfo()
	return build
}
