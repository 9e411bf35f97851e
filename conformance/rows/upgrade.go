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
		Name:   "wsgi.input of a request that offers an upgrade",
		Pywsgi: "is the raw connection, even if the request has a body", Gowsgi: "is the request's body, and the raw connection after a 101",
		Why:     "An offer that the server does not accept changes nothing (RFC 9110, 7.8).",
		Origin:  replay.ByGowsgi,
		Effects: environEffect("wsgi.input", "BufferedReader", "Input"),
	},
	{
		Name:   "wsgi.input_terminated of a request that offers an upgrade",
		Pywsgi: "is False if Connection is just Upgrade or the protocol is websocket, and else True", Gowsgi: "has no such key",
		Why:    "Applications test whether the key is there, and not its value.",
		Origin: replay.ByGowsgi,
		Effects: environEffect("wsgi.input_terminated", "bool *", missing, func(x *replay.Exchange, at int, _ replay.Difference) bool {
			return len(x.Request(at).Values("upgrade")) > 0
		}),
	},
	{
		Name:   "Connection: Upgrade without the header Upgrade",
		Pywsgi: "makes wsgi.input the raw connection", Gowsgi: "takes it for a request without an offer",
		Why:    "The header Upgrade makes the offer (RFC 9110, 7.8).",
		Origin: replay.ByGowsgi,
		When: func(x *replay.Exchange, at int) bool {
			return len(x.Request(at).Values("upgrade")) == 0 && saysUpgrade(x.Request(at))
		},
		Effects: environEffect("wsgi.input_terminated", "bool False", "bool True"),
	},
	{
		Name:   "The end of an application that sent a 101",
		Pywsgi: "takes what follows for HTTP requests", Gowsgi: "closes the connection",
		Why:    "After a 101 the connection speaks another protocol (RFC 9110, 7.8).",
		Origin: replay.ByGowsgi,
		When:   switched,
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
		Name:   "A 101 over HTTP/1.0",
		Pywsgi: "sends it", Gowsgi: "refuses it and answers 500",
		Why:    "A server has to ignore Upgrade in an HTTP/1.0 request (RFC 9110, 7.8).",
		Origin: replay.ByGowsgi,
		When:   all(overHTTP10, answered500, func(x *replay.Exchange, at int) bool { return x.Theirs(at).Code == 101 }), Effects: own500, Parts: true,
	},
	{
		Name:   "An application that reads the body of a request that offers an upgrade",
		Pywsgi: "gives it the raw bytes: the chunk framing, and what follows the body", Gowsgi: "gives it the body",
		Why:    "The client sends the whole request before the protocol changes (RFC 9110, 7.8).",
		Origin: replay.ByGowsgi,
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
