// Package debugpage shows a developer why a request has failed, as HTML and as
// plain text. It is given nothing that may not be shown. It does without
// html/template, which would make every program that uses gowsgi larger.
package debugpage

import (
	"net/http"
	"strconv"
	"strings"
)

// Page is what there is to show. Its texts have no control characters but newlines
// and tabs.
type Page struct {
	Status  string // "500 Internal Server Error"
	Request string // the request line, as it may be shown
	Message string // the text of the error
	Causes  []Cause
	Frames  []Frame // the stack, innermost first; or where the App begins
	NoStack bool    // Frames is where the App begins
	Trace   []Part  // a stack that came as a text; none for none
	Environ [][2]string
	Hidden  int // keys of the environ that are not in Environ
}

// Cause is one error of a chain, the outermost first.
type Cause struct{ Type, Message string }

const (
	noStack = "An error that is returned has no stack. This is where the App begins."
	warning = "This page is shown because Handler.Debug is on: whoever makes a request fail sees it. Handler.Policy says which values of the environ it shows."
)

// WantsHTML reports whether the client prefers HTML to plain text: it names
// text/html in its Accept (RFC 9110, 12.5.1), and does not like text/plain better.
func WantsHTML(header http.Header) bool {
	html, plain := 0.0, 0.0
	for _, list := range header["Accept"] {
		for item := range strings.SplitSeq(list, ",") {
			kind, params, _ := strings.Cut(item, ";")
			switch strings.ToLower(strings.TrimSpace(kind)) {
			case "text/html":
				html = max(html, quality(params))
			case "text/plain":
				plain = max(plain, quality(params))
			}
		}
	}
	return html > 0 && html >= plain
}

// quality is the weight that the parameters of an item of a list give it.
func quality(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return 0
			}
			return q
		}
	}
	return 1
}

// stackTitle stands above Frames and Trace.
func (p *Page) stackTitle() string {
	if p.NoStack {
		return "Application"
	}
	return "Stack"
}

// hidden says how much of the environ is not shown.
func (p *Page) hidden() string {
	if p.Hidden == 0 {
		return "That is all of it."
	}
	return count(p.Hidden, "more key is hidden.", "more keys are hidden.")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
