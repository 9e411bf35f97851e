// Package secure says which values of a WSGI environ may be printed.
//
// An environ holds cookies, authorization headers and query strings, and an
// environ gets logged: by an error report, by a debugger's %+v, by a test that
// failed. gevent.pywsgi answers with SecureEnviron, a dict whose repr is
// masked. Here a [Policy] says which values are shown, and the environ of package
// environ prints itself under it.
package secure
