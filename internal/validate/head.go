package validate

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/gowsgi/gowsgi/adapter"
	"github.com/gowsgi/gowsgi/internal/refuse"
)

// declared is the part of a response's head that speaks of its body.
type declared struct {
	code   int
	length int64 // -1: no Content-Length
	typed  bool  // there is a Content-Type
}

// checkHead checks the status and headers that the App gives to start. The rules of
// start itself come first, so that the two agree.
func checkHead(status string, headers adapter.Headers) (declared, error) {
	code, err := checkStatus(status)
	if err != nil {
		return declared{}, err
	}
	d := declared{code: code, length: -1}
	for _, field := range headers {
		name, err := checkFieldForm(field[0], field[1])
		if err == nil {
			err = d.note(name, field[1])
		}
		if err != nil {
			return declared{}, err
		}
	}
	return d, d.checkContent()
}

func checkStatus(status string) (int, error) {
	code, err := refuse.Status(status)
	if err != nil {
		return 0, startCallable.broken("%w", err)
	}
	reason, ok := strings.CutPrefix(status[3:], " ")
	switch {
	case strings.Contains(status, "\t"):
		return 0, startCallable.broken("status %q has a control character in it", status)
	case !ok || reason != strings.Trim(reason, " "):
		return 0, startCallable.broken("status %q is not a code, a single space and a reason", status)
	}
	return code, nil
}

// fieldName is wsgiref.validate's, which is narrower than a token of HTTP.
var fieldName = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9])?$`)

// checkFieldForm returns the canonical name of a header.
func checkFieldForm(name, value string) (string, error) {
	canonical, err := refuse.Field(name, value)
	switch {
	case err != nil:
		return "", startCallable.broken("%w", err)
	case !fieldName.MatchString(name):
		return "", startCallable.broken("header name %q is not a letter, then letters, digits, dashes and underscores that end in a letter or digit", name)
	case canonical == "Status":
		return "", startCallable.broken("header %q is CGI's; the status is start's first argument", name)
	case strings.Contains(value, "\t"):
		return "", startCallable.broken("the value of header %q has a control character in it", name)
	}
	return canonical, nil
}

func (d *declared) note(name, value string) (err error) {
	switch name {
	case "Content-Type":
		d.typed = true
	case "Content-Length":
		if d.length, err = refuse.Length(value, d.length); err != nil {
			return contentLength.broken("%w", err)
		}
	case "Connection":
		_, err = refuse.Connection(value, d.code)
	default:
		err = refuse.HopByHop(name, d.code)
	}
	if err != nil {
		return otherFeatures.broken("%w", err)
	}
	return nil
}

// checkContent checks that the headers speak of a body where there can be one,
// and only there.
func (d *declared) checkContent() error {
	bodiless := d.isSwitch() || refuse.NoBody(d.code)
	switch {
	case bodiless && d.typed:
		return startCallable.broken(`a %d response has header "Content-Type" and can have no body`, d.code)
	case bodiless && d.length >= 0:
		return contentLength.broken(`a %d response has header "Content-Length" and can have no body`, d.code)
	case !bodiless && !d.typed:
		return startCallable.broken(`a %d response has no header "Content-Type"`, d.code)
	}
	return nil
}

// isSwitch reports whether the bytes that follow are no body.
func (d *declared) isSwitch() bool { return d.code == http.StatusSwitchingProtocols }

// checkSize checks that a body may have size bytes, or that many so far.
func (d *declared) checkSize(size int64) error {
	switch {
	case size == 0:
	case refuse.NoBody(d.code):
		return otherFeatures.broken("a %d response has a body, which RFC 9110 (6.4.1) denies it", d.code)
	case d.length >= 0 && size > d.length:
		return contentLength.broken("the body has %d bytes at least, more than its Content-Length", size)
	}
	return nil
}

// checkEnd checks the size of a whole body. For a HEAD an App need not make one,
// and may: the server does not send it.
func (d *declared) checkEnd(size int64, head bool) error {
	if d.length > size && !head {
		return contentLength.broken("the body has %d bytes, fewer than its Content-Length", size)
	}
	return nil
}
