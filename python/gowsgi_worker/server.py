"""The server: it reads requests from a connection and runs the application."""

import socket
from contextlib import nullcontext
from typing import Any, Optional

from . import frame
from .application import Application
from .channel import Channel
from .errors import Errors
from .exchange import Exchange
from .file import FileWrapper
from .input import Input


class Server:
    """An application, and what its environs have in common."""

    def __init__(self, application: Application, multithread: bool, multiprocess: bool) -> None:
        self._application = application
        self._common: "dict[str, Any]" = {
            "wsgi.version": (1, 0),
            "wsgi.multithread": multithread,
            "wsgi.multiprocess": multiprocess,
            "wsgi.run_once": False,
        }

    def serve(self, sock: socket.socket, requests: "Optional[socket.socket]" = None) -> None:
        """Serve the requests of one connection, until Go closes it."""
        channel = Channel(sock, requests)
        with sock, requests or nullcontext():
            try:
                while (request := channel.request()) is not None:
                    if not self._answer(channel, *request):
                        return
            except OSError:
                return  # Go has gone: only its end of the socket can fail

    def _answer(self, channel: Channel, data: bytes, flags: int, end: int) -> bool:
        start = frame.REQUEST_HEADER.size
        fields = iter(data[start:end].decode("latin-1").split("\0"))
        environ: "dict[str, Any]" = dict(zip(fields, fields))
        environ.update(self._common)
        exchange = Exchange(channel, environ.get("REQUEST_METHOD") == "HEAD")
        environ["wsgi.input"] = Input(exchange, data[end:], bool(flags & frame.MORE))
        environ["wsgi.errors"] = errors = Errors(exchange)
        if flags & frame.TERMINATED:
            environ["wsgi.input_terminated"] = True
        if flags & frame.WRAPPER:
            environ["wsgi.file_wrapper"] = FileWrapper
        return exchange.run(self._application, environ, errors)
