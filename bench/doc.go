// Package bench measures how much gowsgi costs over a bare net/http handler that
// does the same work.
//
// A [Twin] is a piece of work done twice, once by a bare handler and once through
// gowsgi. The Go benchmarks in this folder and the command report measure the
// twins without a network, the command load measures them inside servers over
// loopback, and peers/run puts both beside Python's servers. README.md says how
// to run each of them; docs/cost.md, one folder up, has the results.
//
// The package is a module of its own, so that a program that uses gowsgi does not
// get the dependencies of its measurements.
package bench
