package wire

import (
	"fmt"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/pyrepr"
)

// Snapshot describes all values of env but the counters, as apps.py does.
func Snapshot(env *environ.Environ) Environ {
	values := make(Environ)
	for key, value := range env.All() {
		if key != CountersKey {
			values[key] = Describe(value)
		}
	}
	return values
}

// Describe is a value of an environ as a vector describes it.
func Describe(value any) Value {
	switch value := value.(type) {
	case string:
		return Value{Text: value}
	case bool:
		return Value{"bool", string(pyrepr.Append(nil, value))}
	case [2]int:
		return Value{"tuple", string(pyrepr.Append(nil, value))}
	case *environ.Input:
		return Value{Type: "Input"}
	case nil:
		return Value{"NoneType", "None"}
	default:
		return Value{Type: fmt.Sprintf("%T", value)}
	}
}
