// Package conformance holds gowsgi against the real gevent.pywsgi. What pywsgi
// answers to raw requests into small applications is recorded in testdata (see
// README.md); here the same bytes go to the same applications on gowsgi, and
// every difference has to be explained by a row of the table in this package,
// which docs/differences.md prints.
package conformance

//go:generate go run ./gen
