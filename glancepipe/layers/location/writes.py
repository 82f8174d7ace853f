"""Writes of the layer ``location``: noted in the journal, streamed, and settled by the save that records them.

The save that makes an image ``saving`` opens the write, and the very save that ends that state settles it. So while it
is open the image is saving for its sake, or gone, and the bytes are recorded nowhere: the sweep can't mistake a later
upload for the one that it cleans up after.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from glancepipe.contract import Call, ChangeSet, Data, Image, Intent, Status, Store, Written
from glancepipe.contract.errors import (
    DatabaseUnavailable,
    ImageNotFound,
    ImageServiceError,
    StatusChanged,
    StoreError,
)
from glancepipe.layers.location.holdings import errors_of

if TYPE_CHECKING:
    from glancepipe.layers.location.layer import Location

log = logging.getLogger(__name__)

KIND = "location.write"


@dataclass(slots=True)
class Writing:
    """One write of this call. ``url`` is set while the store has bytes of it that no record speaks of."""

    intent: Intent
    store: Store
    url: str | None = None
    over: bool = False
    """It failed, and nothing of it remains."""
    unsure: bool = False
    """It was to be recorded, and the database's answer was lost."""


class Writes:
    """The writes of all calls; what belongs to one call is in its memo."""

    def __init__(self, layer: Location) -> None:
        self._layer = layer

    def note(self, call: Call, image: Image, store: Store) -> Intent:
        """A write of this call; whoever asks has the next save open it."""
        intent = Intent(str(uuid.uuid4()), KIND, image.id, {"store": store.name})
        call.memo(self._layer)[_key(image, store)] = Writing(intent, store)
        call.on_end(partial(self._layer.inner.journal.let_go, call, intent.id))
        return intent

    def writing(self, call: Call, image: Image, store: Store) -> Writing:
        """The write that was noted; for a store that nobody was asked about, one that is opened at once."""
        writings: dict[str, Writing] = call.memo(self._layer)
        if _key(image, store) not in writings:
            # No change of status keeps others off: what a dead worker left there must be gone before these bytes come.
            with call.as_service("sweep") as sweeping:
                self._layer.sweep(sweeping)
            self._layer.inner.journal.begin(call, self.note(call, image, store))
        return writings[_key(image, store)]

    def of(self, call: Call, image: Image) -> list[Writing]:
        """The writes of this call to that image that are not settled."""
        return [writing for writing in call.memo(self._layer).values() if writing.intent.image_id == image.id]

    def stream(self, writing: Writing, data: Data) -> Written:
        """Have the store take all of ``data``, and conclude its checks. On any error nothing remains."""
        try:
            with errors_of(writing.store):
                written = writing.store.write(writing.intent.image_id, data, data.size)
            writing.url = written.url
            data.finish()
            if written.size != data.count:
                raise StoreError("The store did not keep every byte.")
        except BaseException:
            self.withdraw(writing)
            raise
        return written

    def withdraw(self, writing: Writing) -> None:
        """Erase what was written; if that fails as well, the next save or the sweep tries again."""
        try:
            self.undo([writing])
        except ImageServiceError as error:
            log.warning("Bytes of image %s stay in the store %s for now: %s", writing.intent.image_id, writing.store.name, error)

    def undo(self, writings: Iterable[Writing]) -> None:
        """Erase what was written and not recorded. Raises StoreError, DatabaseUnavailable; the sweep will see to it then."""
        for writing in writings:
            if writing.unsure:
                raise DatabaseUnavailable("Whether the image's data was recorded is not known yet.")
            if writing.url is not None:
                with errors_of(writing.store):
                    writing.store.erase(writing.url)
            writing.url, writing.over = None, True

    def forget(self, call: Call, writings: Sequence[Writing]) -> None:
        """These are settled."""
        memo = call.memo(self._layer)
        for key in [key for key, writing in memo.items() if writing in writings]:
            del memo[key]

    def reconsider(
        self, call: Call, image: Image, changes: ChangeSet, over: Sequence[Writing], recorded: Sequence[Writing]
    ) -> Image | None:
        """After a compare-and-swap that lost: the image if the winner was our own commit; else None, and no byte remains."""
        try:
            stored = self._layer.lookup(call, image.id)
            urls = {location.url for location in stored.locations} if stored else set()
            there = bool(recorded) and all(writing.url in urls for writing in recorded)
            if there and stored and stored.checksum == changes.new("checksum", stored.checksum):
                self.forget(call, over)
                return stored
            # Otherwise, if there are such bytes, or it is saving again, we were taken for dead and they are another upload's.
            if not there and (stored is None or stored.status != Status.SAVING):
                self.undo(over)
            for writing in over:
                self._layer.inner.journal.settle(call, writing.intent.id)
            self.forget(call, over)
        except ImageServiceError as error:
            log.warning("What was written of image %s is left to the next sweep: %s", image.id, error)
        return None

    def finish(self, call: Call, intent: Intent) -> None:
        """Undo a write whose worker is gone, unless it was recorded. Raises StoreError, DatabaseUnavailable, KeyError."""
        inner = self._layer.inner
        store = self._layer.stores[intent.details["store"]]
        image = self._layer.lookup(call, intent.image_id)
        if image is None or all(holder is not store for holder, _ in self._layer.holdings.ranked(image.locations)):
            with errors_of(store):
                store.discard(intent.image_id)
            if image is not None and image.status == Status.SAVING:
                queued = ChangeSet.of(image, status=Status.QUEUED, size=None, virtual_size=None)
                try:
                    inner.repo.save(call, image, queued.settling(intent.id))
                except (StatusChanged, ImageNotFound):
                    pass  # it was deleted just now
                else:
                    log.info("The upload of image %s was interrupted; it is queued again.", image.id)
                    return
        inner.journal.settle(call, intent.id)


def _key(image: Image, store: Store) -> str:
    return f"{store.name}/{image.id}"
