"""gevent's pywsgi with TCP_NODELAY on its listener: nodelay.py PORT [module:application].

Without it Nagle's algorithm meets delayed ACKs, and every small answer on a
kept connection takes 44 ms. Accepted sockets inherit the option.
"""

import importlib
import sys

from gevent import monkey, socket
from gevent.pywsgi import WSGIServer

monkey.patch_all()
module, _, name = (sys.argv[2] if len(sys.argv) > 2 else "app:app").partition(":")
app = getattr(importlib.import_module(module), name)

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(2048)
WSGIServer(listener, app, log=None).serve_forever()
