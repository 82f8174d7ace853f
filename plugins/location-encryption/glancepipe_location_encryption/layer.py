"""Layer ``location-encryption``: the database sees where images are only as cipher text. Inside location, outside db."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from glancepipe.contract import (
    Call,
    Change,
    ChangeSet,
    Image,
    ImageQuery,
    ImageRepoProxy,
    Intent,
    JournalProxy,
    Layer,
    Location,
    Page,
    Task,
    TaskRepoProxy,
    replace,
)
from glancepipe.contract.errors import StoreError
from glancepipe_location_encryption.seal import Seal

SEALED = "sealed"
"""The one detail of a journal entry as it is stored: an entry of any kind may say where bytes are."""


class SealedRepo(ImageRepoProxy["LocationEncryption"]):
    """Seals the locations of records on their way in, opens them on their way out."""

    def get(self, call: Call, image_id: str) -> Image:
        """With open locations."""
        return self.layer.opened(self.inner.get(call, image_id))

    def list(self, call: Call, query: ImageQuery) -> Page:
        """With open locations."""
        page = self.inner.list(call, query)
        return replace(page, rows=[self.layer.opened(image) for image in page.rows])

    def add(self, call: Call, image: Image) -> Image:
        """Sealed."""
        return self.layer.opened(self.inner.add(call, replace(image, locations=self.layer.sealed(image.locations, {}))))

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Sealed."""
        return self.layer.opened(self.inner.save(call, image, self.layer.changes(changes)))

    def remove(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Journal entries are sealed too."""
        return self.layer.opened(self.inner.remove(call, image, self.layer.changes(changes)))

    def pending(self, call: Call, before: datetime, after: str | None = None) -> Sequence[Image]:
        """With open locations."""
        return [self.layer.opened(image) for image in self.inner.pending(call, before, after)]

    def restore(self, call: Call, image_id: str) -> Image:
        """With open locations."""
        return self.layer.opened(self.inner.restore(call, image_id))

    def claim(self, call: Call, image: Image, task_id: str) -> Image:
        """With open locations."""
        return self.layer.opened(self.inner.claim(call, image, task_id))


class SealedJournal(JournalProxy["LocationEncryption"]):
    """Seals what entries say."""

    def begin(self, call: Call, intent: Intent) -> None:
        """Sealed."""
        self.inner.begin(call, self.layer.entry(intent))

    def adopt(self, call: Call, kind: str) -> Sequence[Intent]:
        """With open details."""
        return [self.layer.opened_entry(intent) for intent in self.inner.adopt(call, kind)]


class SealedTasks(TaskRepoProxy["LocationEncryption"]):
    """Seals the entries that begin with a task."""

    def add(self, call: Call, task: Task, begins: tuple[Intent, ...] = ()) -> Task:
        """Sealed."""
        return self.inner.add(call, task, tuple(map(self.layer.entry, begins)))


class LocationEncryption(Layer):
    """Where images are is nobody's business who can read the database."""

    name = "location-encryption"
    after = frozenset({"location"})
    before = frozenset({"db"})
    requires = frozenset({"location"})

    repo = SealedRepo
    journal = SealedJournal
    tasks = SealedTasks

    def __init__(self, conf: Any) -> None:
        """Raises ValueError if there is no key that can be used."""
        super().__init__(conf)
        key = conf.metadata_encryption_key
        if not key:
            raise ValueError("metadata_encryption_key is not set; set it to 16, 24 or 32 characters.")
        try:
            self._seal = Seal(key)
        except ValueError:
            raise ValueError("metadata_encryption_key must have 16, 24 or 32 characters.") from None

    def sealed(self, locations: Iterable[Location], known: dict[str, str]) -> tuple[Location, ...]:
        """The locations, sealed. ``known`` has what one URL became, so that it becomes the same again."""
        found = []
        for location in locations:
            if location.url not in known:
                known[location.url] = self._seal.close(location.url)
            found.append(replace(location, url=known[location.url]))
        return tuple(found)

    def opened(self, image: Image) -> Image:
        """The image with open locations. Raises StoreError if another key was used."""
        if not image.locations:
            return image
        return replace(image, locations=tuple(replace(location, url=self._opened(image, location.url)) for location in image.locations))

    def changes(self, changes: ChangeSet) -> ChangeSet:
        """The change with sealed locations and entries; what does not change stays equal on both sides."""
        base = dict(changes.base)
        moved = base.get("locations")
        if moved is not None:
            known: dict[str, str] = {}
            base["locations"] = Change(self.sealed(moved.old, known), self.sealed(moved.new, known))
        return ChangeSet(base, changes.properties, tuple(map(self.entry, changes.begins)), changes.settles)

    def entry(self, intent: Intent) -> Intent:
        """The entry with sealed details."""
        return replace(intent, details={SEALED: self._seal.close(json.dumps(dict(intent.details)))})

    def opened_entry(self, intent: Intent) -> Intent:
        """The entry with open details; those from before the key was set are open."""
        if SEALED not in intent.details:
            return intent
        details: Mapping[str, Any] = json.loads(self._seal.open(intent.details[SEALED]))
        return replace(intent, details=details)

    def _opened(self, image: Image, url: str) -> str:
        # What was recorded before the key was set is a URL, which base64 never is.
        if "://" in url:
            return url
        try:
            return self._seal.open(url)
        except ValueError:
            raise StoreError(f"A location of image {image.id} can't be read: it was encrypted with another key.") from None
