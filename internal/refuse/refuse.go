// Package refuse holds the rules for what an application may say in the head of
// a response (PEP 3333, "The start_response() Callable"; RFC 9110, 5.5 and 7.6.1;
// RFC 9112, 4). Its errors name what is wrong and quote a header's name, never
// its value.
package refuse

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Status returns the code of a status line without its protocol: three digits,
// or digits, a space and a reason.
func Status(status string) (int, error) {
	if hasControl(status) {
		return 0, errors.New("the status has a control character in it")
	}
	if len(status) < 3 || !allDigits(status[:3]) || len(status) > 3 && status[3] != ' ' {
		return 0, fmt.Errorf("status %q is not three digits, a space and a reason", status)
	}
	code, _ := strconv.Atoi(status[:3])
	if code < 200 && code != http.StatusSwitchingProtocols {
		return 0, fmt.Errorf("status %d is no final one: it must be from 200 to 999, or 101", code)
	}
	return code, nil
}

// Field checks the form of a header and returns its canonical name.
func Field(name, value string) (string, error) {
	canonical, ok := checkName(name)
	if !ok {
		return "", fmt.Errorf("header name %q is not a token", name)
	}
	if hasControl(value) {
		return "", fmt.Errorf("the value of header %q has a control character in it", name)
	}
	return canonical, nil
}

// checkName reports whether name is a token. Most names are canonical already,
// which one look at each byte tells along with it.
func checkName(name string) (canonical string, ok bool) {
	switch name {
	case "Content-Type", "Content-Length", "Cache-Control", "Location", "Set-Cookie", "Vary":
		return name, true // no look at each byte of what most responses have
	}
	upper, asItIs := true, true
	for i := range len(name) {
		c := name[i]
		switch {
		case !httpguts.IsTokenRune(rune(c)):
			return "", false
		case upper && 'a' <= c && c <= 'z', !upper && 'A' <= c && c <= 'Z':
			asItIs = false
		}
		upper = c == '-'
	}
	if !asItIs {
		name = textproto.CanonicalMIMEHeaderKey(name)
	}
	return name, name != ""
}

// HopByHop refuses a header, given by its canonical name, that is between the
// server and the client alone.
func HopByHop(name string, code int) error {
	switch name {
	case "Transfer-Encoding", "Keep-Alive", "Proxy-Connection", "Te", "Trailer":
		return fmt.Errorf("header %q is for one connection only and the server's to send", name)
	case "Upgrade":
		if code != http.StatusSwitchingProtocols && code != http.StatusUpgradeRequired {
			return fmt.Errorf("header %q goes with a 101 or a 426 only", name)
		}
	}
	return nil
}

// Connection returns the value of a Connection header as net/http knows it.
func Connection(value string, code int) (string, error) {
	lower := strings.ToLower(strings.TrimSpace(value))
	switch {
	case lower == "close" || lower == "keep-alive":
		return lower, nil
	case code == http.StatusSwitchingProtocols:
		return value, nil
	default:
		return "", errors.New(`header "Connection" may be close or keep-alive; anything else goes with a 101 only`)
	}
}

// Length returns the value of a Content-Length header. Before is what an
// earlier one gave, -1 for none.
func Length(value string, before int64) (int64, error) {
	length, err := strconv.ParseInt(value, 10, 64)
	if err != nil || !allDigits(value) {
		return 0, errors.New(`header "Content-Length" is not a number of bytes in digits that an int64 holds`)
	}
	if before >= 0 && before != length {
		return 0, errors.New(`header "Content-Length" is given twice, with different values`)
	}
	return length, nil
}

// Bodiless refuses a Content-Length over 0 where the code allows no body.
func Bodiless(code int, length int64) error {
	if length > 0 && NoBody(code) {
		return fmt.Errorf("a %d response has no body: its Content-Length must be absent or 0", code)
	}
	return nil
}

// NoBody reports whether a response with code has no body (RFC 9110, 6.4.1).
func NoBody(code int) bool {
	return code == http.StatusNoContent || code == http.StatusNotModified
}

func hasControl(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Trailer checks a trailer. Of those that were announced, which have no prefix of
// net/http's, net/http itself sends only what may be one (RFC 9110, 6.5.1).
func Trailer(name, value string, prefixed bool) error {
	name, err := Field(name, value)
	if err == nil && prefixed && !httpguts.ValidTrailerHeader(name) {
		err = fmt.Errorf("header %q cannot be a trailer", name)
	}
	return err
}
