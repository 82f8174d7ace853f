"""Erasures of the layer ``location``: noted in the journal before a byte goes, settled when all of them are gone."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from glancepipe.contract import Call, ChangeSet, Image, Intent, Location, Status
from glancepipe.contract.errors import Conflict, Duplicate, ImageServiceError, InUse

if TYPE_CHECKING:
    from glancepipe.layers import location

log = logging.getLogger(__name__)

KIND = "location.erase"
SCRUB = "location.scrub"
"""Of entries that keep scrubbing and restoring one image from each other; their id is the image's."""


class Erasures:
    """Bytes that go: of an image that is deleted, or of a location that was removed from a record."""

    def __init__(self, layer: location.Location) -> None:
        self._layer = layer

    def note(self, call: Call, image: Image, removed: Iterable[Location]) -> list[Intent]:
        """The erasures of locations that the next save takes off the record; that save opens them."""
        intents = [Intent(str(uuid.uuid4()), KIND, image.id, _details([gone])) for gone in removed]
        for intent in intents:
            self._let_go_at_end(call, intent)
        return intents

    def carry_out(self, call: Call, image: Image, intents: Iterable[Intent]) -> Image:
        """Erase what is off the record by now; answers the record. Raises InUse: what is in use is back on the record.

        A store that fails is no error for the caller any more: the sweep goes on with it.
        """
        refusal: InUse | None = None
        for intent in intents:
            (gone,) = _locations(intent)
            try:
                self._layer.holdings.erase(image.id, gone)
                self._layer.inner.journal.settle(call, intent.id)
            except InUse as error:
                refusal = error
                back = ChangeSet.of(image, locations=(*image.locations, gone))
                image = self._layer.inner.repo.save(call, image, back.settling(intent.id))
            except ImageServiceError as error:
                log.warning("A removed location of image %s is erased later: %s", image.id, error)
        if refusal is not None:
            raise refusal
        return image

    def remove(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Erase every copy and then the record. Raises InUse, StoreError: then the image remains, with what is left of it.

        StatusChanged says that a copy arrived meanwhile: whoever asked looks again, or else the sweep goes on with it.
        """
        intent = Intent(str(uuid.uuid4()), KIND, image.id, {**_details(image.locations), "remove": True})
        self._let_go_at_end(call, intent)
        self._layer.inner.journal.begin(call, intent)
        return self._remove(call, image, changes, intent, ImageServiceError)

    def scrub(self, call: Call, before: datetime) -> None:
        """Erase what waits since before that time (FEATURES 2.3-15); what can't be erased waits on."""
        repo = self._layer.inner.repo
        images = repo.pending(call, before)
        while images:
            for image in images:
                try:
                    self._scrub(call, image)
                except ImageServiceError as error:
                    log.warning("The data of the deleted image %s is erased later: %s", image.id, error)
            images = repo.pending(call, before, images[-1].id)

    def restore(self, call: Call, image_id: str) -> Image:
        """Bring back what waits. Raises ImageNotFound, Conflict."""
        try:
            intent = self._reserve(call, image_id)
        except Duplicate:
            raise Conflict(f"Image {image_id} can't be restored: its data is being erased.") from None
        image = self._layer.inner.repo.restore(call, image_id)
        self._layer.inner.journal.settle(call, intent.id)
        return image

    def _scrub(self, call: Call, image: Image) -> None:
        try:
            intent = self._reserve(call, image.id)
        except Duplicate:
            return  # another worker is at it, or it is being restored
        if self._layer.lookup(call, image.id) is not None:
            self._layer.inner.journal.settle(call, intent.id)
            return  # it was restored just now
        for gone in image.locations:
            self._layer.holdings.erase(image.id, gone)
        self._layer.inner.repo.remove(call, image, ChangeSet.of(image, status=Status.DELETED).settling(intent.id))
        log.info("The data of the deleted image %s is erased.", image.id)

    def _reserve(self, call: Call, image_id: str) -> Intent:
        intent = Intent(f"scrub/{image_id}", SCRUB, image_id)
        self._layer.inner.journal.begin(call, intent)
        self._let_go_at_end(call, intent)
        return intent

    def finish(self, call: Call, intent: Intent) -> None:
        """Go on with an erasure whose worker is gone. Raises InUse, StoreError, DatabaseUnavailable."""
        image = self._layer.lookup(call, intent.image_id)
        if intent.details.get("remove") and image is not None:
            if image.protected:
                log.warning("Image %s has been protected since its deletion was interrupted; it stays as it is.", image.id)
            else:
                self._remove(call, image, ChangeSet.of(image, status=Status.DELETED), intent, InUse)
                log.info("The interrupted deletion of image %s is complete.", image.id)
                return
        else:
            recorded = {known.url for known in image.locations} if image else set()
            for gone in _locations(intent):
                if gone.url not in recorded:
                    self._layer.holdings.erase(intent.image_id, gone)
        self._layer.inner.journal.settle(call, intent.id)

    def _remove(self, call: Call, image: Image, changes: ChangeSet, intent: Intent, final: type[ImageServiceError]) -> Image:
        """Errors of the type ``final`` end the matter: what is erased goes off the record, the rest stays."""
        inner = self._layer.inner
        for n, gone in enumerate(image.locations):
            try:
                self._layer.holdings.erase(image.id, gone)
            except final:
                if n:
                    inner.repo.save(call, image, ChangeSet.of(image, locations=image.locations[n:]).settling(intent.id))
                else:
                    inner.journal.settle(call, intent.id)
                raise
        return inner.repo.remove(call, image, changes.settling(intent.id))

    def _let_go_at_end(self, call: Call, intent: Intent) -> None:
        call.on_end(partial(self._layer.inner.journal.let_go, call, intent.id))


def _details(locations: Iterable[Location]) -> dict[str, object]:
    return {"locations": [[gone.url, dict(gone.metadata)] for gone in locations]}


def _locations(intent: Intent) -> list[Location]:
    return [Location(url, metadata) for url, metadata in intent.details["locations"]]
