"""Frames: how Go and the worker talk on a connection (PROTOCOL.md)."""

import socket
import struct
from typing import Final

HEADER: Final = struct.Struct("<IBBH")
"""Length of the payload, kind, flags, and two zero bytes."""

REQUEST_HEADER: Final = struct.Struct("<IBBHI")
"""A request's header with the first field of its payload: the environ's length."""

READ_PAYLOAD: Final = struct.Struct("<II")
"""How many bytes of the body are waited for, and how many may come."""

# From Go.
REQUEST: Final = ord("Q")
LONG: Final = ord("B")
DATA: Final = ord("D")

# To Go.
START: Final = ord("S")
CHUNK: Final = ord("C")
FILE: Final = ord("F")
END: Final = ord("E")
FAILURE: Final = ord("X")
ERRORS: Final = ord("L")
READ: Final = ord("R")

# Flags of a request.
MORE: Final = 1
"""The body goes on beyond the request's frame."""
TERMINATED: Final = 2
"""The environ has wsgi.input_terminated."""
WRAPPER: Final = 4
"""The environ has wsgi.file_wrapper."""

# Flags of data.
LAST: Final = 1
"""The body ends here."""
BROKEN: Final = 2
"""The body could not be read; the payload says why."""

# Flags of a start.
LIST: Final = 1
"""The one chunk that follows is the whole body."""

# Flags of an end.
HANG_UP: Final = 1
"""The worker closes the connection."""

ENDED: Final = HEADER.pack(0, END, 0, 0)
NO_SIGNAL: Final = getattr(socket, "MSG_NOSIGNAL", 0)


def pack(kind: int, payload: bytes, flags: int = 0) -> bytes:
    """Return a whole frame."""
    return HEADER.pack(len(payload), kind, flags, 0) + payload
