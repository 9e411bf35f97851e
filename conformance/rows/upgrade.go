package rows

import (
	"slices"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/apps"
	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

var upgradeRows = []replay.Rule{
	{
		Name: "wsgi.input of a request that offers an upgrade", Origin: replay.ByGowsgi,
		Pywsgi: "the raw connection, for a request body too", Gowsgi: "the request body, and the raw connection once a 101 was accepted", Why: "An offer that is not taken changes nothing (RFC 9110, 7.8).",
		Effects: environEffect("wsgi.input", "BufferedReader", "Input"),
	},
	{
		Name: "wsgi.input_terminated of a request that offers an upgrade", Origin: replay.ByGowsgi,
		Pywsgi: "False, where the whole value of Connection is Upgrade or the protocol is websocket; else True", Gowsgi: "absent", Why: "Applications test for the key. DESIGN.md, What the environ holds.",
		Effects: environEffect("wsgi.input_terminated", "bool *", missing, func(x *replay.Exchange, at int, _ replay.Difference) bool {
			return len(x.Request(at).Values("upgrade")) > 0
		}),
	},
	{
		Name: "Connection: Upgrade without Upgrade", Origin: replay.ByGowsgi,
		Pywsgi: "wsgi.input is the raw connection, wsgi.input_terminated False", Gowsgi: "no upgrade is offered", Why: "RFC 9110, 7.8: the header Upgrade offers it.",
		When: func(x *replay.Exchange, at int) bool {
			return len(x.Request(at).Values("upgrade")) == 0 && saysUpgrade(x.Request(at))
		},
		Effects: environEffect("wsgi.input_terminated", "bool False", "bool True"),
	},
	{
		Name: "What follows a 101", Origin: replay.ByGowsgi,
		Pywsgi: "the connection goes on with HTTP when the application ends", Gowsgi: "the connection closes when the application ends", Why: "After a 101 the connection is another protocol's (RFC 9110, 7.8). DESIGN.md, What happens when.",
		When: switched,
		Effects: []replay.Effect{
			{Field: "response.body", Pywsgi: "'*", Gowsgi: "'*", Holds: func(_ *replay.Exchange, _ int, d replay.Difference) bool {
				ours := strings.TrimSuffix(d.Gowsgi, "'")
				return strings.HasPrefix(d.Pywsgi, ours+"HTTP/1.1 ") || strings.HasPrefix(d.Pywsgi, "'HTTP/1.1 400 ")
			}},
			{Field: "response.header.content-length", Pywsgi: "'*", Gowsgi: missing},
			{Field: "error_log", Pywsgi: "client", Gowsgi: ""},
		},
		Parts: true,
	},
	{
		Name: "A 101 over HTTP/1.0", Origin: replay.ByGowsgi,
		Pywsgi: "sent", Gowsgi: "refused: 500", Why: "RFC 9110, 7.8: an upgrade over HTTP/1.0 is ignored.",
		When: all(overHTTP10, answered500, func(x *replay.Exchange, at int) bool { return x.Theirs(at).Code == 101 }), Effects: own500, Parts: true,
	},
	{
		Name: "The body of a request that offers an upgrade", Origin: replay.ByGowsgi,
		Pywsgi: "read raw: with its chunk framing, and past its end", Gowsgi: "read as any body", Why: "RFC 9110, 7.8: the request is complete before the protocol changes.",
		When: func(x *replay.Exchange, at int) bool {
			r := x.Request(at)
			return (len(r.Values("upgrade")) > 0 || saysUpgrade(r)) && apps.InputApps[x.App(at)] != nil
		},
		Effects: []replay.Effect{
			{Field: "response.body", Pywsgi: "'*", Gowsgi: "'*"},
			{Field: "response.header.content-length", Pywsgi: "'*", Gowsgi: "'*"},
			{Field: "error_log", Pywsgi: "client", Gowsgi: ""},
			{Field: "late", Pywsgi: "'HTTP/1.1 200 OK*", Gowsgi: "''"},
			{Field: "responses", Pywsgi: "0", Gowsgi: "1"},
		},
		Parts: true,
	},
}

func switched(x *replay.Exchange, at int) bool { return x.Ours(at).Code == 101 }

func saysUpgrade(r *wire.Request) bool {
	return slices.Contains(options(r.Values("connection")), "upgrade")
}
