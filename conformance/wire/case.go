// Package wire describes the connections of the conformance suite: the cases that a
// client plays, their outcomes, and the bytes of requests and responses.
package wire

import (
	"encoding/json"
	"slices"
	"strings"
)

// Step is one thing that the client does.
type Step struct {
	Send           *Pieces `json:"send,omitempty"`
	Await          *Text   `json:"await,omitempty"`
	AwaitResponses int     `json:"await_responses,omitempty"`
	HalfClose      bool    `json:"half_close,omitempty"`
	Close          bool    `json:"close,omitempty"`
}

// Pieces are the bytes that a step sends.
type Pieces string

// UnmarshalJSON reads a text, or a list of texts and repetitions.
func (p *Pieces) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		var t Text
		err := t.UnmarshalJSON(data)
		*p = Pieces(t)
		return err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	for _, item := range list {
		piece, err := readPiece(item)
		if err != nil {
			return err
		}
		*p += Pieces(piece)
	}
	return nil
}

func readPiece(item json.RawMessage) (string, error) {
	var run struct {
		Repeat Text
		Times  int
	}
	if item[0] == '{' {
		err := json.Unmarshal(item, &run)
		return strings.Repeat(string(run.Repeat), run.Times), err
	}
	var t Text
	err := t.UnmarshalJSON(item)
	return string(t), err
}

// MarshalJSON writes the text whole.
func (p Pieces) MarshalJSON() ([]byte, error) { return Text(p).MarshalJSON() }

// Case is a connection, by what the client does on it.
type Case struct {
	Name     string   `json:"name"`
	Category string   `json:"category"`
	Apps     []string `json:"apps"`
	Methods  []string `json:"methods"`
	Steps    []Step   `json:"steps"`
}

// GoesAway reports whether the client leaves without having read.
func (c *Case) GoesAway() bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool { return s.Close })
}

// Sent is all that the client sends.
func (c *Case) Sent() string {
	var b strings.Builder
	for _, step := range c.Steps {
		if step.Send != nil {
			b.WriteString(string(*step.Send))
		}
	}
	return b.String()
}
