// Package listener makes listeners of what a server is told to listen on beside
// TCP: the path of a Unix socket, a descriptor that the process inherited, and
// the sockets that systemd passed. Its errors do not name the address: the
// caller knows how that was written.
package listener
