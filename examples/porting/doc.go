// Package porting has the Go side of docs/porting.md, each row an example that
// runs, and the test that runs the Python side and compares what both print.
package porting
