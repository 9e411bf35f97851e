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
		return r.Host, r.Host != ""
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
	if common := commonHeader(key); common != "" {
		return joinValues(common, r.Header[common])
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

// The headers that nearly every request has need no conversion, which is most
// of what a key costs.

func commonHeader(key string) string {
	switch key {
	case "HTTP_ACCEPT":
		return "Accept"
	case "HTTP_ACCEPT_ENCODING":
		return "Accept-Encoding"
	case "HTTP_ACCEPT_LANGUAGE":
		return "Accept-Language"
	case "HTTP_AUTHORIZATION":
		return "Authorization"
	case "HTTP_CACHE_CONTROL":
		return "Cache-Control"
	case "HTTP_CONNECTION":
		return "Connection"
	case "HTTP_COOKIE":
		return "Cookie"
	case "HTTP_IF_MODIFIED_SINCE":
		return "If-Modified-Since"
	case "HTTP_IF_NONE_MATCH":
		return "If-None-Match"
	case "HTTP_ORIGIN":
		return "Origin"
	case "HTTP_REFERER":
		return "Referer"
	case "HTTP_SEC_FETCH_DEST":
		return "Sec-Fetch-Dest"
	case "HTTP_SEC_FETCH_MODE":
		return "Sec-Fetch-Mode"
	case "HTTP_SEC_FETCH_SITE":
		return "Sec-Fetch-Site"
	case "HTTP_SEC_FETCH_USER":
		return "Sec-Fetch-User"
	case "HTTP_UPGRADE_INSECURE_REQUESTS":
		return "Upgrade-Insecure-Requests"
	case "HTTP_USER_AGENT":
		return "User-Agent"
	case "HTTP_X_FORWARDED_FOR":
		return "X-Forwarded-For"
	case "HTTP_X_FORWARDED_PROTO":
		return "X-Forwarded-Proto"
	case "HTTP_X_REQUESTED_WITH":
		return "X-Requested-With"
	}
	return ""
}

func commonKey(name string) string {
	switch name {
	case "Accept":
		return "HTTP_ACCEPT"
	case "Accept-Encoding":
		return "HTTP_ACCEPT_ENCODING"
	case "Accept-Language":
		return "HTTP_ACCEPT_LANGUAGE"
	case "Authorization":
		return "HTTP_AUTHORIZATION"
	case "Cache-Control":
		return "HTTP_CACHE_CONTROL"
	case "Connection":
		return "HTTP_CONNECTION"
	case "Cookie":
		return "HTTP_COOKIE"
	case "If-Modified-Since":
		return "HTTP_IF_MODIFIED_SINCE"
	case "If-None-Match":
		return "HTTP_IF_NONE_MATCH"
	case "Origin":
		return "HTTP_ORIGIN"
	case "Referer":
		return "HTTP_REFERER"
	case "Sec-Fetch-Dest":
		return "HTTP_SEC_FETCH_DEST"
	case "Sec-Fetch-Mode":
		return "HTTP_SEC_FETCH_MODE"
	case "Sec-Fetch-Site":
		return "HTTP_SEC_FETCH_SITE"
	case "Sec-Fetch-User":
		return "HTTP_SEC_FETCH_USER"
	case "Upgrade-Insecure-Requests":
		return "HTTP_UPGRADE_INSECURE_REQUESTS"
	case "User-Agent":
		return "HTTP_USER_AGENT"
	case "X-Forwarded-For":
		return "HTTP_X_FORWARDED_FOR"
	case "X-Forwarded-Proto":
		return "HTTP_X_FORWARDED_PROTO"
	case "X-Requested-With":
		return "HTTP_X_REQUESTED_WITH"
	}
	return ""
}

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
