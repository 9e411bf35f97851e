package wire

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Request is a request as RFC 9112 reads its bytes, with the first rule that it
// breaks.
type Request struct {
	Method, Target, Version string
	Fields                  [][2]string // names in lower case
	Fault                   Fault       // the first rule that the head breaks, or ""
	BodyFault               Fault       // the first rule that the body breaks, or ""
	Left                    int         // how many bytes the client sends from its first one on
	Skipped                 bool        // an empty line came before it
}

// Fault is a rule that a request breaks.
type Fault string

// The rules, by what a request does that breaks them.
const (
	HeadCutShort    Fault = "a head that is cut short"
	EmptyLine       Fault = "an empty line in the place of a request line"
	BadLine         Fault = "a request line that is not a method, a target and a version with single spaces between them"
	BadMethod       Fault = "a method that is not a token"
	BadVersion      Fault = "a version that is not HTTP/digit.digit"
	OtherVersion    Fault = "a major version other than 1"
	ControlTarget   Fault = "a control character in the target"
	BadEscape       Fault = "a percent sign in the path without two hexadecimal digits"
	BadTarget       Fault = "a target in none of the four forms"
	NoColon         Fault = "a header line without a colon"
	BadName         Fault = "a header name that is not a token"
	ControlValue    Fault = "a control character in a header value"
	FoldFirst       Fault = "a first header line that begins with whitespace"
	NoHost          Fault = "no Host over HTTP/1.1"
	TwoHosts        Fault = "two Host headers"
	BadHost         Fault = "a Host that is not a host and a port"
	BadLength       Fault = "a Content-Length that is not a number in digits, or does not fit into 63 bits"
	LengthsDiffer   Fault = "two different Content-Lengths"
	OtherCoding     Fault = "a Transfer-Encoding other than chunked alone"
	OtherExpect     Fault = "an Expect other than 100-continue"
	BodyCutShort    Fault = "a body that is cut short"
	BadChunk        Fault = "a malformed chunk"
	BadTrailer      Fault = "a malformed trailer"
	SpacedExtension Fault = "whitespace before a chunk extension"
	LongLine        Fault = "a line of over 4 KiB in the framing of a chunked body"
	TrailerPresent  Fault = "a trailer" // breaks no rule; Debian's gevent does not read it
)

// ReadRequests splits the bytes of a connection into requests. The last one is the
// first request after which it is unclear where the next begins.
func ReadRequests(sent string) []Request {
	var all []Request
	for sent != "" {
		r := Request{Left: len(sent)}
		if len(all) > 0 && all[len(all)-1].Method == "POST" {
			sent = skipEmptyLine(sent)
			r.Skipped = len(sent) < r.Left && sent != ""
		}
		sent = r.read(sent)
		all = append(all, r)
		if r.Fault != "" || r.BodyFault != "" && r.BodyFault != TrailerPresent {
			break
		}
	}
	return all
}

// skipEmptyLine is net/http's tolerance for clients that end a POST in CRLF.
func skipEmptyLine(sent string) string {
	if len(sent) < 4 {
		return sent
	}
	return strings.TrimLeft(sent[:4], "\r\n") + sent[4:]
}

// read reads one request and returns what follows it.
func (r *Request) read(sent string) string {
	line, rest, ok := cutLine(sent)
	if !ok {
		r.Fault = HeadCutShort
		return ""
	}
	r.readLine(line)
	for {
		line, rest, ok = cutLine(rest)
		switch {
		case !ok:
			r.note(HeadCutShort)
			return ""
		case line == "":
			r.checkHead()
			return r.readBody(rest)
		}
		r.readField(line)
	}
}

func cutLine(s string) (line, rest string, ok bool) {
	line, rest, ok = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest, ok
}

func (r *Request) note(f Fault) {
	if r.Fault == "" {
		r.Fault = f
	}
}

var (
	versionForm = regexp.MustCompile(`^HTTP/[0-9]\.[0-9]$`)
	escape      = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
	Absolute    = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:`)
	hostForm    = regexp.MustCompile(`^[a-zA-Z0-9._~!$&'()*+,;=%-]*(:[0-9]*)?$|^\[.*\](:[0-9]*)?$`)
	userForm    = regexp.MustCompile(`^[a-zA-Z0-9._~!$&'()*+,;=%:-]*@`)
)

func (r *Request) readLine(line string) {
	words := strings.Split(line, " ")
	switch {
	case line == "":
		r.note(EmptyLine)
		return
	case len(words) != 3:
		r.note(BadLine)
		return
	}
	r.Method, r.Target, r.Version = words[0], words[1], words[2]
	switch {
	case !httpguts.ValidHeaderFieldName(r.Method):
		r.note(BadMethod)
	case !versionForm.MatchString(r.Version):
		r.note(BadVersion)
	case r.Version[5] != '1':
		r.note(OtherVersion)
	default:
		r.note(r.targetFault())
	}
}

func (r *Request) targetFault() Fault {
	path, _, _ := strings.Cut(r.Target, "?")
	switch {
	case HasControl(r.Target):
		return ControlTarget
	case strings.Contains(escape.ReplaceAllString(path, ""), "%"):
		return BadEscape
	case r.Target == "*" || strings.HasPrefix(r.Target, "/"):
		return ""
	case r.Method == "CONNECT" && authority(r.Target), Absolute.MatchString(r.Target) && authority(hostOf(r.Target)):
		return ""
	default:
		return BadTarget
	}
}

func hostOf(target string) string {
	_, rest, ok := strings.Cut(target, "://")
	if !ok {
		return "" // urn:x is an absolute URI without an authority
	}
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, "?")
	return host
}

func authority(host string) bool {
	host = userForm.ReplaceAllString(host, "")
	open, end := strings.Contains(host, "["), strings.Contains(host, "]")
	if open && end {
		_, err := netip.ParseAddr(host[strings.Index(host, "[")+1 : strings.Index(host, "]")])
		return err == nil
	}
	return open == end && hostForm.MatchString(host)
}

// HasControl reports whether s has a control character.
func HasControl(s string) bool {
	return strings.ContainsFunc(Latin1Runes(s), func(c rune) bool { return c < ' ' || c == 0x7f })
}

// Latin1Runes is a string that has a character for each byte of s.
func Latin1Runes(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

func (r *Request) readField(line string) {
	if line[0] == ' ' || line[0] == '\t' {
		r.unfold(line)
		return
	}
	name, value, ok := strings.Cut(line, ":")
	switch {
	case !ok:
		r.note(NoColon)
	case !httpguts.ValidHeaderFieldName(name):
		r.note(BadName)
	case HasControl(strings.ReplaceAll(value, "\t", "")):
		r.note(ControlValue)
	}
	r.Fields = append(r.Fields, [2]string{strings.ToLower(name), strings.Trim(value, " \t")})
}

func (r *Request) unfold(line string) {
	if len(r.Fields) == 0 {
		r.note(FoldFirst)
		return
	}
	if HasControl(strings.ReplaceAll(line, "\t", "")) {
		r.note(ControlValue)
	}
	last := &r.Fields[len(r.Fields)-1]
	last[1] = strings.TrimLeft(last[1]+" "+strings.Trim(line, " \t"), " ")
}

func (r *Request) Values(name string) []string {
	var values []string
	for _, field := range r.Fields {
		if field[0] == name {
			values = append(values, field[1])
		}
	}
	return values
}

func (r *Request) checkHead() {
	hosts := r.Values("host")
	switch {
	case len(hosts) == 0 && r.Version > "HTTP/1.0":
		r.note(NoHost)
	case len(hosts) > 1:
		r.note(TwoHosts)
	case len(hosts) == 1 && !hostForm.MatchString(hosts[0]):
		r.note(BadHost)
	}
	if r.Version != "HTTP/1.0" {
		r.checkCoding()
	}
	r.checkLengths()
	for _, expect := range r.Values("expect") {
		if !strings.EqualFold(expect, "100-continue") {
			r.note(OtherExpect)
		}
	}
}

func (r *Request) checkCoding() {
	codings := r.Values("transfer-encoding")
	if len(codings) > 1 || len(codings) == 1 && !strings.EqualFold(codings[0], "chunked") {
		r.note(OtherCoding)
	}
}

func (r *Request) checkLengths() {
	lengths := r.Values("content-length")
	for _, length := range lengths {
		if _, err := strconv.ParseInt(length, 10, 64); err != nil || Number(length) < 0 {
			r.note(BadLength)
		}
		if length != lengths[0] {
			r.note(LengthsDiffer)
		}
	}
}

// chunked reports whether the request has a chunked body.
func (r *Request) chunked() bool {
	return len(r.Values("transfer-encoding")) > 0 && r.Version != "HTTP/1.0"
}

func (r *Request) readBody(rest string) string {
	switch lengths := r.Values("content-length"); {
	case r.Fault != "":
		return ""
	case r.chunked():
		return r.readChunks(rest)
	case len(lengths) == 0:
		return rest
	default:
		size, _ := strconv.ParseInt(lengths[0], 10, 64)
		if size > int64(len(rest)) {
			r.BodyFault = BodyCutShort
			return ""
		}
		return rest[size:]
	}
}

var chunkLine = regexp.MustCompile(`^([0-9a-fA-F]{1,16})([ \t]*)(;[^\r\n]*)?$`)

func (r *Request) readChunks(rest string) string {
	for {
		line, after, ok := strings.Cut(rest, "\r\n")
		match := chunkLine.FindStringSubmatch(line)
		switch {
		case !ok && (match != nil || line == ""):
			r.BodyFault = BodyCutShort
			return ""
		case match == nil:
			r.BodyFault = BadChunk
			return ""
		case match[2] != "" && match[3] != "":
			r.BodyFault = SpacedExtension
			return ""
		case len(line) > 4096:
			r.BodyFault = LongLine
			return ""
		}
		size, _ := strconv.ParseUint(match[1], 16, 64)
		switch {
		case size == 0:
			return r.readTrailer(after)
		case size+2 > uint64(len(after)) || size > 1<<62:
			r.BodyFault = r.cutOrBad(after, size)
			return ""
		case after[size:size+2] != "\r\n":
			r.BodyFault = BadChunk
			return ""
		}
		rest = after[size+2:]
	}
}

// cutOrBad says whether a chunk's data ends too early, or does not end in CRLF.
func (r *Request) cutOrBad(data string, size uint64) Fault {
	if size < uint64(len(data)) && data[size] != '\r' {
		return BadChunk
	}
	return BodyCutShort
}

func (r *Request) readTrailer(rest string) string {
	for first := true; ; first = false {
		line, after, ok := strings.Cut(rest, "\r\n")
		name, _, colon := strings.Cut(line, ":")
		switch {
		case !ok:
			r.BodyFault = BodyCutShort
			return ""
		case line == "":
			return after
		case len(line) > 4096:
			r.BodyFault = LongLine
			return ""
		case !colon || !httpguts.ValidHeaderFieldName(strings.ReplaceAll(name, " ", "")):
			r.BodyFault = BadTrailer
			return ""
		case first:
			r.BodyFault = TrailerPresent
		}
		rest = after
	}
}
