package conformance

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Text is bytes, which in a vector are latin-1; long ones are only a digest there.
type Text string

const longest = 512

// UnmarshalJSON reads a string, or the length and digest of one.
func (t *Text) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var digest struct {
		Length int
		SHA256 string
	}
	if data[0] == '{' {
		err := json.Unmarshal(data, &digest)
		*t = Text(digestText(digest.Length, digest.SHA256))
		return err
	}
	var s string
	err := json.Unmarshal(data, &s)
	*t = Text(latin1(s))
	return err
}

// MarshalJSON writes the bytes as latin-1.
func (t Text) MarshalJSON() ([]byte, error) { return []byte(pythonString(string(t))), nil }

func digestText(n int, sum string) string { return fmt.Sprintf("<%d bytes, sha256 %s>", n, sum) }

func latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

var dateOfNow = regexp.MustCompile(`Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT`)

// shown is bytes as a vector shows them.
func shown(data string) Text {
	data = dateOfNow.ReplaceAllStringFunc(data, func(date string) string {
		if strings.Contains(date, " 1970 ") {
			return date
		}
		return "Date: <date>"
	})
	if len(data) > longest {
		return Text(digestText(len(data), fmt.Sprintf("%x", sha256.Sum256([]byte(data)))))
	}
	return Text(data)
}

// Step is one thing that the client does.
type Step struct {
	Send           *Pieces `json:"send,omitempty"`
	Await          *Text   `json:"await,omitempty"`
	AwaitResponses int     `json:"await_responses,omitempty"`
	HalfClose      bool    `json:"half_close,omitempty"`
	Close          bool    `json:"close,omitempty"`
}

// Pieces is the text of a send.
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

// Case is a connection: what the client does on it.
type Case struct {
	Name     string   `json:"name"`
	Category string   `json:"category"`
	Apps     []string `json:"apps"`
	Methods  []string `json:"methods"`
	Steps    []Step   `json:"steps"`
}

// goesAway reports whether the client leaves without having read.
func (c *Case) goesAway() bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool { return s.Close })
}

// sent is all that the client sends.
func (c *Case) sent() string {
	var b strings.Builder
	for _, step := range c.Steps {
		if step.Send != nil {
			b.WriteString(string(*step.Send))
		}
	}
	return b.String()
}

// Outcome is what came of a case on one of the two servers.
type Outcome struct {
	Responses       []Response `json:"responses"`
	Connection      string     `json:"connection"`
	Environs        []Environ  `json:"environs"`
	Counters        map[string]int
	AccessLog       []Text     `json:"access_log"`
	ErrorLog        []LogEntry `json:"error_log"`
	Leftover        Text
	Late            Text
	TrailingInterim []Text `json:"trailing_interim"`
}

// Response is one response as it was parsed.
type Response struct {
	StatusLine Text `json:"status_line"`
	Code       int
	Reason     Text
	Headers    [][2]Text
	Framing    string
	Complete   bool
	Body       Text
	Chunks     []int
	BodyOnHead bool `json:"body_on_head"`
	Interim    []Text
}

// LogEntry is one thing that the error log says.
type LogEntry struct{ Kind, Type, Text string }

// Environ is what an application has seen.
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
		(*e)[latin1(key)] = value
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

// Vector is a case with what came of it on pywsgi.
type Vector struct {
	Case
	Outcome
}

// Recording is a file of vectors.
type Recording struct {
	RecordedWith struct {
		Gevent string `json:"gevent"`
		Python string `json:"python"`
	} `json:"recorded_with"`
	EnvironBase Environ `json:"environ_base"`
	Vectors     []Vector
}

// notWire are the files of testdata that hold something else.
var notWire = []string{"secure", "log", "validate"}

// Load reads all vectors below dir, in the order of their files' names.
func Load(dir string) ([]Vector, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []Vector
	for _, path := range paths {
		category := strings.TrimSuffix(filepath.Base(path), ".json")
		if slices.Contains(notWire, category) {
			continue
		}
		recording, err := loadRecording(path)
		if err != nil {
			return nil, err
		}
		for i := range recording.Vectors {
			recording.Vectors[i].Category = category
		}
		all = append(all, recording.Vectors...)
	}
	return all, nil
}

func loadRecording(path string) (*Recording, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	recording := new(Recording)
	if err := json.Unmarshal(data, recording); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, v := range recording.Vectors {
		for _, env := range v.Environs {
			env.complete(recording.EnvironBase)
		}
	}
	return recording, nil
}

// complete adds what the vector leaves to the base.
func (e Environ) complete(base Environ) {
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
