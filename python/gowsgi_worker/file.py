"""wsgi.file_wrapper: a file as a response (PEP 3333, "Optional Platform-Specific
File Handling").
"""

import io
import os
import stat
import sys
from collections.abc import Iterator
from typing import Any, Final, Optional, cast

BLOCK: Final = 32 << 10
"""Bytes in a block where the application does not say."""

_DISK_FILES: Final = (io.BufferedReader, io.FileIO, io.BufferedRandom)


class FileWrapper:
    """An iterator over the blocks of a file-like object.

    Returned as it is by the application, and around a file on disk, it goes to
    Go as a descriptor instead.
    """

    def __init__(self, filelike: Any, block_size: int = BLOCK) -> None:
        self.filelike = filelike
        self.block_size = block_size
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> "Iterator[bytes]":
        return self

    def __next__(self) -> bytes:
        block = self.filelike.read(self.block_size)
        if not block:
            raise StopIteration
        return cast(bytes, block)


def on_disk(filelike: Any) -> "Optional[tuple[int, int]]":
    """Return descriptor and position of a regular file, None for anything else.

    The type is looked at, not for a fileno(): that of a gzip.GzipFile is its
    compressed file's.
    """
    tempfile = sys.modules.get("tempfile")  # who has such a file has imported it
    if type(filelike) is getattr(tempfile, "_TemporaryFileWrapper", FileWrapper):
        filelike = cast(Any, filelike).file
    if type(filelike) not in _DISK_FILES:
        return None
    try:
        if type(filelike) is io.BufferedRandom:
            filelike.flush()
        descriptor = filelike.fileno()
        if not filelike.readable() or not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return descriptor, filelike.tell()
    except (OSError, ValueError):
        return None
