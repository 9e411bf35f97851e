package adapter

import (
	"io"
	"net/http"
	"strings"

	"github.com/gowsgi/gowsgi/internal/recorder"
)

// enableDuplex lets the App read its input after its first chunk, where there
// is one; by itself net/http closes it then.
func (res *response) enableDuplex() {
	if res.r.ProtoMajor != 1 || res.r.Body == nil || res.r.Body == http.NoBody {
		return
	}
	res.duplex = http.NewResponseController(res.w).EnableFullDuplex() == nil
}

// drain reads what is left of a body in a full-duplex response, up to net/http's
// own limit of 256 KiB: net/http leaves it in place and would take it for the
// next request.
func (res *response) drain() {
	if !res.duplex || res.raw != nil {
		return
	}
	if err := res.r.Body.Close(); err != nil {
		hangUp(res.w)
	}
}

// hangUp makes net/http close the connection once the response is complete. The
// head is out and can't say so any more; what still can is a request body that
// exceeds its limit.
func hangUp(w http.ResponseWriter) {
	innermost := w
	for w := range recorder.Chain(w) {
		innermost = w
	}
	tooLong := http.MaxBytesReader(innermost, io.NopCloser(strings.NewReader("x")), 0)
	_, _ = tooLong.Read(make([]byte, 1))
}

// isPreface reports whether r is the connection preface of HTTP/2 (RFC 9113, 3.4),
// which a server that does not speak it without TLS passes on as a request.
func isPreface(r *http.Request) bool {
	return r.Method == "PRI" && r.ProtoMajor == 2 && r.RequestURI == "*"
}
