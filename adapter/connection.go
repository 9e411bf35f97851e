package adapter

import (
	"io"
	"net/http"
	"strings"

	"github.com/gowsgi/gowsgi/internal/answer"
	"github.com/gowsgi/gowsgi/internal/gone"
	"github.com/gowsgi/gowsgi/internal/recorder"
)

// duplex says who may read the request's body once a part of the response is out.
// By itself net/http reads and closes the body then, and thereby checks where the
// next request begins; in full duplex it leaves out both (EnableFullDuplex).
type duplex uint8

const (
	duplexAllowed duplex = iota // an App may: where the body has not ended, full duplex is switched on
	duplexRefused               // an http.Handler answers and has not asked for it
	duplexOn
)

// enableDuplex switches full duplex on where the body may still be read, and
// reports whether the connection must therefore end with this response: nobody
// checks where the next request would begin.
func (res *response) enableDuplex() bool {
	if res.duplex == duplexRefused || res.r.ProtoMajor != 1 || !hasBody(res.r) || res.bodyEnded() {
		return false
	}
	if http.NewResponseController(res.w).EnableFullDuplex() != nil {
		return false
	}
	res.duplex = duplexOn
	return true
}

// canDuplex reports whether full duplex can be switched on through w.
func canDuplex(w http.ResponseWriter) bool {
	for w := range recorder.Chain(w) {
		if _, ok := w.(interface{ EnableFullDuplex() error }); ok {
			return true
		}
	}
	return false
}

// answeredByHandler notes that an http.Handler answers, by net/http's rules, and
// whether it asked for full duplex.
func (res *response) answeredByHandler(asked bool) {
	res.mu.Lock()
	defer res.mu.Unlock()
	if !asked {
		res.duplex = duplexRefused
	}
}

func hasBody(r *http.Request) bool { return r.Body != nil && r.Body != http.NoBody }

// bodyEnded reports whether somebody has read the request's body to its end, as
// far as we see.
func (res *response) bodyEnded() bool { return res.seen.Load() == seenEnd || res.inside.InputEnded() }

// bodyFailed reports whether somebody has met an error in the request's body.
func (res *response) bodyFailed() bool {
	return res.seen.Load() >= seenError || res.inputError() != nil
}

// clientGone reports whether an error in the request's body said that the client
// left.
func (res *response) clientGone() bool {
	if err := res.inputError(); err != nil {
		return gone.Is(err, res.r, res.handler.ignored())
	}
	return res.seen.Load() == seenGone
}

// These values of response.seen say how reading a watchedBody has ended.
const (
	seenEnd = 1 + iota
	seenError
	seenGone // an error that only means that the client left
)

// watchedBody is the body of a request as an http.Handler gets it. It tells the
// response what reading it has met.
type watchedBody struct {
	io.ReadCloser
	res *response
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch err {
	case nil:
	case io.EOF:
		b.res.seen.CompareAndSwap(0, seenEnd)
	default:
		met := uint32(seenError)
		if gone.Is(err, b.res.r, b.res.handler.ignored()) {
			met = seenGone
		}
		b.res.seen.CompareAndSwap(0, met)
	}
	return n, err
}

// hangUpAfter says in a header not sent yet that the connection ends with this
// response.
func (res *response) hangUpAfter(header http.Header) {
	answer.HangUp(header, res.r)
	res.closing = true
}

// drained is how many bytes of an unread body net/http takes off a connection
// before it closes it.
const drained = 256 << 10

// linger makes net/http wait a moment before it closes a connection on which
// more of the request's body is under way than it reads: closing at once would
// reset the connection, and that may destroy the response before the client has
// read it (RFC 9112, 9.6). net/http does so by itself only where its own body
// is still in its place.
func (res *response) linger() {
	if !res.closing || res.lost != nil || res.hijacked || res.raw != nil || res.r.ProtoMajor != 1 {
		return
	}
	if hasBody(res.r) && !res.bodyEnded() && mayBeLong(res.r) {
		exceedLimit(res.w)
	}
}

// mayBeLong reports whether more of the body of r may be under way than net/http
// reads. Middleware that decodes a body may have changed its length, and leaves
// its framing as it was.
func mayBeLong(r *http.Request) bool {
	return r.ContentLength < 0 || r.ContentLength > drained || len(r.TransferEncoding) > 0
}

// exceedLimit tells net/http that the request's body is too large to be read,
// which makes it wait before it closes the connection. A MaxBytesReader is the
// only way to say so.
func exceedLimit(w http.ResponseWriter) {
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
