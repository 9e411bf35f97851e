// Package conformance holds gowsgi against the real gevent.pywsgi: its tests play
// the requests that were recorded there to gowsgi, and every difference has to be
// explained by a row of the tables in package rows, which docs/differences.md
// prints. README.md describes the suite. Nothing here is part of the library, and
// nothing promises to stay as it is.
package conformance

//go:generate go run ./gen
