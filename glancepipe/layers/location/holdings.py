"""Which store holds which location, as the layer ``location`` asks: choosing, reading, erasing, and stores' errors."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from glancepipe.contract import Data, Image, Location, Span, Store, Stores, Target, Written, replace
from glancepipe.contract.errors import (
    ImageServiceError,
    Invalid,
    NoData,
    StoreError,
    StoreReadOnly,
    StoreUnavailable,
)

log = logging.getLogger(__name__)


class Holdings:
    """The enabled stores, and what is in them."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self._names = frozenset(store.name for store in stores)

    def writable(self, target: Target) -> Store:
        """The store that ``target`` means. Raises Invalid, StoreReadOnly, StoreUnavailable (FEATURES 1.6-04)."""
        name = target.store or self.stores.default
        try:
            store = self.stores[name]
        except KeyError:
            raise Invalid(f"There is no store {name!r}.") from None
        if store.read_only:
            raise StoreReadOnly
        if name in self.stores.down:
            raise StoreUnavailable(f"The store {name!r} can't be written at the moment.")
        return store

    def ranked(self, locations: Iterable[Location]) -> list[tuple[Store, Location]]:
        """The locations that enabled stores hold: heaviest store first, else as recorded (FEATURES 1.7-09)."""
        found = []
        for location in locations:
            try:
                found.append((self.stores.holding(location.url, location.store), location))
            except NoData:
                log.debug("No enabled store holds a location whose metadata is %s.", location.metadata)
        if self.stores.multiple:
            found.sort(key=lambda copy: -self.stores.weight(copy[0].name))
        return found

    def named(self, image: Image) -> Image:
        """The image with a store's name in each location, where several stores are enabled (FEATURES 2.2-03)."""
        if not self.stores.multiple or all(location.store in self._names for location in image.locations):
            return image
        return replace(image, locations=tuple(map(self.name, image.locations)))

    def name(self, location: Location) -> Location:
        """The location with its store's name, where several stores are enabled."""
        if not self.stores.multiple or location.store in self._names:
            return location
        return next((self._place(store, at.url, at.metadata, at.id) for store, at in self.ranked([location])), location)

    def claimed(self, location: Location) -> Location:
        """The location as a client names it: in which store it is says its URL, not the client (FEATURES 2.2-03)."""
        if not self.stores.multiple:
            return location
        try:
            store = self.stores.holding(location.url)
        except NoData:
            return self.name(location)
        return self._place(store, location.url, location.metadata, location.id)

    def place(self, store: Store, written: Written) -> Location:
        """The location to record for what ``store`` took."""
        return self._place(store, written.url, written.metadata)

    def _place(self, store: Store, url: str, metadata: Mapping[str, Any], row: int | None = None) -> Location:
        return Location(url, {**metadata, "store": store.name} if self.stores.multiple else dict(metadata), row)

    def read(self, image: Image, span: Span | None = None, prefer: Sequence[str] = ()) -> Data:
        """The first copy that opens, of those in preferred stores before all others (FEATURES 1.7-08).

        Raises Invalid (``prefer``), NoData, StoreError: what the first one said that is there.
        """
        self._check(prefer)
        problem: ImageServiceError = NoData()
        for store, location in sorted(self.ranked(image.locations), key=lambda copy: copy[0].name not in prefer):
            try:
                return _opened(store, location.url, image, span)
            except ImageServiceError as error:
                log.warning("Image %s can't be read from the store %s: %s", image.id, store.name, error)
                if isinstance(problem, NoData):
                    problem = error
        raise problem

    def _check(self, prefer: Sequence[str]) -> None:
        if prefer and not self.stores.multiple:
            raise Invalid("There is a single store: no other can be preferred to it.")
        for name in prefer:
            if name not in self._names:
                raise Invalid(f"There is no store {name!r}.")

    def size(self, location: Location) -> int:
        """Bytes at a location, 0 if there are none. Raises StoreError."""
        try:
            store = self.stores.holding(location.url, location.store)
            with errors_of(store):
                return store.size(location.url)
        except NoData:
            return 0

    def erase(self, image_id: str, location: Location) -> None:
        """Delete the bytes; those that no enabled store can delete stay (FEATURES 6.4-03). Raises InUse, StoreError."""
        try:
            store = self.stores.holding(location.url, location.store)
            with errors_of(store):
                store.erase(location.url)
        except (NoData, StoreReadOnly) as error:
            log.info("Bytes of image %s in the store %s are not this service's to delete: %s", image_id, location.store, error)


def _opened(store: Store, url: str, image: Image, span: Span | None) -> Data:
    # A store that can't start at an offset is read from the beginning: that takes longer, but it serves (FEATURES 12-14).
    asked = span if store.ranged else None
    with errors_of(store):
        data = store.read(url, asked)
    expected = image.size if asked is None else asked.length
    if data.size is None:
        # Whoever sends it on learns by this that something is missing.
        data.size = expected
    elif expected is not None and data.size != expected:
        data.close()
        raise StoreError(f"The store has {data.size} bytes of image {image.id}, and {expected} are expected.")
    return data if span is None or asked is not None else data.part(span)


@contextmanager
def errors_of(store: Store) -> Iterator[None]:
    """Within it, whatever a driver raises beside the domain's errors becomes a StoreError."""
    try:
        yield
    except ImageServiceError:
        raise
    except Exception as error:
        log.exception("The store %s failed.", store.name)
        raise StoreError(f"The store {store.name!r} failed.") from error
