package environ

import (
	"path"
	"slices"
	"strings"
)

// ShiftPath moves the first segment of PATH_INFO to the end of SCRIPT_NAME and
// returns it: "" when there is none (wsgiref.util.shift_path_info). As there,
// empty and "." segments before the last are dropped, and ".." takes a segment
// off SCRIPT_NAME.
func (e *Environ) ShiftPath() string {
	info := e.Get("PATH_INFO")
	if info == "" {
		return ""
	}
	parts := strings.Split(info, "/")
	if last := len(parts) - 1; last > 1 {
		middle := slices.DeleteFunc(slices.Clone(parts[1:last]), func(p string) bool { return p == "" || p == "." })
		parts = append(append([]string{parts[0]}, middle...), parts[last])
	}
	if len(parts) == 1 {
		parts = []string{"", parts[0]}
	}
	name := parts[1]
	parts = slices.Delete(parts, 1, 2)

	script := path.Clean(e.Get("SCRIPT_NAME") + "/" + name)
	script = strings.TrimSuffix(script, "/")
	if name == "" {
		script += "/"
	}
	e.Set("SCRIPT_NAME", script)
	e.Set("PATH_INFO", strings.Join(parts, "/"))
	if name == "." {
		return ""
	}
	return name
}

// ApplicationURL returns the URL of the application's root, percent-encoded
// (wsgiref.util.application_uri).
func (e *Environ) ApplicationURL() string {
	url := e.hostURL()
	if script := e.Get("SCRIPT_NAME"); script != "" {
		return url + quote(script, "/")
	}
	return url + "/"
}

// RequestURL returns the URL of the request with its query, percent-encoded
// (wsgiref.util.request_uri).
func (e *Environ) RequestURL() string {
	url := e.ApplicationURL()
	info := e.Get("PATH_INFO")
	if e.Get("SCRIPT_NAME") == "" {
		info = strings.TrimPrefix(info, "/")
	}
	url += quote(info, "/;=,")
	if query := e.Get("QUERY_STRING"); query != "" {
		url += "?" + query
	}
	return url
}

func (e *Environ) hostURL() string {
	scheme := e.Get("wsgi.url_scheme")
	if host := e.Get("HTTP_HOST"); host != "" {
		return scheme + "://" + host
	}
	host := e.Get("SERVER_NAME")
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
		host = "[" + host + "]"
	}
	port := e.Get("SERVER_PORT")
	if port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return scheme + "://" + host
	}
	return scheme + "://" + host + ":" + port
}

const upperHex = "0123456789ABCDEF"

// quote is Python's urllib.parse.quote: net/url leaves more characters alone.
func quote(s, safe string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if unreserved(c) || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[c>>4])
		b.WriteByte(upperHex[c&0xf])
	}
	return b.String()
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '_' || c == '.' || c == '-' || c == '~'
}
