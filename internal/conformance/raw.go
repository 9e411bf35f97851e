package conformance

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// rawRequest is a request as RFC 9112 reads the bytes, and what is wrong with it.
type rawRequest struct {
	method, target, version string
	fields                  [][2]string // names in lower case
	fault                   fault       // the first thing wrong in the head
	bodyFault               fault       // and in the body
	left                    int         // bytes from its first one to the end of the connection
	skipped                 bool        // an empty line came before it
}

// fault is a rule that a request breaks.
type fault string

const (
	headCutShort    fault = "a head that is cut short"
	emptyLine       fault = "an empty line in the place of a request line"
	badLine         fault = "a request line that is not method, target and version, parted by one space each"
	badMethod       fault = "a method that is no token"
	badVersion      fault = "a version that is not HTTP/digit.digit"
	otherVersion    fault = "a version that is not HTTP/1"
	controlTarget   fault = "a control character in the target"
	badEscape       fault = "a percent sign in the path without two hexadecimal digits"
	badTarget       fault = "a target in none of the four forms"
	noColon         fault = "a header line without a colon"
	badName         fault = "a header name that is no token"
	controlValue    fault = "a control character in a header value"
	foldFirst       fault = "a first header line that begins with whitespace"
	noHost          fault = "no Host on HTTP/1.1"
	twoHosts        fault = "Host twice"
	badHost         fault = "a Host that no URI can have"
	badLength       fault = "a Content-Length that is no number in digits, or beyond 63 bits"
	lengthsDiffer   fault = "Content-Length twice, with different values"
	otherCoding     fault = "a Transfer-Encoding that is not chunked alone"
	otherExpect     fault = "an Expect that is not 100-continue"
	bodyCutShort    fault = "a body that is cut short"
	badChunk        fault = "a malformed chunk"
	badTrailer      fault = "a malformed trailer"
	spacedExtension fault = "whitespace before a chunk extension"
	longLine        fault = "a line of over 4 KiB in the framing of a chunked body"
	trailerPresent  fault = "a trailer" // not a fault, but a place where the servers part
)

// readRequests takes the bytes of a connection apart, up to the first request
// after which nobody can say where the next one begins.
func readRequests(sent string) []rawRequest {
	var all []rawRequest
	for sent != "" {
		r := rawRequest{left: len(sent)}
		if len(all) > 0 && all[len(all)-1].method == "POST" {
			sent = skipEmptyLine(sent)
			r.skipped = len(sent) < r.left && sent != ""
		}
		sent = r.read(sent)
		all = append(all, r)
		if r.fault != "" || r.bodyFault != "" && r.bodyFault != trailerPresent {
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
func (r *rawRequest) read(sent string) string {
	line, rest, ok := cutLine(sent)
	if !ok {
		r.fault = headCutShort
		return ""
	}
	r.readLine(line)
	for {
		line, rest, ok = cutLine(rest)
		switch {
		case !ok:
			r.note(headCutShort)
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

func (r *rawRequest) note(f fault) {
	if r.fault == "" {
		r.fault = f
	}
}

var (
	versionForm = regexp.MustCompile(`^HTTP/[0-9]\.[0-9]$`)
	escape      = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
	absolute    = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:`)
	hostForm    = regexp.MustCompile(`^[a-zA-Z0-9._~!$&'()*+,;=%-]*(:[0-9]*)?$|^\[.*\](:[0-9]*)?$`)
	userForm    = regexp.MustCompile(`^[a-zA-Z0-9._~!$&'()*+,;=%:-]*@`)
)

func (r *rawRequest) readLine(line string) {
	words := strings.Split(line, " ")
	switch {
	case line == "":
		r.note(emptyLine)
		return
	case len(words) != 3:
		r.note(badLine)
		return
	}
	r.method, r.target, r.version = words[0], words[1], words[2]
	switch {
	case !httpguts.ValidHeaderFieldName(r.method):
		r.note(badMethod)
	case !versionForm.MatchString(r.version):
		r.note(badVersion)
	case r.version[5] != '1':
		r.note(otherVersion)
	default:
		r.note(r.targetFault())
	}
}

func (r *rawRequest) targetFault() fault {
	path, _, _ := strings.Cut(r.target, "?")
	switch {
	case hasControl(r.target):
		return controlTarget
	case strings.Contains(escape.ReplaceAllString(path, ""), "%"):
		return badEscape
	case r.target == "*" || strings.HasPrefix(r.target, "/"):
		return ""
	case r.method == "CONNECT" && authority(r.target), absolute.MatchString(r.target) && authority(hostOf(r.target)):
		return ""
	default:
		return badTarget
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

func hasControl(s string) bool {
	return strings.ContainsFunc(latin1Runes(s), func(c rune) bool { return c < ' ' || c == 0x7f })
}

// latin1Runes makes each byte a character.
func latin1Runes(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

func (r *rawRequest) readField(line string) {
	if line[0] == ' ' || line[0] == '\t' {
		r.unfold(line)
		return
	}
	name, value, ok := strings.Cut(line, ":")
	switch {
	case !ok:
		r.note(noColon)
	case !httpguts.ValidHeaderFieldName(name):
		r.note(badName)
	case hasControl(strings.ReplaceAll(value, "\t", "")):
		r.note(controlValue)
	}
	r.fields = append(r.fields, [2]string{strings.ToLower(name), strings.Trim(value, " \t")})
}

func (r *rawRequest) unfold(line string) {
	if len(r.fields) == 0 {
		r.note(foldFirst)
		return
	}
	if hasControl(strings.ReplaceAll(line, "\t", "")) {
		r.note(controlValue)
	}
	last := &r.fields[len(r.fields)-1]
	last[1] = strings.TrimLeft(last[1]+" "+strings.Trim(line, " \t"), " ")
}

func (r *rawRequest) values(name string) []string {
	var values []string
	for _, field := range r.fields {
		if field[0] == name {
			values = append(values, field[1])
		}
	}
	return values
}

func (r *rawRequest) checkHead() {
	hosts := r.values("host")
	switch {
	case len(hosts) == 0 && r.version > "HTTP/1.0":
		r.note(noHost)
	case len(hosts) > 1:
		r.note(twoHosts)
	case len(hosts) == 1 && !hostForm.MatchString(hosts[0]):
		r.note(badHost)
	}
	if r.version != "HTTP/1.0" {
		r.checkCoding()
	}
	r.checkLengths()
	for _, expect := range r.values("expect") {
		if !strings.EqualFold(expect, "100-continue") {
			r.note(otherExpect)
		}
	}
}

func (r *rawRequest) checkCoding() {
	codings := r.values("transfer-encoding")
	if len(codings) > 1 || len(codings) == 1 && !strings.EqualFold(codings[0], "chunked") {
		r.note(otherCoding)
	}
}

func (r *rawRequest) checkLengths() {
	lengths := r.values("content-length")
	for _, length := range lengths {
		if _, err := strconv.ParseInt(length, 10, 64); err != nil || number(length) < 0 {
			r.note(badLength)
		}
		if length != lengths[0] {
			r.note(lengthsDiffer)
		}
	}
}

// chunked reports whether the request's body is.
func (r *rawRequest) chunked() bool {
	return len(r.values("transfer-encoding")) > 0 && r.version != "HTTP/1.0"
}

func (r *rawRequest) readBody(rest string) string {
	switch lengths := r.values("content-length"); {
	case r.fault != "":
		return ""
	case r.chunked():
		return r.readChunks(rest)
	case len(lengths) == 0:
		return rest
	default:
		size, _ := strconv.ParseInt(lengths[0], 10, 64)
		if size > int64(len(rest)) {
			r.bodyFault = bodyCutShort
			return ""
		}
		return rest[size:]
	}
}

var chunkLine = regexp.MustCompile(`^([0-9a-fA-F]{1,16})([ \t]*)(;[^\r\n]*)?$`)

func (r *rawRequest) readChunks(rest string) string {
	for {
		line, after, ok := strings.Cut(rest, "\r\n")
		match := chunkLine.FindStringSubmatch(line)
		switch {
		case !ok && (match != nil || line == ""):
			r.bodyFault = bodyCutShort
			return ""
		case match == nil:
			r.bodyFault = badChunk
			return ""
		case match[2] != "" && match[3] != "":
			r.bodyFault = spacedExtension
			return ""
		case len(line) > 4096:
			r.bodyFault = longLine
			return ""
		}
		size, _ := strconv.ParseUint(match[1], 16, 64)
		switch {
		case size == 0:
			return r.readTrailer(after)
		case size+2 > uint64(len(after)) || size > 1<<62:
			r.bodyFault = r.cutOrBad(after, size)
			return ""
		case after[size:size+2] != "\r\n":
			r.bodyFault = badChunk
			return ""
		}
		rest = after[size+2:]
	}
}

// cutOrBad tells data that ends too early from data that does not end in CRLF.
func (r *rawRequest) cutOrBad(data string, size uint64) fault {
	if size < uint64(len(data)) && data[size] != '\r' {
		return badChunk
	}
	return bodyCutShort
}

func (r *rawRequest) readTrailer(rest string) string {
	for first := true; ; first = false {
		line, after, ok := strings.Cut(rest, "\r\n")
		name, _, colon := strings.Cut(line, ":")
		switch {
		case !ok:
			r.bodyFault = bodyCutShort
			return ""
		case line == "":
			return after
		case len(line) > 4096:
			r.bodyFault = longLine
			return ""
		case !colon || !httpguts.ValidHeaderFieldName(strings.ReplaceAll(name, " ", "")):
			r.bodyFault = badTrailer
			return ""
		case first:
			r.bodyFault = trailerPresent
		}
		rest = after
	}
}
