"""wsgi.errors: what an application writes there is logged, a record a line.

Source: PEP 3333, "Input and Error Streams".
"""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .exchange import Exchange


class Errors:
    """The error stream of one request. After its end it is the process's stderr."""

    __slots__ = ("_exchange", "_line")

    encoding = "utf-8"

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._line = ""

    def write(self, text: str, /) -> int:
        """Log the lines that text completes, and keep the rest of it for later."""
        if not isinstance(text, str):
            raise TypeError(f"wsgi.errors takes text: a str, not {type(text).__name__}")
        end = text.rfind("\n") + 1
        if not end:
            self._line += text
            return len(text)
        lines, self._line = self._line + text[:end], text[end:]
        self._send(lines)
        return len(text)

    def writelines(self, lines: "Iterable[str]", /) -> None:
        """Write each of lines. No newlines are added."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Log a line that has no newline yet."""
        if self._line:
            line, self._line = self._line, ""
            self._send(line)

    def isatty(self) -> bool:
        """Say that no terminal is there."""
        return False

    def _send(self, text: str) -> None:
        if not self._exchange.log(text.encode("utf-8", "backslashreplace")):
            sys.stderr.write(text)
