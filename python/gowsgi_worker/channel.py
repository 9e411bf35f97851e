"""A channel: frames over one connection to Go, for one exchange after the other."""

import array
import socket
import threading
from typing import Optional

from . import frame

RECEIVE: int = 64 << 10
"""How much one call receives, in bytes."""


class Channel:
    """One connection. It notes when an exception tears a frame apart: such a
    connection is closed, for nobody could tell where its next frame begins.
    """

    __slots__ = (
        "_lock",
        "_owed",
        "_receiving",
        "_requests",
        "_rest",
        "_sending",
        "lost",
        "sock",
    )

    def __init__(self, sock: socket.socket, requests: "Optional[socket.socket]") -> None:
        self.sock = sock
        self._requests = requests  # by which requests come; None: by sock
        self.lost = False  # Go has closed the connection
        self._lock = threading.Lock()
        self._rest = b""  # received, and not yet used
        self._owed = 0  # bytes of the body that Go was asked for and has not sent
        self._sending = self._receiving = False

    def fit(self) -> bool:
        """Report whether another exchange may follow."""
        return not (self.lost or self._owed or self._sending or self._receiving)

    def open(self) -> bool:
        """Report whether a frame can still be sent."""
        return not (self.lost or self._sending)

    def send(self, data: bytes, more: bytes = b"") -> None:
        """Send whole frames."""
        with self._lock:
            self._refuse_torn()
            self._sending = True
            try:
                self.sock.sendall(data, frame.NO_SIGNAL)
                if more:
                    self.sock.sendall(more, frame.NO_SIGNAL)
            except OSError:
                self.lost = True
                raise
            self._sending = False

    def send_descriptor(self, data: bytes, descriptor: int) -> None:
        """Send frames, and a descriptor with their first byte."""
        passed = array.array("i", [descriptor])
        with self._lock:
            self._refuse_torn()
            self._sending = True
            try:
                sent = self.sock.sendmsg(
                    [data],
                    [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)],
                    frame.NO_SIGNAL,
                )
                if sent < len(data):
                    self.sock.sendall(data[sent:], frame.NO_SIGNAL)
            except OSError:
                self.lost = True
                raise
            self._sending = False

    def request(self) -> "Optional[tuple[bytes, int, int]]":
        """Wait for a request: its frame, its flags, and where its environ ends.

        Nothing comes back once Go has closed the connection.
        """
        requests = self._requests
        data = self.sock.recv(RECEIVE) if requests is None else self._packet(requests)
        if not data:
            return None
        start = frame.REQUEST_HEADER.size
        if len(data) < start and not (data := self._complete(data, start)):
            return None
        length, _, flags, _, size = frame.REQUEST_HEADER.unpack_from(data)
        length += frame.HEADER.size
        if len(data) < length and not (data := self._complete(data, length)):
            return None
        return data, flags, start + size

    def _packet(self, requests: socket.socket) -> bytes:
        """Wait for a packet, and return the beginning of its request."""
        while True:
            try:
                data = requests.recv(RECEIVE, socket.MSG_DONTWAIT)
                break
            except BlockingIOError:
                # A process that is killed while it waits must leave the packet
                # to others that comes in the same moment.
                requests.recv(1, socket.MSG_PEEK)
        if data and data[4] == frame.LONG:
            data = self.sock.recv(RECEIVE)
        return data

    def ask(self, wanted: int, most: int) -> "tuple[bytes, bool]":
        """Return a piece of the body, and whether there is more of it."""
        if self._receiving:
            raise OSError("wsgi.input was interrupted, and cannot be read any more")
        if not self._owed:
            self.send(frame.pack(frame.READ, frame.READ_PAYLOAD.pack(wanted, most)))
            self._owed = wanted
        header = frame.HEADER.size
        self._fill(header)
        size, _, flags, _ = frame.HEADER.unpack_from(self._rest)
        self._fill(header + size)
        piece = self._rest[header : header + size]
        self._rest = self._rest[header + size :]
        if flags & frame.BROKEN:
            self._owed = 0
            raise OSError(piece.decode("utf-8", "replace"))
        if flags & frame.LAST:
            self._owed = 0
            return piece, False
        self._owed = max(self._owed - size, 0)
        return piece, True

    def _fill(self, size: int) -> None:
        """Receive until there are size bytes at least."""
        missing = size - len(self._rest)
        if missing <= 0:
            return
        pieces = [self._rest]
        self._receiving = True
        while missing > 0:
            piece = self.sock.recv(max(missing, RECEIVE))
            if not piece:
                self.lost = True
                raise ConnectionResetError("the server has closed the request")
            pieces.append(piece)
            missing -= len(piece)
        self._rest = b"".join(pieces)
        self._receiving = False

    def _complete(self, data: bytes, size: int) -> bytes:
        """Return data with what was missing to size bytes; nothing at the end."""
        whole = bytearray(size)
        whole[: len(data)] = data
        view, at = memoryview(whole), len(data)
        while at < size:
            received = self.sock.recv_into(view[at:])
            if not received:
                return b""
            at += received
        return bytes(whole)

    def _refuse_torn(self) -> None:
        if self._sending:
            raise BrokenPipeError("a send was interrupted, and nothing can follow it")
