"""A file that is being written under a temporary name, and the operating system's errors in the words of the domain."""

from __future__ import annotations

import errno
import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from glancepipe.contract.errors import Duplicate, StoreFull, StoreUnavailable

log = logging.getLogger(__name__)

_FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})


class PartFile:
    """Gets its final name by ``keep``, which never replaces a file; vanishes by ``close`` otherwise."""

    def __init__(self, directory: str, name: str, hole: int = 0) -> None:
        """Create it. ``hole``: that many zero bytes on end are skipped instead of written; 0 writes all."""
        self.final = os.path.join(directory, name)
        self.size = 0
        self._zeros = bytes(hole)
        self._directory = directory
        self._path = os.path.join(directory, f".{name}.{uuid.uuid4().hex}.part")
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)

    @staticmethod
    def of(entry: str, name: str) -> bool:
        """Whether a directory's entry is the part of a file of that name."""
        return entry.startswith(f".{name}.") and entry.endswith(".part")

    def append(self, block: bytes) -> None:
        if not self._zeros:
            self._write(block, 0, len(block))
        else:
            self._write_thin(block)
        self.size += len(block)

    def keep(self, mode: int | None = None) -> None:
        """Make it durable under its final name. Raises Duplicate if that is taken."""
        if self._zeros:
            os.ftruncate(self._fd, self.size)
        if mode is not None:
            os.fchmod(self._fd, mode)
        os.fsync(self._fd)
        try:
            # Unlike a rename, a link fails if somebody else was faster.
            os.link(self._path, self.final)
        except FileExistsError:
            raise Duplicate from None
        try:
            os.unlink(self._path)
            sync_directory(self._directory)
        except BaseException:
            os.unlink(self.final)
            raise

    def close(self) -> None:
        """Remove what was not kept."""
        for step in (partial(os.close, self._fd), partial(os.unlink, self._path)):
            try:
                step()
            except FileNotFoundError:
                pass  # it was kept
            except OSError as error:
                log.warning("The temporary file %s could not be removed: %s", self._path, error)

    def probe(self) -> None:
        """Go through everything that a write does, and leave nothing."""
        try:
            self.append(b"probe")
            self.keep()
            os.unlink(self.final)
        finally:
            self.close()

    def _write(self, block: bytes, start: int, end: int) -> None:
        view = memoryview(block)
        while start < end:
            start += os.pwrite(self._fd, view[start:end], self.size + start)

    def _write_thin(self, block: bytes) -> None:
        step, filled = len(self._zeros), 0
        for start in range(0, len(block), step):
            end = min(start + step, len(block))
            if block.startswith(self._zeros if end - start == step else self._zeros[: end - start], start):
                self._write(block, filled, start)
                filled = end
        self._write(block, filled, len(block))


@contextmanager
def operating_system(what: str) -> Iterator[None]:
    """Within it, the operating system's errors become those of the domain. Raises StoreFull, StoreUnavailable."""
    try:
        yield
    except OSError as error:
        # The path stays in the log: what is raised goes to the client.
        log.error("%s: %s", what, error)
        if error.errno in _FULL:
            raise StoreFull from error
        raise StoreUnavailable(f"{what}: {error.strerror or 'input/output error'}.") from error


def sync_directory(directory: str) -> None:
    """Make the names in a directory durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
