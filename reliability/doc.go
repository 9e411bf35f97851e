// Package reliability has the tests of gowsgi's servers under fault and under load:
// clients that vanish, stall or send anything at all, Apps that panic, and a
// process without file descriptors. docs/reliability.md describes them. A run in
// CI takes the short form; GOWSGI_RELIABILITY=1 asks for the long one.
//
// Nobody imports this package.
package reliability
