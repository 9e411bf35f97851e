// Package examples holds small programs, one idea each, every one run by a test.
// Its own tests hold the README to its word.
package examples
