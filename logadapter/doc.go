// Package logadapter makes loggers into the file-like streams that WSGI writes
// its logs to: wsgi.errors, and a server's access log.
//
// It is gevent.pywsgi's LoggingLogAdapter. [New] wraps a *slog.Logger,
// [FromLog] a *log.Logger and [FromWriter] any io.Writer; all three give a
// [Stream], on which one Write is one record.
package logadapter
