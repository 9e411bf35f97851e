package debugpage

import (
	_ "embed"
	"html"
	"strconv"
	"strings"
)

// Policy is the value of the Content-Security-Policy that the HTML needs. A frame
// may only be on a page of the same origin.
const Policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

//go:embed page.css
var style string

// markup is HTML that is being written.
type markup struct{ strings.Builder }

// add writes form, in which each % stands for the next of texts, escaped.
func (m *markup) add(form string, texts ...string) {
	for _, text := range texts {
		before, after, _ := strings.Cut(form, "%")
		m.WriteString(before)
		m.WriteString(html.EscapeString(text))
		form = after
	}
	m.WriteString(form)
}

// HTML is the page for a browser.
func (p *Page) HTML() string {
	m := new(markup)
	m.add("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"+
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"+
		"<title>%: %</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n", p.Status, p.Message)
	m.WriteString(style)
	m.add("</style>\n</head>\n<body>\n<header>\n<p><strong>%</strong> <code>%</code></p>\n<h1>%</h1>\n</header>\n<main>\n", p.Status, p.Request, p.Message)
	m.causes(p.Causes)
	if len(p.Frames)+len(p.Trace) > 0 {
		m.add("<section>\n<h2>%</h2>\n", p.stackTitle())
		if p.NoStack {
			m.add("<p class=\"note\">%</p>\n", noStack)
		}
		m.frames(p.Frames)
		m.trace(p.Trace)
		m.add("</section>\n")
	}
	m.add("<section>\n<h2>Environ</h2>\n<table class=\"environ\">\n<tbody>\n")
	for _, entry := range p.Environ {
		m.add("<tr><th scope=\"row\">%</th><td>%</td></tr>\n", entry[0], entry[1])
	}
	m.add("</tbody>\n</table>\n<p class=\"note\">%</p>\n</section>\n</main>\n<footer>%</footer>\n</body>\n</html>\n", p.hidden(), warning)
	return m.String()
}

func (m *markup) causes(causes []Cause) {
	if len(causes) == 0 {
		return
	}
	m.add("<section>\n<h2>Error</h2>\n<ol class=\"causes\">\n")
	for _, cause := range causes {
		m.add("<li><code>%</code><p>%</p></li>\n", cause.Type, cause.Message)
	}
	m.add("</ol>\n</section>\n")
}

// frames writes a stack, in which the frames of libraries are folded.
func (m *markup) frames(frames []Frame) {
	for len(frames) > 0 {
		if f := frames[0]; f.Own {
			m.add("<details class=\"own\" open>\n<summary><code>%</code> <span>%</span></summary>\n", f.Func, f.place())
			m.source(f)
			m.add("</details>\n")
			frames = frames[1:]
			continue
		}
		end := 0
		for end < len(frames) && !frames[end].Own {
			end++
		}
		m.add("<details class=\"library\">\n<summary>%</summary>\n<ol>\n", count(end, "library frame", "library frames"))
		for _, f := range frames[:end] {
			m.add("<li><code>%</code> <span>%</span></li>\n", f.Func, f.place())
		}
		m.add("</ol>\n</details>\n")
		frames = frames[end:]
	}
}

// source writes the lines around a frame's.
func (m *markup) source(f Frame) {
	if f.Note != "" {
		m.add("<p class=\"note\">%</p>\n", f.Note)
	}
	if len(f.Lines) == 0 {
		return
	}
	m.add("<pre class=\"source\" tabindex=\"0\"><code>")
	for i, line := range f.Lines {
		form := "<span><i>%</i>%\n</span>"
		if f.First+i == f.Line {
			form = "<mark><i>%</i>%\n</mark>"
		}
		m.add(form, strconv.Itoa(f.First+i), line)
	}
	m.add("</code></pre>\n")
}

// trace writes a stack that came as a text, likewise folded.
func (m *markup) trace(parts []Part) {
	for _, part := range parts {
		if part.Library == 0 {
			m.add("<pre class=\"trace\" tabindex=\"0\">%</pre>\n", part.Text)
			continue
		}
		m.add("<details class=\"library\">\n<summary>%</summary>\n<pre class=\"trace\" tabindex=\"0\">%</pre>\n</details>\n",
			count(part.Library, "library frame", "library frames"), part.Text)
	}
}
