// Package examples holds small programs, one idea each, every one run by a test.
// The tests of the package itself check the README and the other documents.
package examples
