package wire

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Parsed is the raw bytes of a server, taken apart.
type parsed struct {
	Responses []Response
	Interim   []Text
	Rest      string
}

// Complete is the number of responses that came whole.
func (p parsed) Complete() int {
	n := 0
	for _, r := range p.Responses {
		if r.Complete {
			n++
		}
	}
	return n
}

// ParseResponses parses the bytes that a server sent, as wire.py does. methods are
// those of the requests, and ended says that the connection has ended.
func ParseResponses(raw string, methods []string, ended bool) parsed {
	p := parsed{Rest: raw}
	for strings.HasPrefix(p.Rest, "HTTP/") {
		method := "GET"
		if n := len(p.Responses); n < len(methods) {
			method = methods[n]
		}
		r, after, ok := parseOne(p.Rest, method, ended)
		if !ok {
			break
		}
		p.Rest = after
		if r.isInterim() {
			p.Interim = append(p.Interim, r.StatusLine)
			continue
		}
		r.Interim, p.Interim = p.Interim, nil
		p.Responses = append(p.Responses, r)
	}
	return p
}

func (r *Response) isInterim() bool { return r.Code >= 100 && r.Code < 200 && r.Code != 101 }

func parseOne(raw, method string, ended bool) (r Response, rest string, ok bool) {
	head, rest, ok := strings.Cut(raw, "\r\n\r\n")
	if !ok {
		return r, raw, false
	}
	lines := strings.Split(head, "\r\n")
	r.StatusLine = Text(lines[0])
	_, status, _ := strings.Cut(lines[0], " ")
	code, reason, _ := strings.Cut(status, " ")
	r.Code, r.Reason = Number(code), Text(reason)
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		r.Headers = append(r.Headers, [2]Text{Text(name), Text(strings.TrimPrefix(value, " "))})
	}
	if !r.isInterim() {
		rest = r.readBody(rest, method, ended)
	}
	return r, rest, true
}

// Number is the value of a number in decimal digits, and -1 of any other text.
func Number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || strings.Trim(s, "0123456789") != "" {
		return -1
	}
	return n
}

func (r *Response) Header(name string) (string, bool) {
	for _, field := range r.Headers {
		if strings.EqualFold(string(field[0]), name) {
			return string(field[1]), true
		}
	}
	return "", false
}

func (r *Response) readBody(rest, method string, ended bool) string {
	switch {
	case r.Code == 101:
		return r.setBody("raw", rest, true, "")
	case r.Code == 204 || r.Code == 304,
		method == "HEAD" && (rest == "" || strings.HasPrefix(rest, "HTTP/")):
		return r.setBody("none", "", true, rest)
	}
	r.BodyOnHead = method == "HEAD"
	coding, _ := r.Header("Transfer-Encoding")
	declared, ok := r.Header("Content-Length")
	size := Number(declared)
	switch {
	case strings.EqualFold(coding, "chunked"):
		return r.readChunks(rest)
	case ok && size >= 0:
		end := min(size, len(rest))
		return r.setBody("length", rest[:end], len(rest) >= size, rest[end:])
	default:
		return r.setBody("close", rest, ended, "")
	}
}

func (r *Response) setBody(framing, body string, complete bool, rest string) string {
	r.Framing, r.Body, r.Complete = framing, Text(body), complete
	return rest
}

func (r *Response) readChunks(rest string) string {
	var body strings.Builder
	for {
		line, after, ok := strings.Cut(rest, "\r\n")
		size, err := strconv.ParseUint(line, 16, 31)
		if !ok || err != nil || line[0] == '+' || len(after) < int(size)+2 || after[size:size+2] != "\r\n" {
			return r.setBody("chunked", body.String(), false, rest)
		}
		rest = after[size+2:]
		if size == 0 {
			return r.setBody("chunked", body.String(), true, rest)
		}
		r.Chunks = append(r.Chunks, int(size))
		body.WriteString(after[:size])
	}
}

var volatilePort = regexp.MustCompile(`("(?:REMOTE|SERVER)_PORT": )"\d+"`)

// Normalise replaces everything that changes from run to run: dates and ports.
func (r *Response) Normalise() {
	dumped := volatilePort.MatchString(string(r.Body))
	if dumped {
		r.Body = Text(volatilePort.ReplaceAllString(string(r.Body), `$1"<port>"`))
	} else {
		r.Body = Shown(string(r.Body))
	}
	for i, field := range r.Headers {
		switch {
		case field[0] == "Date":
			r.Headers[i][1] = Text(strings.TrimPrefix(string(Shown("Date: "+string(field[1]))), "Date: "))
		case field[0] == "Content-Length" && dumped:
			r.Headers[i][1] = "<length>"
		default:
			r.Headers[i][1] = Shown(string(field[1]))
		}
	}
}

// Fields are the headers by their names in lower case. Repeated ones are joined.
func (r *Response) Fields() map[string]string {
	fields := make(map[string][]string)
	for _, field := range r.Headers {
		name := strings.ToLower(string(field[0]))
		fields[name] = append(fields[name], Quote(string(field[1])))
	}
	joined := make(map[string]string, len(fields))
	for name, values := range fields {
		joined[name] = strings.Join(slices.Clip(values), " + ")
	}
	return joined
}
