package conformance

import (
	"github.com/gowsgi/gowsgi/conformance/apps"
	"github.com/gowsgi/gowsgi/conformance/replay"
)

// Twins is gowsgi serving the applications that are written in Go.
var Twins = replay.Subject{App: apps.Dispatch, Lacks: apps.IsImpossible}
