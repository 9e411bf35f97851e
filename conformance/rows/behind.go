package rows

import (
	"slices"
	"strings"

	"github.com/gowsgi/gowsgi/conformance/replay"
	"github.com/gowsgi/gowsgi/conformance/wire"
)

// Behind are the differences between Python applications behind gowsgi, in workers of
// package python, and behind pywsgi: first those that only these have, then those that
// applications in Go have too.
var Behind = slices.Concat(BehindOnly, slices.DeleteFunc(slices.Clone(Differences), func(r replay.Rule) bool { return GoOnly[r.Name] != "" }))

// GoOnly are the rows of Differences that Python applications in workers do not need,
// with the reason.
var GoOnly = map[string]string{
	"wsgi.file_wrapper":                                                            "The key holds a Python class: see the table.",
	"An application that shows wsgi.file_wrapper":                                  "The key holds a Python class: see the table.",
	"An application that returns no body":                                          "None is no iterable in Python: a TypeError, and 500, as behind pywsgi.",
	"A header value or a reason with characters beyond latin-1":                    "start_response refuses a str beyond latin-1 in the worker, so that the answer is 500, as behind pywsgi.",
	"An empty list in a response to HEAD":                                          "The worker gives a list its length, so that the response says Content-Length: 0, as behind pywsgi.",
	"An iteration that fails, and a Close that fails after it":                     "Both tracebacks come from the worker as one record of the log.",
	"A request body that has not arrived and that the application does not read":   "Without its body the application is not called: see the table.",
	"An application that fails before its input has arrived":                       "Without its body the application is not called: see the table.",
	"More than 256 KiB of a request body that the application did not read":        "The first 64 KiB of a body are read before the application is called, so that the limit is 64 KiB higher.",
	"A request with Expect: 100-continue whose body the application reads in part": "The worker reads ahead, up to 64 KiB, so that a small body has been read to its end and the connection stays.",
}

// BehindOnly are the rows that hold for Python applications in workers alone.
var BehindOnly = []replay.Rule{
	{
		Name:   "A body of up to 64 KiB by its Content-Length that is cut short",
		Pywsgi: "calls the application, whose read fails or which does not notice", Gowsgi: "answers 400 without calling the application, and logs one line",
		Why:     "So much of a body is read before a worker is taken, so that a slow client holds none. The message is incomplete, and that is the client's fault (RFC 9112, 8).",
		Origin:  replay.ByGowsgi,
		When:    all(withBody(wire.BodyCutShort), notCalled),
		Effects: notCalledEffects, Parts: true,
	},
	{
		Name:   "wsgi.file_wrapper",
		Pywsgi: "has no such key", Gowsgi: "holds a class",
		Why:     "The key is optional (PEP 3333, Optional Platform-Specific File Handling). A file goes out by sendfile, from a descriptor that the worker hands over.",
		Origin:  replay.ByGowsgi,
		Effects: environEffect("wsgi.file_wrapper", missing, "type"),
	},
	{
		Name:   "An application that shows wsgi.file_wrapper",
		Pywsgi: "shows null", Gowsgi: "shows a class",
		Why:    "gowsgi has the key, and pywsgi does not.",
		Origin: replay.ByGowsgi,
		When:   all(calls("environ_key"), query("wsgi.file_wrapper")),
		Effects: []replay.Effect{
			{Field: "response.body", Pywsgi: "'null'", Gowsgi: `'{"type": "type", "value": null}'`},
			{Field: "response.header.content-length", Pywsgi: "'4'", Gowsgi: "'31'"},
		},
	},
	{
		Name:   "A NUL in the path",
		Pywsgi: "puts it into PATH_INFO", Gowsgi: "answers 400 without calling the application, and logs one line",
		Why:     "NULs part the names and values of an environ on their way to the worker, and no value may shift into another's place. Scanners alone send them.",
		Origin:  replay.ByGowsgi,
		When:    all(notCalled, func(x *replay.Exchange, at int) bool { return strings.Contains(x.Request(at).Target, "%00") }),
		Effects: notCalledEffects, Parts: true,
	},
	{
		Name:   "readlines with a hint",
		Pywsgi: "ignores the hint", Gowsgi: "stops after the line that reaches the hint",
		Why:    "That is the method of Python's own files (io.IOBase.readlines). PEP 3333 leaves it to the server (Input and Error Streams).",
		Origin: replay.ByGowsgi,
		When:   calls("readlines_hint"),
		Effects: append([]replay.Effect{
			{Field: "response.body", Pywsgi: "'*", Gowsgi: `'alpha\n'`},
			{Field: "response.header.content-length", Pywsgi: "'20'|'21'", Gowsgi: "'6'"},
		}, served...), Parts: true,
	},
	{
		Name:   GeventStreams,
		Pywsgi: "sends each of the application's as one", Gowsgi: "sends one of more than 72 KiB, with gevent one of more than 8 KiB, in pieces as they come from the worker",
		Why:    "No long chunk is held in memory. Where a chunk ends has no meaning (RFC 9112, 7.1).",
		Origin: replay.ByGowsgi,
		When:   calls("big_chunks"),
		Effects: []replay.Effect{{Field: "response.chunks", Pywsgi: "[65536 *]", Gowsgi: "[*]", Holds: func(_ *replay.Exchange, _ int, d replay.Difference) bool {
			return divides(d.Pywsgi, d.Gowsgi)
		}}},
	},
}

// GeventStreams is the row that workers under gevent alone use, of those that the
// cases are played to.
const GeventStreams = "The chunks of a long stream"

var notCalledEffects = slices.Concat([]replay.Effect{}, own400For500, own400For200)

// notCalled says that pywsgi called an application and gowsgi did not.
func notCalled(x *replay.Exchange, at int) bool {
	return at < len(x.Pywsgi.Environs) && at >= len(x.Gowsgi.Environs)
}

// divides says that a chunk ends in ours wherever one ends in theirs, and that both
// end at the same place.
func divides(theirs, ours string) bool {
	a, b := ends(theirs), ends(ours)
	return a[len(a)-1] == b[len(b)-1] && !slices.ContainsFunc(a, func(end int) bool { return !slices.Contains(b, end) })
}

// ends are the places at which chunks end, of their sizes.
func ends(chunks string) []int {
	var places []int
	place := 0
	for size := range strings.FieldsSeq(strings.Trim(chunks, "[]")) {
		place += wire.Number(size)
		places = append(places, place)
	}
	return places
}
