package forwarded

import "strings"

// element is what one proxy says in Forwarded.
type element struct{ node, proto, host string }

// parseElement parses pairs like for=192.0.2.1;proto="https" (RFC 7239, 4). It takes
// more for a token than the RFC does, since proxies often leave out the quotes around
// an IPv6 address. A parameter that is there twice makes the element worthless.
func parseElement(text string) (e element, ok bool) {
	var seen [3]bool
	for {
		name, value, rest, ok := cutPair(text)
		if !ok {
			return element{}, false
		}
		for i, known := range [...]struct {
			name  string
			value *string
		}{{"for", &e.node}, {"proto", &e.proto}, {"host", &e.host}} {
			if !strings.EqualFold(name, known.name) {
				continue
			}
			if seen[i] {
				return element{}, false
			}
			*known.value, seen[i] = value, true
		}
		if rest == "" {
			return e, true
		}
		text = rest[1:]
	}
}

// cutPair takes one pair off text. The rest is empty or begins with a semicolon. A
// pair may be missing between two of these.
func cutPair(text string) (name, value, rest string, ok bool) {
	text = trim(text)
	if text == "" || text[0] == ';' {
		return "", "", text, true
	}
	end := strings.IndexAny(text, `="; `+"\t")
	if end <= 0 || text[end] != '=' {
		return "", "", "", false
	}
	name, text = text[:end], text[end+1:]
	if strings.HasPrefix(text, `"`) {
		value, rest, ok = cutQuoted(text[1:])
	} else {
		end = strings.IndexAny(text, `="; `+"\t")
		if end < 0 {
			end = len(text)
		}
		value, rest, ok = text[:end], text[end:], end > 0
	}
	rest = trim(rest)
	return name, value, rest, ok && (rest == "" || rest[0] == ';')
}

// cutQuoted takes off text the rest of a quoted string whose first quote is gone.
func cutQuoted(text string) (value, rest string, ok bool) {
	if plain := strings.IndexAny(text, `"\`); plain >= 0 && text[plain] == '"' {
		return text[:plain], text[plain+1:], true
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}
