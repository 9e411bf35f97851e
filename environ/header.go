package environ

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// header returns the value of the request header behind key, whose name after
// HTTP_ is name.
func (st *state) header(key, name string) (string, bool) {
	r := st.req
	switch key {
	case "HTTP_HOST":
		host := st.host()
		return host, host != ""
	case "HTTP_TRANSFER_ENCODING":
		return joinValues("Transfer-Encoding", r.TransferEncoding)
	case "HTTP_TRAILER":
		if st.trailer == nil {
			return joinValues("Trailer", r.Header["Trailer"])
		}
		return *st.trailer, true
	case "HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH", "HTTP_PROXY":
		return "", false
	}
	var space [64]byte
	canonical := appendHeaderName(space[:0], name)
	values, ok := r.Header[string(canonical)]
	switch {
	case !ok || len(canonical) == 0:
		return "", false
	case len(values) == 1:
		return values[0], true
	}
	return joinValues(string(canonical), values)
}

// joinValues joins a repeated header as pywsgi does.
func joinValues(name string, values []string) (string, bool) {
	switch {
	case len(values) == 0:
		return "", false
	case len(values) == 1:
		return values[0], true
	case strings.Contains(strings.ToLower(name), "cookie"):
		return strings.Join(values, "; "), true
	default:
		return strings.Join(values, ","), true
	}
}

func joinTrailer(trailer http.Header) string {
	return strings.Join(slices.Sorted(maps.Keys(trailer)), ",")
}

func firstHeader(h http.Header, name string) (string, bool) {
	values := h[name]
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// isKey reports whether the header called name has a key of its own.
func isKey(name string) bool {
	switch name {
	case "", "Host", "Transfer-Encoding", "Trailer", "Content-Type", "Content-Length", "Proxy":
		return false
	}
	upper := true
	for i := range len(name) {
		c := name[i]
		if c == '_' || upper && 'a' <= c && c <= 'z' || !upper && 'A' <= c && c <= 'Z' {
			return false
		}
		upper = c == '-'
	}
	return true
}

// headerKey makes the environ key of a canonical header name.
func headerKey(name string) string {
	key := make([]byte, 0, len("HTTP_")+len(name))
	key = append(key, "HTTP_"...)
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-':
			key = append(key, '_')
		case 'a' <= c && c <= 'z':
			key = append(key, c-'a'+'A')
		default:
			key = append(key, c)
		}
	}
	return string(key)
}

// appendHeaderName appends the canonical header name of an environ key's name,
// which comes without its HTTP_.
func appendHeaderName(dst []byte, name string) []byte {
	upper := true
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_':
			c = '-'
		case c == '-' || 'a' <= c && c <= 'z':
			return nil // no header has such a key
		case !upper && 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		upper = c == '-'
		dst = append(dst, c)
	}
	return dst
}

// commonKeys has the keys of the headers that nearly every request has, so that
// listing an environ makes no string for them.
var commonKeys = func() map[string]string {
	keys := make(map[string]string)
	for _, name := range [...]string{
		"Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Connection", "Cookie",
		"If-Modified-Since", "If-None-Match", "Origin", "Referer", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site",
		"Sec-Fetch-User", "Upgrade-Insecure-Requests", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto",
		"X-Requested-With",
	} {
		keys[name] = headerKey(name)
	}
	return keys
}()

// upgradeRequested reports whether the client asks to switch protocols, in
// which case wsgi.input may become the raw connection.
func upgradeRequested(r *http.Request) bool {
	if r.ProtoMajor != 1 {
		return false
	}
	upgrade, ok := firstHeader(r.Header, "Upgrade")
	if !ok || upgrade == "" || strings.EqualFold(upgrade, "h2c") {
		return false
	}
	if strings.EqualFold(upgrade, "websocket") {
		return true
	}
	for _, value := range r.Header["Connection"] {
		for token := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(token), "upgrade") {
				return true
			}
		}
	}
	return false
}
