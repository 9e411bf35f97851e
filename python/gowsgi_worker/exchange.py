"""An exchange: one request, and what the application answers to it.

Sources: PEP 3333, "The start_response() Callable", "Handling the Content-Length
Header", "Buffering and Streaming", "Error Handling".
"""

import sys
import traceback
from typing import TYPE_CHECKING, Any, Callable, Optional

from . import frame, refusal
from .channel import Channel
from .file import FileWrapper, on_disk

if TYPE_CHECKING:
    from .errors import Errors

JOIN: int = 64 << 10
"""Up to how many bytes a chunk is copied to go out with its head in one call."""

LARGEST: int = 1 << 30
"""The most bytes of a chunk that go into one frame."""


class Exchange:
    """What start_response, write(), wsgi.input and wsgi.errors of one request share.

    It may be used from many threads, since applications hand these to them.
    """

    __slots__ = ("_channel", "_head", "_head_only", "_raised", "_sent", "over")

    def __init__(self, channel: Channel, head_only: bool) -> None:
        self._channel = channel
        self._head: Optional[str] = None
        self._head_only = head_only
        self._sent = False
        self._raised: Optional[BaseException] = None
        self.over = False

    def run(
        self,
        application: "Callable[..., Any]",
        environ: "dict[str, Any]",
        errors: "Errors",
    ) -> bool:
        """Call the application, send what it answers, and report whether the
        connection is fit for another request.
        """
        result, failure, closing = None, "", ""
        try:
            result = application(environ, self.start_response)
            errors.flush()
            if self._send_result(result):
                return self._channel.fit()
        except BaseException as error:
            failure = self._describe(error)
        close = getattr(result, "close", None)
        if close is not None:
            try:
                close()
            except BaseException as error:
                closing = self._describe(error)
        errors.flush()
        if failure:
            return self._end(frame.FAILURE, failure + closing)
        return self._end(frame.END, closing)

    def start_response(
        self,
        status: str,
        headers: "list[tuple[str, str]]",
        exc_info: Any = None,
    ) -> "Callable[[bytes], None]":
        """Take status and headers; they go out with the first of the body."""
        if self.over:
            raise RuntimeError("start_response was called after the request's end")
        if exc_info:
            try:
                if self._sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # no circle of traceback and frame
        elif self._head is not None:
            raise AssertionError("start_response was called again without an exc_info")
        self._head = refusal.head(status, headers)
        return self.write

    def write(self, data: bytes) -> None:
        """Send data, and the head before it."""
        if self.over:
            raise RuntimeError("write() was called after the request's end")
        self._send_chunk(_checked(data))

    def ask(self, wanted: int, most: int) -> "tuple[bytes, bool]":
        """Return a piece of the body, and whether there is more of it."""
        if self.over:
            raise ValueError("wsgi.input was read after the request's end")
        if not self._sent and self._switching():
            self._send_head()  # the input is the raw connection from then on
        try:
            return self._channel.ask(wanted, most)
        except OSError as error:
            self._raised = error
            raise

    def log(self, text: bytes) -> bool:
        """Log text, and report whether the request was still there to do so."""
        if self.over:
            return False
        try:
            self._channel.send(frame.pack(frame.ERRORS, text))
        except OSError:
            return False
        return True

    def _send_result(self, result: Any) -> bool:
        """Send the body, and report whether the end went out with it."""
        kind = type(result)
        if kind is list or kind is tuple:
            return self._send_list(result)
        if isinstance(result, (list, tuple)):
            return self._send_list(list(result), hasattr(result, "close"))
        if kind is FileWrapper and self._head is not None and not self._sent:
            found = on_disk(result.filelike)
            if found is not None:
                self._send_file(*found)
                return False
        for chunk in result:
            if chunk:
                self._send_chunk(_checked(chunk))
                if self._head_only and not self._switching():
                    break
        if not self._sent:
            self._send_head()
        return False

    def _send_list(self, chunks: Any, closes: bool = False) -> bool:
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        if type(body) is not bytes:
            body = _checked(body)
        if self._head is None:
            raise _never_started()
        if self._sent or len(body) > LARGEST:
            if body:
                self._send_chunk(body)
            return False
        head = self._start(frame.LIST)
        size = frame.HEADER.pack(len(body), frame.CHUNK, 0, 0)
        self._sent = True
        if len(body) > JOIN:
            self._put(head + size)
            self._put(body)
            return False
        if closes or not self._channel.fit():  # then the end has more to say
            self._put(head + size + body)
            return False
        self.over = True
        self._put(b"".join((head, size, body, frame.ENDED)))
        return True

    def _send_chunk(self, chunk: bytes) -> None:
        if len(chunk) > LARGEST:
            for at in range(0, len(chunk), LARGEST):
                self._send_chunk(chunk[at : at + LARGEST])
            return
        head = frame.HEADER.pack(len(chunk), frame.CHUNK, 0, 0)
        if not self._sent:
            if self._head is None:
                raise _never_started()
            head = self._start() + head
            self._sent = True
        if len(chunk) > JOIN:
            self._channel.send(head, chunk)
            return
        self._put(head + chunk)

    def _send_file(self, descriptor: int, position: int) -> None:
        head = self._start()
        self._sent = True
        place = position.to_bytes(8, "little")
        self._channel.send_descriptor(head + frame.pack(frame.FILE, place), descriptor)

    def _send_head(self) -> None:
        if self._head is None:
            raise _never_started()
        head = self._start()
        self._sent = True
        self._put(head)

    def _switching(self) -> bool:
        """Tell whether the response is a 101, whose body has no end of its own."""
        return self._head is not None and self._head[:3] == "101"

    def _start(self, flags: int = 0) -> bytes:
        head = self._head.encode("latin-1")  # type: ignore[union-attr]
        return frame.HEADER.pack(len(head), frame.START, flags, 0) + head

    def _put(self, data: bytes) -> None:
        try:
            self._channel.send(data)
        except OSError as error:
            self._raised = error
            raise

    def _end(self, kind: int, text: str) -> bool:
        """End the exchange, and report whether the connection is fit for another."""
        self.over = True
        fit = self._channel.fit()
        if self._channel.open():
            end = frame.ENDED
            if text or not fit:
                flags = 0 if fit else frame.HANG_UP
                end = frame.pack(kind, text.encode("utf-8", "backslashreplace"), flags)
            try:
                self._channel.send(end)
            except OSError:
                sys.stderr.write(text)  # Go has hung up; its log is nobody's any more
                fit = False
        return fit

    def _describe(self, error: BaseException) -> str:
        """Return the traceback of what the application raised; nothing where it
        only passes on that Go, or the client behind it, has gone.
        """
        if self._channel.lost:
            if error is not self._raised:
                traceback.print_exception(type(error), error, error.__traceback__)
            return ""
        trace = error.__traceback__
        while trace and trace.tb_frame.f_code.co_filename.startswith("<gowsgi>"):
            trace = trace.tb_next  # the application's part alone
        try:
            return "".join(traceback.format_exception(type(error), error, trace))
        except Exception:  # an exception that cannot be printed
            return f"{type(error).__module__}.{type(error).__qualname__}\n"


def _checked(chunk: Any) -> bytes:
    if isinstance(chunk, (bytes, bytearray, memoryview)):
        return bytes(chunk)
    raise TypeError(f"a body consists of bytes; the application gave a {type(chunk).__name__}")


def _never_started() -> AssertionError:
    return AssertionError("the application has not called start_response")
