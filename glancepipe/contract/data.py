"""Image data on its way, in either direction: read once, in blocks, with memory that doesn't grow with the image.

An *upload* starts as the client's body. Layers add what they want to know or enforce (``digest``, ``watch``); the
store pulls the blocks through all of it; ``finish`` concludes every check *before* anything is recorded. A
*download* starts in a store as a real file (so that the server may use sendfile) or as blocks; ``observe`` tells a
layer how it ended and keeps the file, ``map`` changes the bytes and gives the file up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from glancepipe.contract.errors import Invalid, NotSatisfiable

BLOCK = 1 << 20
"""Bytes in a block, as a rule: 1 MiB (the fastest for every server that was measured)."""


class Watch(Protocol):
    """Sees every block of an upload, in order, before the store does."""

    def block(self, block: bytes) -> None:
        """Take note of ``block``; raise a domain error to stop the transfer."""

    def finish(self) -> None:
        """All blocks have been seen: raise a domain error if the data must not be kept."""


class Digest:
    """A digest that is computed while the data passes; ``hexdigest`` is final after ``Data.finish``."""

    def __init__(self, algorithm: str) -> None:
        try:
            self._hash = hashlib.new(algorithm, usedforsecurity=False)
        except ValueError:
            raise Invalid(f"Unknown hash algorithm {algorithm!r}.") from None
        if not self._hash.digest_size:
            raise Invalid(f"The hash algorithm {algorithm!r} has no fixed length.")
        self.algorithm = algorithm

    def block(self, block: bytes) -> None:
        self._hash.update(block)

    def finish(self) -> None:
        """Nothing to conclude: whoever asked for the digest compares it."""

    @property
    def hexdigest(self) -> str:
        """Lower-case hexadecimal."""
        return self._hash.hexdigest()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a download ended: bytes that left the service, and whether that was all of them."""

    sent: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Span:
    """A part of an image's data: ``length`` bytes from offset ``start``. Always inside the image."""

    start: int
    length: int

    @classmethod
    def within(cls, size: int, first: int | None, last: int | None) -> Span:
        """The span that an HTTP byte range (RFC 9110, 14.1.2) means for data of ``size`` bytes.

        ``first`` None means the last ``last`` bytes. Raises NotSatisfiable (FEATURES 1.7-05).
        """
        if first is None:
            length = min(last or 0, size)
            if not length:
                raise NotSatisfiable
            return cls(size - length, length)
        if first >= size or (last is not None and last < first):
            raise NotSatisfiable
        return cls(first, min(size - 1 if last is None else last, size - 1) - first + 1)


class Data:
    """Bytes on their way. Iterate once; then ``finish`` (uploads) or ``ended`` and ``close`` (downloads).

    ``size`` is the announced number of bytes, None if unknown. ``file`` is set for a download that a real file
    backs: its position is at the first byte to send, ``size`` bytes are to be sent.
    """

    def __init__(
        self,
        blocks: Iterable[bytes] = (),
        size: int | None = None,
        *,
        file: BinaryIO | None = None,
        close: Callable[[], None] | None = None,
    ) -> None:
        self.size = size
        self.file = file
        self.count = 0
        """Bytes that have passed so far."""
        self._blocks = iter(blocks) if file is None else _file_blocks(file, size)
        self._close = [close] if close else []
        self._watches: list[Watch] = []
        self._digests: dict[str, Digest] = {}
        self._observers: list[Callable[[Ended], None]] = []

    def digest(self, algorithm: str) -> Digest:
        """The digest of all bytes that pass; computed once however many layers ask. Raises Invalid."""
        found = self._digests.get(algorithm)
        if found is None:
            found = self._digests[algorithm] = Digest(algorithm)
            self.watch(found)
        return found

    def watch(self, watch: Watch) -> None:
        """Let ``watch`` see every block. Call it before iteration starts. Gives the file up."""
        self._watches.append(watch)
        self.file = None

    def observe(self, on_end: Callable[[Ended], None]) -> None:
        """Have ``on_end`` called once when the transfer is over, however it ended. Keeps the file."""
        self._observers.append(on_end)

    def map(self, transform: Callable[[Iterator[bytes]], Iterator[bytes]], size: int | None = None) -> Data:
        """The data as ``transform`` makes it out of the blocks. Whoever has the inner data still concludes it."""
        outer = Data(transform(iter(self)), size, close=self.close)
        outer._observers.append(self.ended)
        outer._watches.append(_Conclusion(self))
        return outer

    def part(self, span: Span) -> Data:
        """A part of a download whose source can't start at an offset: what lies before is skipped, what follows not read."""
        return self.map(lambda blocks: _part(blocks, span), span.length)

    def __iter__(self) -> Iterator[bytes]:
        watches, size = self._watches, self.size
        for block in self._blocks:
            self.count += len(block)
            if size is not None and self.count > size:
                raise Invalid(f"Size exceeds: more than the announced {size} bytes arrived.")
            for watch in watches:
                watch.block(block)
            yield block

    def finish(self) -> None:
        """Conclude an upload: every byte has passed. Raises what the checks raise; Invalid if bytes are missing.

        A store that was told the size may stop at the last byte; what is left of the source is drained here.
        """
        for _ in self:
            pass
        if self.size is not None and self.count != self.size:
            raise Invalid(f"Size mismatch: {self.size} bytes were announced, {self.count} arrived.")
        for watch in self._watches:
            watch.finish()

    def ended(self, end: Ended) -> None:
        """Tell every observer how the transfer ended, even if one of them fails; only the first call counts."""
        observers, self._observers = self._observers, []
        with ExitStack() as stack:
            for on_end in reversed(observers):
                stack.callback(on_end, end)

    def close(self) -> None:
        """Give back what the source holds. May be called more than once."""
        closes, self._close = self._close, []
        for close in closes:
            close()


class _Conclusion:
    """Concludes the inner data of a map together with the outer one."""

    def __init__(self, inner: Data) -> None:
        self.inner = inner

    def block(self, block: bytes) -> None:
        """The inner data has seen its own blocks."""

    def finish(self) -> None:
        self.inner.finish()


def _file_blocks(file: BinaryIO, size: int | None) -> Iterator[bytes]:
    left = size
    while left is None or left > 0:
        block = file.read(BLOCK if left is None else min(BLOCK, left))
        if not block:
            return
        if left is not None:
            left -= len(block)
        yield block


def _part(blocks: Iterator[bytes], span: Span) -> Iterator[bytes]:
    skip, left = span.start, span.length
    for block in blocks:
        piece = block[skip : skip + left]
        skip, left = max(0, skip - len(block)), left - len(piece)
        if piece:
            yield piece
        if not left:
            return
