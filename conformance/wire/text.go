package wire

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/gowsgi/gowsgi/internal/pyrepr"
)

// Quote writes bytes so that one can read and paste them: every byte that is
// not printable ASCII as \xNN.
func Quote(s string) string { return string(pyrepr.AppendBytes(nil, []byte(s))[1:]) }

// Text is bytes. In a vector they are latin-1 characters, and long ones a digest.
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
	*t = Text(Latin1(s))
	return err
}

// MarshalJSON writes the bytes as latin-1.
func (t Text) MarshalJSON() ([]byte, error) { return []byte(pythonString(string(t))), nil }

func digestText(n int, sum string) string { return fmt.Sprintf("<%d bytes, sha256 %s>", n, sum) }

// Latin1 is the bytes of a string whose characters are all in latin-1.
func Latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

var dateOfNow = regexp.MustCompile(`Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT`)

// Shown is the text that a vector has for data: the date of now is replaced by
// <date>, and a long text by its digest.
func Shown(data string) Text {
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
