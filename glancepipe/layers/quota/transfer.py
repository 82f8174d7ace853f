"""One stream of bytes to one store, and what is held of its owner's limits while it moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from glancepipe.contract import Call, ChangeSet, Data, Image, Location, Reservation
from glancepipe.contract.errors import LimitExceeded

if TYPE_CHECKING:
    from glancepipe.layers.quota.layer import Quota

STEP = 64 << 20
"""Bytes by which a reservation runs ahead of a stream of unknown length: one statement to the database each."""

INT64 = (1 << 63) - 1


class Transfer:
    """Watches the stream, and holds as many bytes as it needs and the image as one that is uploading.

    What is held is given back by ``end``, at the latest when the operation is over. ``of`` is what of the owner's usage the
    bytes count for.
    """

    def __init__(self, layer: Quota, call: Call, image: Image, of: str = "stored") -> None:
        self.arrived: tuple[str, ...] = ()
        """URLs of the locations that the stream became, until they are recorded."""
        self._layer = layer
        self._call = call
        self._image = image
        self._of = of
        self._held: Reservation | None = None
        self._slot: Reservation | None = None
        self._known = True
        self._seen = 0
        self._step = STEP
        call.on_end(self.end)

    @property
    def held(self) -> int:
        """How many bytes are held."""
        return self._held.amount if self._held else 0

    def cover(self, total: int | None) -> None:
        """Hold ``total`` bytes, None if nobody knows how many there will be. Raises LimitExceeded, LimitsUnavailable."""
        limits = self._layer.limits
        self._known = total is not None or limits.midstream
        self._hold(total or limits.least)

    def enter(self) -> None:
        """Count as one of the owner's images that are uploading (FEATURES 6.2-12, 12-23). Raises as ``cover`` does."""
        if self._slot is None:
            self._slot = self._layer.hold_one(self._call, self._image, "uploading")

    def watch(self, data: Data) -> None:
        """Hold what is announced, and see the stream through. Raises LimitExceeded."""
        self._layer.check_size(data.size)
        if self._held is None or data.size:
            self.cover(data.size)
        self._seen = 0
        data.watch(self)

    def block(self, block: bytes) -> None:
        """Hold ahead of the stream; the step halves where the quota ends, and so finds its very last byte."""
        self._seen += len(block)
        self._layer.check_size(self._seen)
        if not self._known:
            # It is not stopped, so it does not hold ahead either; what others may still have, it says in steps.
            if self._seen >= self.held + STEP:
                self._hold(self._seen)
            return
        while self._seen > self.held and self._limit() is not None:
            try:
                self._hold(min(self._seen + self._step, self._layer.size_cap))
            except LimitExceeded:
                if not self._step:
                    raise
                self._step //= 2

    def finish(self) -> None:
        """Every byte was covered before it passed."""

    def arrive(self, image: Image, changes: ChangeSet) -> None:
        """Hold what was stored in the end: a layer further in may have unpacked the bytes. Raises LimitExceeded."""
        size = changes.new("size", image.size)
        self._layer.check_size(size)
        self._hold(size or 0)
        known = urls(image.locations)
        self.arrived = tuple((urls(changes.new("locations", ())) - known).elements())

    def end(self) -> None:
        """Give back what is held: the bytes are recorded and counted by now, or never will be."""
        self.arrived = ()
        held, self._held, self._slot = [self._held, self._slot], None, None
        for reservation in held:
            self._layer.give_back(self._call, reservation)

    def _limit(self) -> int | None:
        return self._layer.limits.most(self._call, self._image.owner, self._of)

    def _hold(self, total: int) -> None:
        limit = self._limit()
        if limit is not None and (self._held is None or total > self.held):
            # What can't be refused any more counts at least against what others ask for.
            most = limit if self._known or self._held is None else INT64
            self._held = self._layer.hold(self._call, self._image, self._of, total - self.held, most, self._held)


def urls(locations: Iterable[Location]) -> Counter[str]:
    """How often each URL is among the locations."""
    return Counter(location.url for location in locations)
