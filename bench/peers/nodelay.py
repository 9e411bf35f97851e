"""gevent's pywsgi with TCP_NODELAY, on the port that is its argument.

Without the option, Nagle's algorithm and delayed ACKs together make every small
answer on a kept connection take 44 ms. It is set on the listener; the sockets
that the listener accepts inherit it.
"""

import sys

from gevent import socket
from gevent.pywsgi import WSGIServer

from app import app

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(256)
WSGIServer(listener, app, log=None).serve_forever()
