package wire

import "encoding/json"

// Value is a value of an environ: a string, or the name of a type and a repr.
type Value struct {
	Type string // "" for a str
	Text string // "" where the repr of another type is not stable
}

func (v Value) String() string {
	switch {
	case v.Type == "":
		return Quote(v.Text)
	case v.Text == "":
		return v.Type
	default:
		return v.Type + " " + v.Text
	}
}

// Environ is an environ as an application saw it.
type Environ map[string]Value

// UnmarshalJSON reads strings, typed values, and null for what is absent.
func (e *Environ) UnmarshalJSON(data []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*e = make(Environ)
	for key, item := range raw {
		value, err := readValue(item)
		if err != nil {
			return err
		}
		(*e)[Latin1(key)] = value
	}
	return nil
}

// absent marks a key that the base environ has and this one lacks.
var absent = Value{Type: "absent"}

func readValue(item json.RawMessage) (Value, error) {
	var typed struct {
		Type  string
		Value Text
	}
	if string(item) == "null" {
		return absent, nil
	}
	if item[0] == '{' && json.Unmarshal(item, &typed) == nil && typed.Type != "" {
		return Value{typed.Type, string(typed.Value)}, nil
	}
	var t Text
	err := t.UnmarshalJSON(item)
	return Value{Text: string(t)}, err
}

// Complete adds the values of base that a vector leaves out.
func (e Environ) Complete(base Environ) {
	for key, value := range base {
		if _, ok := e[key]; !ok {
			e[key] = value
		}
	}
	for key, value := range e {
		if value == absent {
			delete(e, key)
		}
	}
}
