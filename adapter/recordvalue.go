package adapter

import (
	"log/slog"
	"strings"
)

// LogValue returns a group of method, path, status, bytes, duration, remote and
// proto (log/slog.LogValuer). The path is that of Target as it was sent, with no
// query; in it, what does not print is percent-encoded, since not every
// slog.Handler escapes the characters that act on a terminal.
func (rec Record) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("method", percent(rec.Method)),
		slog.String("path", percent(rec.path())),
		slog.Int("status", rec.Status),
		slog.Int64("bytes", rec.Bytes),
		slog.Duration("duration", rec.Duration),
		slog.String("remote", percent(rec.Remote)),
		slog.String("proto", percent(rec.Proto)),
	)
}

// path is the path in Target, or all of what has none ("*", the authority of a
// CONNECT) but a user.
func (rec Record) path() string {
	path, _, _ := strings.Cut(rec.Target, "?")
	if strings.HasPrefix(path, "/") {
		return path
	}
	_, rest, ok := strings.Cut(path, "://")
	if !ok {
		return withoutUser(path)
	}
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		return rest[slash:]
	}
	return "/"
}

// percent encodes what is no printable ASCII, as a URI has it (RFC 3986, 2.1).
func percent(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return percentFrom(s, i)
		}
	}
	return s
}

// percentFrom is percent for a string whose first character to encode is at from.
func percentFrom(s string, from int) string {
	const hex = "0123456789ABCDEF"
	dst := make([]byte, from, len(s)+16)
	copy(dst, s)
	for i := from; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f {
			dst = append(dst, '%', hex[c>>4], hex[c&0xf])
		} else {
			dst = append(dst, c)
		}
	}
	return string(dst)
}
