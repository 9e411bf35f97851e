package apps

import (
	"fmt"

	"github.com/gowsgi/gowsgi/conformance/wire"
	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/pyrepr"
)

func describe(value any) wire.Value {
	switch value := value.(type) {
	case string:
		return wire.Value{Text: value}
	case bool:
		return wire.Value{Type: "bool", Text: string(pyrepr.Append(nil, value))}
	case [2]int:
		return wire.Value{Type: "tuple", Text: string(pyrepr.Append(nil, value))}
	case *environ.Input:
		return wire.Value{Type: "Input"}
	case nil:
		return wire.Value{Type: "NoneType", Text: "None"}
	default:
		return wire.Value{Type: fmt.Sprintf("%T", value)}
	}
}

// Snapshot describes an environ, the counters aside.
func Snapshot(env *environ.Environ) map[string]wire.Value {
	values := make(map[string]wire.Value)
	for key, value := range env.All() {
		if key != CountersKey {
			values[key] = describe(value)
		}
	}
	return values
}
