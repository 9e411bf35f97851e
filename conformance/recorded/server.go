// Package recorded holds what two versions of the real gevent.pywsgi were seen to
// answer.
package recorded

// Server is a pywsgi whose answers are recorded, by the version of gevent that it
// comes with.
type Server string

const (
	// Debian is the gevent of Debian 12, its package python3-gevent.
	Debian Server = "22.10.2"
	// Newest was the newest gevent on PyPI when its answers were recorded.
	Newest Server = "26.9.0"
)

// Servers are all of them. The recording of the first is whole; that of the second
// has only the cases in which it differs from the first.
var Servers = []Server{Debian, Newest}
