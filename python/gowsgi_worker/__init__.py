"""The worker of gowsgi: it runs a WSGI application (PEP 3333) behind a Go server.

Go starts it with this package in memory (boot.py) and talks to it in frames over
Unix sockets; PROTOCOL.md, one folder up, says how and why. Each module is one
noun, and uses nothing but the standard library of CPython 3.9 and later.
"""
