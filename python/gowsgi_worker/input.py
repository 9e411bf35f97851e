"""wsgi.input: the body of a request, asked for as it is read.

Sources: PEP 3333, "Input and Error Streams"; io.BufferedIOBase for the signatures.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Optional

if TYPE_CHECKING:
    from .exchange import Exchange

AHEAD: Final = 64 << 10
"""How much may be read ahead for readline and short reads, in bytes."""

EVERYTHING: Final = 0xFFFFFFFF
"""Asks for the body up to its end."""


class Input:
    """The body of one request. What rode with the request is there already."""

    __slots__ = ("_at", "_exchange", "_have", "_more")

    def __init__(self, exchange: "Exchange", have: bytes, more: bool) -> None:
        self._exchange = exchange
        self._have = have
        self._at = 0
        self._more = more

    def read(self, size: Optional[int] = -1, /) -> bytes:
        """Read size bytes, fewer only at the end; all there are without a size."""
        if size is None or size < 0:
            return self._read_all()
        have, at = self._have, self._at
        if len(have) - at >= size:
            self._at = at + size
            return have[at : at + size]
        return self._read_more(size)

    def readline(self, size: Optional[int] = -1, /) -> bytes:
        """Read up to and including the next newline, and at most size bytes."""
        if size == 0:
            return b""
        limit = EVERYTHING if size is None or size < 0 else size
        end = self._line_end(limit)
        if end or not self._more:
            return self._take(end or len(self._have))
        pieces = []
        while not end and self._more:
            pieces.append(self._take(len(self._have)))
            limit -= len(pieces[-1])
            self._have, self._more = self._exchange.ask(1, AHEAD)
            self._at = 0
            end = self._line_end(limit)
        pieces.append(self._take(end or len(self._have)))
        return b"".join(pieces)

    def readlines(self, hint: Optional[int] = -1, /) -> "list[bytes]":
        """Read lines, until they are hint bytes together where a hint is given."""
        lines, total = [], 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> "Iterator[bytes]":
        return self

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def _line_end(self, limit: int) -> int:
        """Return where the line ends in what is there, 0 if it goes on."""
        at, have = self._at, self._have
        end = have.find(b"\n", at, at + limit) + 1
        return end or (at + limit if len(have) - at >= limit else 0)

    def _take(self, end: int) -> bytes:
        taken, self._at = self._have[self._at : end], end
        return taken

    def _read_all(self) -> bytes:
        pieces = [self._have[self._at :]]
        self._have, self._at = b"", 0
        while self._more:
            piece, self._more = self._exchange.ask(EVERYTHING, EVERYTHING)
            pieces.append(piece)
        return b"".join(pieces)

    def _read_more(self, size: int) -> bytes:
        pieces = [self._have[self._at :]]
        missing = size - len(pieces[0])
        self._have, self._at = b"", 0
        while missing and self._more:
            wanted = min(missing, EVERYTHING - 1)
            piece, self._more = self._exchange.ask(wanted, max(wanted, AHEAD))
            if len(piece) > missing:
                self._have, self._at = piece, missing
                piece = piece[:missing]
            missing -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)
