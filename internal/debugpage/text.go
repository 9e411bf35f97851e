package debugpage

import (
	"fmt"
	"strings"
)

// Text is the page for a terminal. Nothing is folded there.
func (p *Page) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n%s\n", p.Status, p.Request, indent(p.Message))
	if len(p.Causes) > 0 {
		b.WriteString("\nError\n")
	}
	for _, cause := range p.Causes {
		fmt.Fprintf(&b, "    %s: %s\n", cause.Type, strings.TrimLeft(indent(cause.Message), " "))
	}
	if len(p.Frames)+len(p.Trace) > 0 {
		fmt.Fprintf(&b, "\n%s\n", p.stackTitle())
	}
	if p.NoStack {
		fmt.Fprintf(&b, "    %s\n", noStack)
	}
	for _, f := range p.Frames {
		f.text(&b)
	}
	for _, part := range p.Trace {
		fmt.Fprintf(&b, "%s\n", indent(strings.TrimSuffix(part.Text, "\n")))
	}
	b.WriteString("\nEnviron\n")
	for _, entry := range p.Environ {
		fmt.Fprintf(&b, "    %s: %s\n", entry[0], entry[1])
	}
	fmt.Fprintf(&b, "    %s\n\n%s\n", p.hidden(), warning)
	return b.String()
}

func (f Frame) text(b *strings.Builder) {
	fmt.Fprintf(b, "    %s\n        %s\n", f.Func, f.place())
	if f.Note != "" {
		fmt.Fprintf(b, "        %s\n", f.Note)
	}
	for i, line := range f.Lines {
		mark := " "
		if f.First+i == f.Line {
			mark = ">"
		}
		fmt.Fprintln(b, strings.TrimRight(fmt.Sprintf("      %s %5d  %s", mark, f.First+i, line), " "))
	}
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }
