package debugpage

import (
	"regexp"
	"strings"
)

// Part is some lines of a stack that came as a text.
type Part struct {
	Text    string
	Library int // how many frames of libraries the lines are; 0 for all else
}

var (
	frameOf = regexp.MustCompile(`^ *File "([^"]*)", line \d+`)
	library = regexp.MustCompile(`[/\\](site-packages|dist-packages|lib\d*[/\\]python[\d.]+)[/\\]|^<frozen `)
)

// Traceback parts a text into the frames of libraries and the rest, if it has the
// frames of a Python traceback. No file is read: the text may name any.
func Traceback(text string) []Part {
	var parts []Part
	inLibrary := false
	for line := range strings.Lines(text) {
		begins := frameOf.FindStringSubmatch(line)
		frames := 0
		switch {
		case begins != nil && library.MatchString(begins[1]):
			inLibrary, frames = true, 1
		case begins != nil || !strings.HasPrefix(line, "    "):
			inLibrary = false
		}
		last := len(parts) - 1
		if last < 0 || inLibrary != (parts[last].Library > 0) {
			parts = append(parts, Part{line, frames})
			continue
		}
		parts[last].Text += line
		parts[last].Library += frames
	}
	return parts
}
