// Package conformance compares gowsgi with the real gevent.pywsgi. Its tests play
// recorded requests to gowsgi and compare the outcome with the recorded one. A row of
// the tables in package rows has to explain every difference, and docs/differences.md
// prints these tables. README.md describes the suite.
//
// The packages below conformance are no part of the library. They may change in any
// release.
package conformance

//go:generate go run ./gen
