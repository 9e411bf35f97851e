package replay

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/recorded"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

// Difference is a field in which gowsgi differs from a pywsgi.
type Difference struct {
	Case   string
	Server recorded.Server
	Field  string // as in `response[0].header.date`; see fieldsOf
	Pywsgi string
	Gowsgi string
}

func (d Difference) String() string {
	return fmt.Sprintf("%s: %s\n\tgevent %s: %s\n\tgowsgi: %s", d.Case, d.Field, d.Server, d.Pywsgi, d.Gowsgi)
}

// Missing is the value of a field that one side does not have.
const Missing = "absent"

// compare returns the fields in which two outcomes of a case differ. Responses,
// environs and access lines are compared place by place, and by their numbers.
func compare(name string, pywsgi, gowsgi *wire.Outcome) []Difference {
	theirs, ours := fieldsOf(pywsgi), fieldsOf(gowsgi)
	keys := slices.Concat(slices.Collect(maps.Keys(theirs)), slices.Collect(maps.Keys(ours)))
	slices.SortFunc(keys, byPlace)
	var differences []Difference
	for _, key := range slices.Compact(keys) {
		if !hasPlace(key, theirs, ours) || theirs[key] == ours[key] {
			continue
		}
		differences = append(differences, Difference{Case: name, Field: key, Pywsgi: orMissing(theirs, key), Gowsgi: orMissing(ours, key)})
	}
	return differences
}

func byPlace(a, b string) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// rank puts the numbers first, because a difference in them explains most others.
func rank(key string) int {
	if strings.Contains(key, "[") {
		return 1
	}
	return 0
}

func orMissing(fields map[string]string, key string) string {
	if value, ok := fields[key]; ok {
		return value
	}
	return Missing
}

var placed = regexp.MustCompile(`^(response|environ|access)\[(\d+)\]`)

// counted are the fields that hold the numbers of responses, environs and lines.
var counted = map[string]string{"response": "responses", "environ": "environs", "access": "access_log"}

// hasPlace reports whether both sides have the response, environ or line that
// key is a part of.
func hasPlace(key string, sides ...map[string]string) bool {
	match := placed.FindStringSubmatch(key)
	if match == nil {
		return true
	}
	place := wire.Number(match[2])
	for _, side := range sides {
		if place >= wire.Number(side[counted[match[1]]]) {
			return false
		}
	}
	return true
}

// fieldsOf are all fields of an outcome. The order and the case of headers are left
// out, and so is the type of wsgi.errors, of which each server has its own.
func fieldsOf(o *wire.Outcome) map[string]string {
	fields := map[string]string{
		"responses":        strconv.Itoa(len(o.Responses)),
		"environs":         strconv.Itoa(len(o.Environs)),
		"access_log":       strconv.Itoa(len(o.AccessLog)),
		"connection":       o.Connection,
		"error_log":        kinds(o.ErrorLog),
		"leftover":         wire.Quote(string(o.Leftover)),
		"late":             wire.Quote(sortedHead(string(o.Late))),
		"trailing_interim": texts(o.TrailingInterim),
	}
	for i := range o.Responses {
		responseFields(fields, fmt.Sprintf("response[%d].", i), &o.Responses[i])
	}
	for i, env := range o.Environs {
		environFields(fields, fmt.Sprintf("environ[%d].", i), env)
	}
	for i, line := range o.AccessLog {
		accessFields(fields, fmt.Sprintf("access[%d].", i), string(line))
	}
	for what, n := range o.Counters {
		fields["counter."+what] = strconv.Itoa(n)
	}
	return fields
}

// sortedHead is raw bytes in which the headers of a first response are in order.
func sortedHead(raw string) string {
	head, rest, ok := strings.Cut(raw, "\r\n\r\n")
	if !ok || !strings.HasPrefix(raw, "HTTP/") {
		return raw
	}
	lines := strings.Split(head, "\r\n")
	slices.Sort(lines[1:])
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + rest
}

func responseFields(fields map[string]string, at string, r *wire.Response) {
	fields[at+"code"] = strconv.Itoa(r.Code)
	fields[at+"reason"] = wire.Quote(string(r.Reason))
	version, _, _ := strings.Cut(string(r.StatusLine), " ")
	fields[at+"version"] = version
	fields[at+"framing"] = r.Framing
	fields[at+"complete"] = strconv.FormatBool(r.Complete)
	fields[at+"interim"] = texts(r.Interim)
	if r.Framing == "chunked" {
		fields[at+"chunks"] = fmt.Sprint(r.Chunks)
	}
	if r.BodyOnHead {
		fields[at+"body_on_head"] = "true"
	}
	for name, value := range r.Fields() {
		fields[at+"header."+name] = value
	}
	if dump, ok := dumped(string(r.Body)); ok {
		environFields(fields, at+"dump.", dump)
		return
	}
	fields[at+"body"] = wire.Quote(string(r.Body))
}

// dumped reads a body that shows an environ.
func dumped(body string) (wire.Environ, bool) {
	if !strings.HasPrefix(body, "{") || !strings.Contains(body, `_PORT": "<port>"`) {
		return nil, false
	}
	var env wire.Environ
	return env, json.Unmarshal([]byte(body), &env) == nil
}

func environFields(fields map[string]string, at string, env wire.Environ) {
	for key, value := range env {
		if key != "wsgi.errors" {
			fields[at+key] = value.String()
		}
	}
}

var accessLine = regexp.MustCompile(`(?s)^(\S+) - - \[<time>\] "(.*)" (\S+) (\S+) (\S+)$`)

func accessFields(fields map[string]string, at, line string) {
	match := accessLine.FindStringSubmatch(line)
	if match == nil {
		fields[at+"line"] = wire.Quote(line)
		return
	}
	for i, name := range []string{"remote", "request", "status", "bytes", "seconds"} {
		fields[at+name] = wire.Quote(match[i+1])
	}
}

// kinds lists what was logged. The names of exceptions are left out, since each
// language has its own.
func kinds(log []wire.LogEntry) string {
	kinds := make([]string, 0, len(log))
	for _, entry := range log {
		switch entry.Kind {
		case "app", "server":
			kinds = append(kinds, entry.Kind+" "+wire.Quote(entry.Text))
		default:
			kinds = append(kinds, entry.Kind)
		}
	}
	return strings.Join(kinds, ", ")
}

func texts(list []wire.Text) string {
	quoted := make([]string, 0, len(list))
	for _, text := range list {
		quoted = append(quoted, wire.Quote(string(text)))
	}
	return strings.Join(quoted, ", ")
}
