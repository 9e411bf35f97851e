package adapter

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/opaque"
	"github.com/gowsgi/gowsgi/internal/seam"
	"github.com/gowsgi/gowsgi/logadapter"
	"github.com/gowsgi/gowsgi/secure"
)

// DefaultMaxRequestLine is the Handler's limit on a request line in bytes
// (pywsgi's MAX_REQUEST_LINE).
const DefaultMaxRequestLine = 8192

// Handler serves an App: it is pywsgi's WSGIHandler. The zero value of every
// field but App is the useful default. Its fields must not be changed once it
// serves.
//
// A client that leaves is met in silence: writing stops and the Body is closed. An
// App may also return the error of its request's context: context.Canceled says
// that the client left, and context.DeadlineExceeded is answered with 504 and
// logged in one line. http.ErrAbortHandler, panicked with or returned, is passed on.
type Handler struct {
	unprinted

	// App is the application. A Handler without one answers 500.
	App App

	// Environ is the base environ: its values win over what the server
	// knows (SERVER_*, wsgi.* flags, wsgi.errors), never over what the
	// request says (WSGIServer's environ argument). Nil means none. A
	// SCRIPT_NAME here says where the App is mounted: "" is the root, and
	// a request outside of it is a 404; without one the split follows the
	// router.
	Environ map[string]any

	// Policy says what of an environ may be printed. Nil means the
	// Server's, or else secure.WSGI.
	Policy *secure.Policy

	// Log gets one access line a request, in the form of FormatRequest.
	// Nil means none.
	Log io.Writer

	// ErrorLog gets what goes wrong, and is wsgi.errors unless Environ has
	// one. A *logadapter.Stream logs through a logger. Nil means the
	// Server's, or else os.Stderr.
	ErrorLog io.Writer

	// IgnoredErrors are the errors that only mean that the client left, and
	// are not logged (WSGIHandler.ignored_socket_errors). The default ones
	// count where the connection met them. With one of them in the list,
	// context.Canceled counts too where an App returns it once its
	// request's context was cancelled; so does every other error listed,
	// such as a database driver's own for that. context.DeadlineExceeded
	// in the list spares the line for an App whose time was up. Nil means
	// DefaultIgnoredErrors; an empty slice ignores none.
	IgnoredErrors []error

	// MaxRequestLine is the length in bytes, line end included, from which
	// on a request line is answered with 414. 0 means
	// DefaultMaxRequestLine; less means no limit but net/http's own.
	MaxRequestLine int

	// PrepareEnviron has the last word on the environ before the App gets
	// it (WSGIHandler.get_environ). Nil means no change.
	PrepareEnviron func(env *environ.Environ)

	// HandleError is told whatever the Handler would log on ErrorLog
	// (WSGIHandler.handle_error); a panic comes as a *PanicError, and
	// a request that is answered with 400, 408, 413 or 504 for no fault of
	// the App's as a *RequestError. Nil means that a failure of the App is
	// logged as a record (the request line, the error, the masked environ,
	// and the stack of a panic) and a *RequestError as one line. The query
	// is in a request line only where the policy allows QUERY_STRING;
	// otherwise a bare ? stands for it.
	HandleError func(env *environ.Environ, err error)

	// FormatRequest makes the access line, without its newline
	// (WSGIHandler.format_request). Nil means Record.String.
	FormatRequest func(rec Record) string

	// Debug answers a request that failed with what failed: a page for a
	// client that accepts text/html, plain text for any other. It has the error
	// and its causes, the stack of a panic (or of a Python exception) with the
	// source around the program's own frames, the request line, and the environ
	// under its Policy. Whoever can make a request fail reads the program's source
	// there, so switch it on where only developers are. False means the bare
	// answers. The logs are the same either way, and so is a response that has
	// begun: it is cut off.
	Debug bool

	once   sync.Once
	scope  *seam.Scope
	access *logadapter.Stream
}

// unprinted keeps a Handler or a Server that is printed from printing its base environ.
type unprinted = opaque.Type

// ServeHTTP builds the environ of r, runs the App and sends what it answers.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.once.Do(h.setUp)
	var began time.Time
	if h.access != nil {
		began = time.Now()
	}
	res := &response{handler: h, w: w, r: r}
	abort := res.serve()
	status, bytes := res.outcome()
	if h.access != nil {
		h.logAccess(r, NewRecord(r, began, status, bytes))
	}
	if abort {
		panic(http.ErrAbortHandler)
	}
}

// setUp makes once what all requests share.
func (h *Handler) setUp() {
	h.scope = seam.NewScope(h.Environ)
	h.scope.Policy, h.scope.FileWrapper = h.Policy, fileWrapper
	if h.ErrorLog != nil {
		h.scope.Errors = asStream(h.ErrorLog)
	}
	if h.Log != nil {
		h.access = accessStream(h.Log, h.ErrorLog, h.scope.Errors)
	}
}

func (h *Handler) logAccess(r *http.Request, rec Record) {
	log := h.access.WithContext(r.Context())
	if h.FormatRequest != nil {
		_, _ = log.WriteString(h.FormatRequest(rec) + "\n")
		return
	}
	_, _ = log.Write(append(rec.Append(nil), '\n'))
}

func (h *Handler) ignored() []error {
	if h.IgnoredErrors == nil {
		return DefaultIgnoredErrors
	}
	return h.IgnoredErrors
}

// requestTooLong reports whether the request line reaches the limit. net/http
// keeps its parts, which one space each parted.
func (h *Handler) requestTooLong(r *http.Request) bool {
	limit := h.MaxRequestLine
	if limit == 0 {
		limit = DefaultMaxRequestLine
	}
	return limit > 0 && len(r.Method)+len(r.RequestURI)+len(r.Proto)+len("  \r\n") >= limit
}

var errNoApp = errors.New("adapter: Handler.App is nil: give it the application to serve")

// fileWrapper is the value of wsgi.file_wrapper, boxed once.
var fileWrapper any = File

// asStream makes w what wsgi.errors has to be.
func asStream(w io.Writer) environ.ErrorStream {
	if s, ok := w.(environ.ErrorStream); ok {
		return s
	}
	return logadapter.FromWriter(w)
}

// accessStream makes w a Stream for access lines: the one of the error log, if
// both are one writer, so that they share its lock.
func accessStream(w, errorLog io.Writer, errorStream any) *logadapter.Stream {
	if s, ok := w.(*logadapter.Stream); ok {
		return s
	}
	if s, ok := errorStream.(*logadapter.Stream); ok && seam.Same(w, errorLog) {
		return s
	}
	return logadapter.FromWriter(w)
}
