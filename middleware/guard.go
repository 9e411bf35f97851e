package middleware

import (
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
// the handler's in it; what is wrong is logged, to wsgi.errors where the
// context has an environ, or else to the server's ErrorLog. Trailers, and the
// Transfer-Encoding values that net/http gives a meaning, pass; a bad trailer is
// left out, since it comes after the status.
func GuardHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g := &guard{r: r}
		g.ResponseWriter, g.Judge = w, g
		next.ServeHTTP(g, r)
		g.Finish()
		if header := w.Header(); g.trailer || len(header) != g.fields {
			dropBadTrailers(header, r)
		}
	})
}

// guard judges a header before it is sent.
type guard struct {
	recorder.Recorder
	r       *http.Request
	fields  int  // how many the header had then
	trailer bool // it announced a trailer
}

// Allow reports whether the header may go out with status, and answers in the
// handler's place if it may not.
func (g *guard) Allow(status int) bool {
	err := g.checkHeader(g.ResponseWriter.Header(), status)
	if err == nil {
		if g.r.ProtoMajor >= 2 {
			delete(g.ResponseWriter.Header(), "Upgrade") // it would make the response malformed (RFC 9113, 8.2.2)
		}
		return true
	}
	logRefusal(g.r, err)
	if status >= 200 {
		clear(g.ResponseWriter.Header())
		answer.Plain(g.ResponseWriter, g.r, http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError))
	}
	return false
}

func (g *guard) checkHeader(header http.Header, status int) error {
	g.fields = len(header)
	length := int64(-1)
	for name, values := range header {
		if rest, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			name = rest
		}
		for _, value := range values {
			if err := g.checkField(name, value, status, &length); err != nil {
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

// dropBadTrailers takes out what the handler set after its header was sent.
func dropBadTrailers(header http.Header, r *http.Request) {
	for name, values := range header {
		field := strings.TrimPrefix(name, http.TrailerPrefix)
		for _, value := range values {
			if _, err := refuse.Field(field, value); err != nil {
				delete(header, name)
				logRefusal(r, err)
				break
			}
		}
	}
}

func logRefusal(r *http.Request, err error) {
	text := "middleware: GuardHeaders refused the response: " + err.Error()
	if env, ok := environ.FromContext(r.Context()); ok {
		_, _ = env.Errors().WriteString(text + "\n")
		return
	}
	if srv, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && srv.ErrorLog != nil {
		srv.ErrorLog.Print(text)
		return
	}
	log.Print(text)
}
