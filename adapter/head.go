package adapter

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/gowsgi/gowsgi/internal/refuse"
)

// head is a status and headers that start_response has accepted.
type head struct {
	status     int32       // its code: an int32, as the next, since a response has no byte to spare
	connection int32       // place of the Connection field, counted from 1; 0 for none
	length     int64       // declared Content-Length; -1 for none
	fields     [][2]string // canonical name and value; our own copy
	space      [2][2]string
}

func (h *head) code() int { return int(h.status) }

// fill checks a status and headers and takes them over.
func (h *head) fill(status string, headers Headers) error {
	code, err := refuse.Status(status)
	if err != nil {
		return fmt.Errorf("adapter: %w", err)
	}
	h.status, h.length, h.connection, h.fields = int32(code), -1, 0, h.space[:0]
	if len(headers) > len(h.space) {
		h.fields = make([][2]string, 0, len(headers)+1) // with the Content-Length of a list
	}
	for _, field := range headers {
		if err := h.add(field[0], field[1]); err != nil {
			return fmt.Errorf("adapter: %w", err)
		}
	}
	if err := refuse.Bodiless(code, h.length); err != nil {
		return fmt.Errorf("adapter: %w", err)
	}
	return nil
}

func (h *head) add(name, value string) error {
	name, err := refuse.Field(name, value)
	if err != nil {
		return err
	}
	switch name {
	case "Content-Length":
		given := h.length >= 0
		if h.length, err = refuse.Length(value, h.length); err != nil || given {
			return err
		}
		value = strconv.FormatInt(h.length, 10)
	case "Connection":
		if value, err = refuse.Connection(value, h.code()); err != nil || h.saysClose(value) {
			return err
		}
	default:
		if err := refuse.HopByHop(name, h.code()); err != nil {
			return err
		}
	}
	h.fields = append(h.fields, [2]string{name, value})
	return nil
}

// saysClose makes one field of Connection: close and another, since net/http looks
// at the first alone, and reports whether there is nothing to add.
func (h *head) saysClose(value string) bool {
	if h.code() == http.StatusSwitchingProtocols {
		return false
	}
	if h.connection == 0 {
		h.connection = int32(len(h.fields) + 1)
		return false
	}
	if value == "close" {
		h.fields[h.connection-1][1] = value
	}
	return true
}

// copyTo puts the head's fields into header. A field replaces the values that a
// router or middleware outside has set; Set-Cookie and Vary add to them.
func (h *head) copyTo(header http.Header) {
	h.makeRoom(header)
	// A few comparisons cost less than a look into the map, many cost more.
	few := len(header) == 0 && len(h.fields) <= 8
	for i := range h.fields {
		name, value := h.fields[i][0], h.fields[i][1:2:2]
		if !few || h.repeats(i) {
			if before := header[name]; before != nil {
				value = append(before, value...)
			}
		}
		header[name] = value
	}
	// net/http guesses a Content-Type where the key is missing.
	if _, ok := header["Content-Type"]; !ok {
		header["Content-Type"] = nil
	}
}

// repeats reports whether an earlier field has the name of field i.
func (h *head) repeats(i int) bool {
	for _, earlier := range h.fields[:i] {
		if earlier[0] == h.fields[i][0] {
			return true
		}
	}
	return false
}

// makeRoom takes out of header the fields that the head's replace.
func (h *head) makeRoom(header http.Header) {
	if len(header) == 0 {
		return
	}
	for i := range h.fields {
		if name := h.fields[i][0]; name != "Set-Cookie" && name != "Vary" {
			delete(header, name)
		}
	}
}

// bodiless reports whether a response with the head's code has no body.
func (h *head) bodiless() bool { return refuse.NoBody(h.code()) }
