package middleware

import (
	"fmt"
	"log"
	"net/http"
	"strings"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/answer"
	"github.com/gowsgi/gowsgi/internal/recorder"
	"github.com/gowsgi/gowsgi/internal/refuse"
)

// GuardHeaders refuses for any handler what start_response refuses for an App,
// and net/http would silently rewrite (HTTP/1) or drop (HTTP/2): a header name
// that is no token, a control character in a value, a bad Content-Length, a
// header for one connection only. The response is then a 500 with no header of
// the handler's in it, which is sent at once; what is wrong is logged, to
// wsgi.errors where the context has an environ, or else to the server's
// ErrorLog. The handler learns of it by its next write, flush or Hijack: it
// fails with an error that says the same. A Handler or QuietDisconnects that
// meets this error says nothing of it once more.
//
// Trailers, and the Transfer-Encoding values that net/http gives a meaning,
// pass; a bad trailer, or one that a trailer may not be (RFC 9110, 6.5.1), is
// left out if it was set after the status.
func GuardHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g := &guard{r: r}
		g.ResponseWriter, g.Judge = w, g
		next.ServeHTTP(g, r)
		g.Finish()
		if header := w.Header(); g.trailer || hasTrailers(header) {
			g.dropBadTrailers(header)
		}
	})
}

// guard judges a header before it is sent.
type guard struct {
	recorder.Recorder
	r       *http.Request
	trailer bool // the header announced a trailer
}

// Allow says why the header may not go out with status, if it may not, and
// answers in the handler's place.
func (g *guard) Allow(status int) error {
	header := g.ResponseWriter.Header()
	err := g.checkHeader(header, status)
	if err == nil {
		if g.r.ProtoMajor >= 2 {
			delete(header, "Upgrade") // it would make the response malformed (RFC 9113, 8.2.2)
		}
		return nil
	}
	err = fmt.Errorf("middleware: GuardHeaders refused the response: %w", err)
	g.log(err)
	if status >= 200 || status == http.StatusSwitchingProtocols {
		clear(header)
		answer.Plain(g.ResponseWriter, g.r, http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError))
		_ = http.NewResponseController(g.ResponseWriter).Flush()
	}
	return err
}

func (g *guard) checkHeader(header http.Header, status int) error {
	length := int64(-1)
	for name, values := range header {
		trailer, isTrailer := strings.CutPrefix(name, http.TrailerPrefix)
		for _, value := range values {
			var err error
			if isTrailer {
				err = refuse.Trailer(trailer, value, true)
			} else {
				err = g.checkField(name, value, status, &length)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *guard) checkField(name, value string, status int, length *int64) error {
	name, err := refuse.Field(name, value)
	if err != nil {
		return err
	}
	switch {
	case name == "Content-Length":
		*length, err = refuse.Length(value, *length)
	case name == "Connection":
		_, err = refuse.Connection(value, status)
	case name == "Trailer":
		g.trailer = true
	case name == "Transfer-Encoding" && (value == "chunked" || value == "identity"):
	default:
		err = refuse.HopByHop(name, status)
	}
	return err
}

// hasTrailers reports whether the handler has set trailers that no header
// announced.
func hasTrailers(header http.Header) bool {
	for name := range header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			return true
		}
	}
	return false
}

// dropBadTrailers takes out the bad ones of the trailers that the handler has
// set since its header was sent, and all of a response that was refused.
func (g *guard) dropBadTrailers(header http.Header) {
	for name, values := range header {
		trailer, prefixed := strings.CutPrefix(name, http.TrailerPrefix)
		switch {
		case !prefixed && !g.trailer:
			continue
		case prefixed && g.Refused():
			delete(header, name)
			continue
		}
		for _, value := range values {
			if err := refuse.Trailer(trailer, value, prefixed); err != nil {
				delete(header, name)
				g.log(fmt.Errorf("middleware: GuardHeaders left out a trailer: %w", err))
				break
			}
		}
	}
}

func (g *guard) log(err error) {
	if env, ok := environ.FromContext(g.r.Context()); ok {
		_, _ = env.Errors().WriteString(err.Error() + "\n")
		return
	}
	if srv, ok := g.r.Context().Value(http.ServerContextKey).(*http.Server); ok && srv.ErrorLog != nil {
		srv.ErrorLog.Print(err)
		return
	}
	log.Print(err)
}
