"""A download from the service's edge: hands data to the server and tells the data how far it got.

There are two ways to send. *Blocks* are counted as the server comes back for the next one. A *file* goes through
``wsgi.file_wrapper``: a server that uses sendfile (gunicorn) seeks behind the last byte that it sent, even after an
error, and one that reads moves the position; so the position tells what left the service, or one block too many if
the client went away while a server was sending what it had read.

uWSGI gets blocks, never a file: its sendfile starts at byte 0 whatever the position is, and never tells how far it came.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast
from wsgiref.types import WSGIEnvironment

from glancepipe.contract import BLOCK, Data, Ended
from glancepipe.contract.errors import StoreError


def stream_of(data: Data, environ: WSGIEnvironment) -> Iterable[bytes]:
    """What to give to the server: it must be closed, which ends and closes ``data``."""
    wrapper = environ.get("wsgi.file_wrapper")
    if data.file is None or data.size is None or wrapper is None or "uwsgi.version" in environ:
        return Blocks(data)
    try:
        return cast(Iterable[bytes], wrapper(File(data, data.file, data.size), BLOCK))
    except BaseException:
        data.close()
        raise


class Blocks:
    """Data that is sent block by block."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._sent = 0
        self._complete = False

    def __iter__(self) -> Iterator[bytes]:
        for block in self._data:
            yield block
            # Only now: the server came back for more.
            self._sent += len(block)
        if self._data.size is not None and self._sent != self._data.size:
            # The client must not take it for the whole: an error now makes the server cut the connection.
            raise StoreError(f"{self._data.size} bytes were announced, the store delivered {self._sent}.")
        self._complete = True

    def close(self) -> None:
        """The server is done, or gave up."""
        try:
            self._data.ended(Ended(self._sent, self._complete))
        finally:
            self._data.close()


class File:
    """Data that a real file backs, as a file of exactly that data."""

    def __init__(self, data: Data, file: BinaryIO, size: int) -> None:
        self._data = data
        self._file = file
        self._start = self._position = file.tell()
        self._end = self._start + size
        # sendfile goes by the descriptor's position, which reading ahead would have moved.
        os.lseek(file.fileno(), self._start, os.SEEK_SET)

    def fileno(self) -> int:
        """The descriptor, for sendfile."""
        return self._file.fileno()

    def read(self, size: int = -1) -> bytes:
        """The next bytes, none behind the last one that is to be sent."""
        left = self._end - self._position
        block = self._file.read(left if size < 0 else min(size, left))
        self._position += len(block)
        return block

    def tell(self) -> int:
        """The position in the file."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; sendfile does so to behind the last byte that it sent."""
        self._position = self._file.seek(offset, whence)
        return self._position

    def close(self) -> None:
        """The server is done, or gave up."""
        sent = max(0, min(self._position, self._end) - self._start)
        try:
            self._data.ended(Ended(sent, self._position >= self._end))
        finally:
            self._data.close()
