// Package opaque keeps values from being printed.
package opaque

import (
	"fmt"
	"io"
)

// Type is embedded in a type whose fields hold an environ: printing a value of
// that type, by fmt, slog, go-spew or encoding/json, shows the text of String and no
// field. As an embedded value it also holds for a value that is not behind a
// pointer, and copies none of its locks.
type Type struct{}

func (Type) String() string { return "gowsgi" }

func (t Type) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

func (t Type) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
