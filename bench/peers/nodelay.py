"""gevent's pywsgi with TCP_NODELAY on its listener, on the port given.

Without it Nagle's algorithm meets delayed ACKs, and every small answer on a
kept connection takes 44 ms. Accepted sockets inherit the option.
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
