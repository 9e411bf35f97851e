package conformance

import (
	"slices"
	"strings"
)

var upgradeRows = []Rule{
	{
		Name: "wsgi.input of a request that offers an upgrade", Origin: ByGowsgi,
		Pywsgi: "the raw connection, for a request body too", Gowsgi: "the request body, and the raw connection once a 101 was accepted", Why: "An offer that is not taken changes nothing (RFC 9110, 7.8).",
		effects: environEffect("wsgi.input", "BufferedReader", "Input"),
	},
	{
		Name: "wsgi.input_terminated of a request that offers an upgrade", Origin: ByGowsgi,
		Pywsgi: "False, where the whole value of Connection is Upgrade or the protocol is websocket; else True", Gowsgi: "absent", Why: "Applications test for the key. DESIGN.md, What the environ holds.",
		effects: environEffect("wsgi.input_terminated", "bool *", missing, func(x *Exchange, at int, _ Difference) bool {
			return len(x.request(at).values("upgrade")) > 0
		}),
	},
	{
		Name: "Connection: Upgrade without Upgrade", Origin: ByGowsgi,
		Pywsgi: "wsgi.input is the raw connection, wsgi.input_terminated False", Gowsgi: "no upgrade is offered", Why: "RFC 9110, 7.8: the header Upgrade offers it.",
		when: func(x *Exchange, at int) bool {
			return len(x.request(at).values("upgrade")) == 0 && saysUpgrade(x.request(at))
		},
		effects: environEffect("wsgi.input_terminated", "bool False", "bool True"),
	},
	{
		Name: "What follows a 101", Origin: ByGowsgi,
		Pywsgi: "the connection goes on with HTTP when the application ends", Gowsgi: "the connection closes when the application ends", Why: "After a 101 the connection is another protocol's (RFC 9110, 7.8). DESIGN.md, What happens when.",
		when: switched,
		effects: []effect{
			{field: "response.body", pywsgi: "'*", gowsgi: "'*", holds: func(_ *Exchange, _ int, d Difference) bool {
				ours := strings.TrimSuffix(d.Gowsgi, "'")
				return strings.HasPrefix(d.Pywsgi, ours+"HTTP/1.1 ") || strings.HasPrefix(d.Pywsgi, "'HTTP/1.1 400 ")
			}},
			{field: "response.header.content-length", pywsgi: "'*", gowsgi: missing},
			{field: "error_log", pywsgi: "client", gowsgi: ""},
		},
		parts: true,
	},
	{
		Name: "A 101 over HTTP/1.0", Origin: ByGowsgi,
		Pywsgi: "sent", Gowsgi: "refused: 500", Why: "RFC 9110, 7.8: an upgrade over HTTP/1.0 is ignored.",
		when: all(overHTTP10, answered500, func(x *Exchange, at int) bool { return x.theirs(at).Code == 101 }), effects: own500, parts: true,
	},
	{
		Name: "The body of a request that offers an upgrade", Origin: ByGowsgi,
		Pywsgi: "read raw: with its chunk framing, and past its end", Gowsgi: "read as any body", Why: "RFC 9110, 7.8: the request is complete before the protocol changes.",
		when: func(x *Exchange, at int) bool {
			r := x.request(at)
			return (len(r.values("upgrade")) > 0 || saysUpgrade(r)) && inputApps[x.app(at)] != nil
		},
		effects: []effect{
			{field: "response.body", pywsgi: "'*", gowsgi: "'*"},
			{field: "response.header.content-length", pywsgi: "'*", gowsgi: "'*"},
			{field: "error_log", pywsgi: "client", gowsgi: ""},
			{field: "late", pywsgi: "'HTTP/1.1 200 OK*", gowsgi: "''"},
			{field: "responses", pywsgi: "0", gowsgi: "1"},
		},
		parts: true,
	},
}

func switched(x *Exchange, at int) bool { return x.ours(at).Code == 101 }

func saysUpgrade(r *rawRequest) bool {
	return slices.Contains(options(r.values("connection")), "upgrade")
}
