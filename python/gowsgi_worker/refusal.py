"""What start_response refuses: the rules of Go's side, as exceptions (docs/design.md).

Sources: PEP 3333, "The start_response() Callable"; RFC 9110, 5.5 and 7.6.1;
RFC 9112, 4. A message quotes a header's name, never its value.
"""

import re
from typing import Any, Callable, Final

_TEXT: Final = r"[\t -~\x80-\xff]*"
_NAME_TEXT: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_STATUS: Final = re.compile(r"(?:101|[2-9][0-9][0-9])(?: " + _TEXT + r")?")
_NAME: Final = re.compile(_NAME_TEXT)
_VALUE: Final = re.compile(_TEXT)
_HEAD: Final = re.compile(
    _STATUS.pattern + r"(?:\0" + _NAME_TEXT + r"\0" + _TEXT + r")*"
).fullmatch
_MAX_LENGTH: Final = 2**63 - 1


def head(status: str, headers: "list[tuple[str, str]]") -> str:
    """Return status and headers as one text, parted by NULs, or raise.

    One expression looks at all of it; only where that finds something are the
    parts looked at one by one, for a message that names the culprit.
    """
    parts = [status]
    special = None
    for field in headers:
        name, _ = field
        parts += field
        if name.lower() in _SPECIAL:
            special = True
    try:
        text = "\0".join(parts)
    except TypeError:
        raise _type_error(status, headers) from None
    if text.count("\0") != 2 * len(headers) or not _HEAD(text):
        raise _culprit(status, headers)
    if special:
        _check_special(int(status[:3]), headers)
    return text


def _type_error(status: Any, headers: "list[tuple[Any, Any]]") -> TypeError:
    if not isinstance(status, str):
        return TypeError(f"the status must be a str, not {type(status).__name__}")
    for name, value in headers:
        if not isinstance(name, str):
            return TypeError(f"the name of a header must be a str, not {type(name).__name__}")
        if not isinstance(value, str):
            return TypeError(
                f"the value of header {name!r} must be a str, not {type(value).__name__}"
            )
    return TypeError("status and headers must be of str")


def _culprit(status: str, headers: "list[tuple[str, str]]") -> ValueError:
    if not _VALUE.fullmatch(status):
        return ValueError("the status has a control character, or one beyond latin-1, in it")
    if not re.fullmatch(r"[0-9]{3}(?: .*)?", status):
        return ValueError(f"status {status!r} is not three digits, a space and a reason")
    if not _STATUS.fullmatch(status):
        return ValueError(
            f"status {status[:3]} is no final one: it must be from 200 to 999, or 101"
        )
    for name, value in headers:
        if not _NAME.fullmatch(name):
            return ValueError(f"header name {name!r} is not a token")
        if not _VALUE.fullmatch(value):
            return ValueError(
                f"the value of header {name!r} has a control character, "
                "or one beyond latin-1, in it"
            )
    return ValueError("status or headers are not as PEP 3333 wants them")


def _check_special(code: int, headers: "list[tuple[str, str]]") -> None:
    length = None
    for name, value in headers:
        check = _SPECIAL.get(name.lower())
        if check is _content_length:
            length = _content_length(value, length)
        elif check is not None:
            check(name, value, code)
    if length and code in (204, 304):
        raise ValueError(
            f"a {code} response has no body: its Content-Length must be absent or 0"
        )


def _content_length(value: str, before: "int | None") -> int:
    if not re.fullmatch("[0-9]+", value) or len(value.lstrip("0")) > 19:
        raise ValueError('header "Content-Length" is not a number of bytes in digits')
    length = int(value)
    if length > _MAX_LENGTH:
        raise ValueError('header "Content-Length" is beyond what 64 bits hold')
    if before is not None and before != length:
        raise ValueError('header "Content-Length" is given twice, with different values')
    return length


def _connection(name: str, value: str, code: int) -> None:
    if value.strip().lower() not in ("close", "keep-alive") and code != 101:
        raise ValueError(
            'header "Connection" may be close or keep-alive; anything else goes with a 101 only'
        )


def _upgrade(name: str, value: str, code: int) -> None:
    if code not in (101, 426):
        raise ValueError(f"header {name!r} goes with a 101 or a 426 only")


def _hop_by_hop(name: str, value: str, code: int) -> None:
    raise ValueError(f"header {name!r} is for one connection only and the server's to send")


_SPECIAL: "Final[dict[str, Callable[..., Any]]]" = {
    "content-length": _content_length,
    "connection": _connection,
    "upgrade": _upgrade,
    "transfer-encoding": _hop_by_hop,
    "keep-alive": _hop_by_hop,
    "proxy-connection": _hop_by_hop,
    "te": _hop_by_hop,
    "trailer": _hop_by_hop,
}
