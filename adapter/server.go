package adapter

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gowsgi/gowsgi/environ"
	"github.com/gowsgi/gowsgi/internal/recorder"
	"github.com/gowsgi/gowsgi/internal/seam"
	"github.com/gowsgi/gowsgi/logadapter"
	"github.com/gowsgi/gowsgi/secure"
)

// DefaultStopTimeout is how long a Server waits for the requests in flight when
// it stops.
const DefaultStopTimeout = 10 * time.Second

// NewServer's limits: without the first, a client could hold a connection by
// never finishing its headers.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
)

// Server wraps an http.Server with what pywsgi's WSGIServer gives: logs, a base
// environ, a limit on concurrent connections, and a graceful stop. Make one
// with NewServer or Wrap. Its fields must not be changed once it serves.
//
// Below it, environ.FromContext finds the request's environ: in the context of
// the requests that its handlers get, and in an App in env.Context().
type Server struct {
	unprinted

	// HTTP is the wrapped server: address, handler, TLS and its own limits.
	// Serving sets its Handler, BaseContext, ConnState and ConnContext to wrap
	// the ones it has, and its ErrorLog if that is nil. Where its handler is a
	// *Handler, that gets OPTIONS * too, which a plain http.Server answers
	// itself.
	HTTP *http.Server

	// Environ is the base environ of every Handler below, and of
	// environ.FromContext (WSGIServer's environ argument). Nil means none.
	Environ map[string]any

	// Policy says what of an environ may be printed. Nil means secure.WSGI.
	Policy *secure.Policy

	// Log gets one access line a request. Nil means os.Stderr, io.Discard
	// means none.
	Log io.Writer

	// ErrorLog gets what goes wrong, and is wsgi.errors. Nil means
	// os.Stderr, io.Discard means none.
	ErrorLog io.Writer

	// Spawn is the number of connections that are served at once, over all
	// listeners (gevent's spawn=Pool); more of them wait for their turn. 0
	// means no limit.
	//
	// Connections without a request lock nobody out, also where HTTP has no
	// IdleTimeout. While a connection waits, responses say "Connection:
	// close", and the connection that has been idle for longest is closed:
	// one that answered its last request at least a second ago, or sent no
	// request within five seconds. A request in progress is left alone,
	// however long it takes.
	//
	// A connection of HTTP/2 counts once, whatever the number of its
	// requests. One that a handler has taken over (a WebSocket) counts until
	// that handler returns. Connections that wait when the server stops still
	// get their turn, as long as there is time for it.
	Spawn int

	// OnListen is told the address of each listener before it accepts: where
	// ":0" came to lie. Its calls do not overlap. Nil means nobody is told.
	OnListen func(addr net.Addr)

	// StopTimeout is how long a stop waits for the requests in flight. Then
	// their contexts end, connections that were taken over are closed, and Run
	// closes the others too. 0 means DefaultStopTimeout.
	StopTimeout time.Duration

	once  sync.Once
	tell  sync.Mutex // held while OnListen is called
	scope *seam.Scope
	stop  *stopping
	conns *conns
	pool  *pool // nil where Spawn gives no limit
	tls   bool  // Run serves TLS

	patience time.Duration // NewServer's for clients; 0 for no limit
}

// NewServer returns a Server for app on addr (":8080"), with time limits on
// reading a request's header (10 s) and on idling (2 min), and with a patience of
// one minute: a request waits no longer than that for its client to send the next
// 64 KiB of a body, or to take those of the response. The App's own time does not
// count, nor does an upgraded connection. A ReadTimeout or a WriteTimeout in HTTP
// takes the place of the one or the other; a negative one means no limit. So does
// a deadline that a handler sets itself by http.ResponseController.
//
// For other handlers than an App, set HTTP.Handler in its place.
func NewServer(addr string, app App) *Server {
	s := Wrap(&http.Server{
		Addr:              addr,
		Handler:           &Handler{App: app},
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		HTTP2:             &http.HTTP2Config{WriteByteTimeout: patience},
	})
	s.patience = patience
	return s
}

// Wrap returns a Server around an existing server with whatever handler it has.
// Its settings stay, time limits among them: NewServer's are not added.
func Wrap(srv *http.Server) *Server { return &Server{HTTP: srv} }

// Serve accepts connections on l until the server is stopped. Its error is
// never nil: http.ErrServerClosed after Shutdown or Close. It may be called for
// several listeners.
func (s *Server) Serve(l net.Listener) error {
	return s.accept(l, func(l net.Listener) error {
		s.announce(l)
		return s.HTTP.Serve(l)
	})
}

// ServeTLS is Serve for TLS, with HTTP/2. The files may be "" where the server's
// TLSConfig has its certificates.
//
// When the files change, the next handshakes take up what is in them, within a
// second; symbolic links may change too. As long as the two do not make a pair,
// the one before stays in use, and ErrorLog gets one line.
func (s *Server) ServeTLS(l net.Listener, certFile, keyFile string) error {
	return s.accept(l, func(l net.Listener) error {
		if certFile == "" && keyFile == "" && s.tls {
			s.announce(l)
			return s.HTTP.ServeTLS(l, "", "")
		}
		cert, err := newCertificate(certFile, keyFile, s.scope.Errors.(environ.ErrorStream))
		if err != nil {
			return err
		}
		config, err := s.tlsConfig(cert)
		if err != nil {
			return err
		}
		s.announce(l)
		return s.HTTP.Serve(tls.NewListener(l, config))
	})
}

func (s *Server) announce(l net.Listener) {
	if s.OnListen == nil {
		return
	}
	s.tell.Lock()
	defer s.tell.Unlock()
	s.OnListen(l.Addr())
}

// ListenAndServe listens on the server's address (":http" if it has none), which
// takes the forms of Listen, and serves there. Its error is never nil: http.ErrServerClosed after Shutdown or
// Close.
func (s *Server) ListenAndServe() error {
	l, err := s.listen(":http")
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// ListenAndServeTLS is ListenAndServe for TLS, on ":https" if the server has no
// address.
func (s *Server) ListenAndServeTLS(certFile, keyFile string) error {
	l, err := s.listen(":https")
	if err != nil {
		return err
	}
	defer l.Close()
	return s.ServeTLS(l, certFile, keyFile)
}

// Run serves on listeners, or without any on the server's address (":http" if
// it has none; Listen has its forms), until ctx ends, or somebody calls Shutdown or Close, or a
// listener fails. Then it stops gracefully and returns nil, or an error if
// StopTimeout cut requests off or a listener failed; Shutdown says how a stop
// goes. Where TLSConfig has certificates, it serves TLS on each listener, and the address defaults to
// ":https". When Run returns, all listeners are closed, those given to it too.
func (s *Server) Run(ctx context.Context, listeners ...net.Listener) error {
	s.once.Do(s.setUp)
	if len(listeners) == 0 {
		l, err := s.listen(s.defaultAddr())
		if err != nil {
			return err
		}
		listeners = []net.Listener{l}
	}
	served := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { served <- s.serveAndClose(l) }()
	}
	var failed error
	running := len(listeners)
	select {
	case failed = <-served:
		running--
	case <-ctx.Done():
	}
	stopped := s.shutDownInTime()
	for range running {
		failed = errors.Join(failed, <-served)
	}
	return errors.Join(failed, stopped)
}

// serveAndClose serves on l, which it closes whatever happens. A stop is no
// error.
func (s *Server) serveAndClose(l net.Listener) error {
	defer l.Close() // ServeTLS leaves it open where a certificate cannot be read
	serve := s.Serve
	if s.tls {
		serve = func(l net.Listener) error { return s.ServeTLS(l, "", "") }
	}
	if err := serve(l); err != http.ErrServerClosed {
		return fmt.Errorf("adapter: serving on %s: %w", l.Addr(), err)
	}
	return nil
}

func (s *Server) defaultAddr() string {
	if s.tls {
		return ":https"
	}
	return ":http"
}

func hasCertificates(c *tls.Config) bool {
	return c != nil && (len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil)
}

func (s *Server) listen(fallback string) (net.Listener, error) {
	addr := s.HTTP.Addr
	if addr == "" {
		addr = fallback
	}
	return Listen(addr)
}

// setUp wraps what the http.Server has, once, however many listeners it gets.
func (s *Server) setUp() {
	access, errs := orStderr(s.Log), orStderr(s.ErrorLog)
	stream := asStream(errs)
	s.scope = seam.NewScope(s.Environ)
	s.scope.Policy, s.scope.Errors = s.Policy, stream
	if s.HTTP.ErrorLog == nil {
		s.HTTP.ErrorLog = serverLog(errs, stream)
	}
	s.tls = hasCertificates(s.HTTP.TLSConfig) // before net/http changes it
	s.HTTP.BaseContext = s.baseContext(s.HTTP.BaseContext)
	s.setUpHandler()
	if access != io.Discard {
		s.HTTP.Handler = logged(s.HTTP.Handler, accessStream(access, errs, stream))
	}
	s.setUpPatience()
	if s.Spawn > 0 {
		s.pool = newPool(s.Spawn)
	}
	s.stop = newStopping()
	s.conns = newConns(s.stop, s.pool)
	s.conns.watch(s.HTTP)
	s.HTTP.RegisterOnShutdown(s.begin) // also where somebody stops the http.Server itself
}

// setUpHandler gives requests an environ. A *Handler makes its own, and gets
// OPTIONS * too.
func (s *Server) setUpHandler() {
	switch handler := s.HTTP.Handler.(type) {
	case *Handler:
		s.HTTP.DisableGeneralOptionsHandler = true
	case nil:
		s.HTTP.Handler = withEnviron(http.DefaultServeMux)
	default:
		s.HTTP.Handler = withEnviron(handler)
	}
}

// withEnviron gives the requests of next an environ in their context.
func withEnviron(next http.Handler) http.Handler {
	return new(environ.Inside).Handler(seam.Pass{}, next, nil)
}

// serverLog is what the http.Server itself logs to: a stream over errs. A
// logger behind that has its own times.
func serverLog(errs io.Writer, stream environ.ErrorStream) *log.Logger {
	flags := log.LstdFlags
	if _, ok := errs.(*logadapter.Stream); ok {
		flags = 0
	}
	return log.New(quietWriter{stream}, "", flags)
}

func orStderr(w io.Writer) io.Writer {
	if w == nil {
		return os.Stderr
	}
	return w
}

// baseContext carries the server's scope, with the name and port of the
// listener, to every request.
func (s *Server) baseContext(outer func(net.Listener) context.Context) func(net.Listener) context.Context {
	return func(l net.Listener) context.Context {
		ctx := context.Background()
		if b, ok := l.(*backlog); ok {
			l = b.Listener
		}
		if outer != nil {
			ctx = outer(l)
		}
		ctx = s.stop.context(ctx)
		scope := *s.scope
		scope.SetBase(withAddress(scope.Base(), l.Addr()))
		return &seam.Carrier{Context: ctx, Carried: &scope}
	}
}

// withAddress adds to base what a listener on addr is called, where base does
// not say (WSGIServer.update_environ). Unlike pywsgi it asks no DNS: a server
// must start without one.
func withAddress(base map[string]any, addr net.Addr) map[string]any {
	full := maps.Clone(base)
	if full == nil {
		full = make(map[string]any, 2)
	}
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return full
	}
	name := tcp.IP.String()
	if tcp.IP.IsUnspecified() {
		name, _ = os.Hostname()
	}
	if _, ok := full["SERVER_NAME"]; !ok && name != "" {
		full["SERVER_NAME"] = name
	}
	if _, ok := full["SERVER_PORT"]; !ok {
		full["SERVER_PORT"] = fmt.Sprint(tcp.Port)
	}
	return full
}

// logged writes an access line for each request.
func logged(next http.Handler, log *logadapter.Stream) http.Handler {
	return recorder.Watch(next, func(rec *recorder.Recorder, r *http.Request, began time.Time) {
		status, bytes := rec.Outcome()
		_, _ = log.WithContext(r.Context()).Write(append(NewRecord(r, began, status, bytes).Append(nil), '\n'))
	})
}

// quietWriter drops what http.Server says of clients that went away.
type quietWriter struct{ environ.ErrorStream }

func (w quietWriter) Write(p []byte) (int, error) {
	line := strings.TrimSuffix(string(p), "\n")
	for _, noise := range [...]string{": EOF", ": broken pipe", ": connection reset by peer", "forcibly closed by the remote host."} {
		if strings.HasSuffix(line, noise) {
			return len(p), nil
		}
	}
	return w.ErrorStream.Write(p)
}
