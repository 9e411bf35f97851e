// Package environ is the WSGI environ of one request (PEP 3333, "environ
// Variables"): a dictionary with the keys and values that gevent.pywsgi gives
// its applications.
//
// An [Environ] is a view of an *http.Request, not a copy: a key costs what
// reading it costs, and a request whose application asks for three keys pays
// for three. It behaves as a dict all the same: a key that was set wins, a key
// that was deleted is gone, and All, Map and Len agree.
//
// Strings are the bytes that came in, WSGI's latin-1 view of them; none is
// checked to be UTF-8.
//
// Printed in whatever way, an Environ shows what its secure.Policy allows and
// nothing else.
package environ
