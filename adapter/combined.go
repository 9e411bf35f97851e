package adapter

import (
	"slices"
	"strconv"
)

// CombinedFormat is the combined log format of Apache and NCSA, for
// Handler.FormatRequest or, in middleware.Records, for a log of one's own:
//
//	host - - [time] "request line" status bytes "referer" "user agent"
//
// It is the only format in which header values reach a log, two of them, and its
// user asks for them by choosing it: the User-Agent as it came, and the Referer
// without its query, fragment and user. The name of an authenticated user is
// always "-". As Apache writes it, what is quoted has \" and \\ for a quote and a
// backslash, \n and the like, and \xNN for all else that is no printable ASCII; a
// value that is missing is "-". The status of a client that was gone is 000.
func CombinedFormat(rec Record) string {
	dst := slices.Grow([]byte(nil), 96+len(rec.Remote)+len(rec.Target)+len(rec.Referer)+len(rec.UserAgent))
	dst = appendOrDash(dst, rec.Remote)
	dst = append(dst, " - - ["...)
	dst = rec.Time.AppendFormat(dst, "02/Jan/2006:15:04:05 -0700")
	dst = append(dst, `] "`...)
	dst = appendQuotable(dst, rec.Method)
	dst = append(dst, ' ')
	dst = appendQuotable(dst, rec.Target)
	dst = append(dst, ' ')
	dst = appendQuotable(dst, rec.Proto)
	dst = append(dst, `" `...)
	dst = appendStatus(dst, rec.Status)
	dst = append(dst, ' ')
	dst = appendCount(dst, rec.Bytes)
	dst = append(dst, ` "`...)
	dst = appendOrDash(dst, rec.Referer)
	dst = append(dst, `" "`...)
	dst = appendOrDash(dst, rec.UserAgent)
	return string(append(dst, '"'))
}

func appendOrDash(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, '-')
	}
	return appendQuotable(dst, s)
}

// appendCount is the number of a body's bytes, as both formats show it.
func appendCount(dst []byte, n int64) []byte {
	if n == 0 {
		return append(dst, '-')
	}
	return strconv.AppendInt(dst, n, 10)
}

// appendQuotable escapes s as Apache escapes what it puts into quotes.
func appendQuotable(dst []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\v':
			dst = append(dst, `\v`...)
		default:
			dst = appendPrintable(dst, s[i:i+1])
		}
	}
	return dst
}
