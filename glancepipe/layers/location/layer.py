"""Layer ``location``: picks the store, streams and digests the bytes, records where they are, deletes them with the image.

Inside quota, outside domain: what it derives (a status, a size) is judged there. No byte is written or erased before
the journal knows of it, so whatever a crash leaves behind is finished or undone by the next sweep.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from oslo_config import cfg

from glancepipe.contract import (
    Call,
    Change,
    ChangeSet,
    Data,
    Digest,
    Image,
    ImageProxy,
    ImageQuery,
    ImageRepoProxy,
    Intent,
    Layer,
    Page,
    Services,
    Span,
    Status,
    Stores,
    Target,
    Task,
    TaskRepoProxy,
    records,
    replace,
)
from glancepipe.contract.errors import (
    Conflict,
    DatabaseUnavailable,
    Duplicate,
    ImageNotFound,
    ImageServiceError,
    Invalid,
    InvalidTransition,
    NoData,
    StatusChanged,
    StoreError,
)
from glancepipe.contract.uris import SCHEMES, UriFilter
from glancepipe.layers.location.digesting import digested
from glancepipe.layers.location.erasures import KIND as ERASE
from glancepipe.layers.location.erasures import SCRUB, Erasures
from glancepipe.layers.location.holdings import Holdings
from glancepipe.layers.location.inspection import OPTIONS as IMAGE_FORMAT
from glancepipe.layers.location.inspection import Inspector
from glancepipe.layers.location.writes import KIND as WRITE
from glancepipe.layers.location.writes import Writes, Writing

log = logging.getLogger(__name__)

UNFINISHED = frozenset({Status.QUEUED, Status.SAVING, Status.UPLOADING, Status.IMPORTING})
"""While an image has one of these it has no data yet."""

PRIVATE_SCHEMES = frozenset({"file", "filesystem", "swift+config"})
"""Schemes that no client may name: such a location points into the service's own machine (FEATURES 1.5-26)."""


class LocationImage(ImageProxy["Location"]):
    """Moves bytes."""

    def begin_data(self, call: Call, image: Image, target: Target) -> ChangeSet:
        """Resolves the store and notes the write, before anything is said to be saving (FEATURES 1.6-04)."""
        store = self.layer.holdings.writable(target)
        changes = self.inner.begin_data(call, image, target)
        return changes.beginning(self.layer.writes.note(call, image, store))

    def set_data(self, call: Call, image: Image, data: Data, target: Target) -> ChangeSet:
        """Streams, digests, inspects, concludes every check, and answers what to record (FEATURES 1.6-09, 2.5-02, 6.4-01)."""
        writing = self.layer.writes.writing(call, image, self.layer.holdings.writable(target))
        inspection = self.layer.inspector.watch(image, data)
        found = self.layer.take(image, data, writing)
        if inspection is not None and inspection.virtual_size is not None:
            found["virtual_size"] = inspection.virtual_size
        if image.status != Status.ACTIVE and target.activate:
            found["status"] = Status.ACTIVE
        return ChangeSet.of(image, **found)

    def get_data(self, call: Call, image: Image, span: Span | None = None, prefer: tuple[str, ...] = ()) -> Data:
        """Opens the best copy that can be read, and hands it on as the store has it (FEATURES 1.7-07, 1.7-09, 6.4-02).

        A location that is on the record before the image is active has not been compared with what was said of it.
        """
        if image.status in UNFINISHED:
            raise NoData
        return self.layer.holdings.read(image, span, prefer)

    def digest_data(self, call: Call, image: Image, location: records.Location) -> ChangeSet:
        """Reads all of it, and compares with what the record says; nothing at all without ``do_secure_hash`` (FEATURES 4.6-04)."""
        layer = self.layer
        if not layer.secure:
            return ChangeSet()
        found = digested(layer.holdings, image, location, image.os_hash_algo or layer.algorithm, layer.retries)
        _compare(image, found)
        return ChangeSet.of(image, **found)

    def add_copy(self, call: Call, image: Image, target: Target) -> ChangeSet:
        """Copies the best copy that can be read; its digests must be those on the record (FEATURES 2.5-03)."""
        layer = self.layer
        if image.status != Status.ACTIVE:
            raise InvalidTransition(f"Only an active image can be copied; image {image.id} is {image.status}.")
        store = layer.holdings.writable(target)
        if any(holder is store for holder, _ in layer.holdings.ranked(image.locations)):
            raise Duplicate(f"Image {image.id} is in the store {store.name!r} already.")
        source = layer.holdings.read(image)
        try:
            found = layer.take(image, source, layer.writes.writing(call, image, store))
        except Invalid as error:
            raise StoreError(f"The copy of image {image.id} was given up: {error.message}") from error
        finally:
            source.close()
        return ChangeSet.of(image, locations=found["locations"])


class LocationRepo(ImageRepoProxy["Location"]):
    """Keeps records and bytes together."""

    def get(self, call: Call, image_id: str) -> Image:
        """Names the store in locations that were recorded without it (FEATURES 2.2-03)."""
        return self.layer.holdings.named(self.inner.get(call, image_id))

    def list(self, call: Call, query: ImageQuery) -> Page:
        """As ``get``, in every row."""
        page = self.inner.list(call, query)
        if not self.layer.stores.multiple:
            return page
        return replace(page, rows=[self.layer.holdings.named(image) for image in page.rows])

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Settles the writes that it records or ends, checks locations that a client adds, erases those it removes."""
        writes, erasures = self.layer.writes, self.layer.erasures
        writings = writes.of(call, image)
        if not writings and "locations" not in changes:
            return self.inner.save(call, image, changes)
        if call.operation.name == "modify_image" and changes.new("os_hash_algo") not in (None, self.layer.algorithm):
            # What a client vouches for must be comparable with what uploads compute (FEATURES 1.5-28).
            raise Conflict(f"os_hash_algo must be {self.layer.algorithm}.")
        moved = changes.base.get("locations", Change((), ()))
        before, after = ({location.url for location in locations} for locations in (moved.old, moved.new))
        recorded = [writing for writing in writings if writing.url in after - before]
        over = recorded + [writing for writing in writings if writing.over]
        if changes.new("status") == Status.QUEUED:
            writes.undo(writings)
            over = writings
        if changes.alters("locations"):
            # What an earlier attempt left on the record has to be looked at anew.
            fresh = after if call.operation.name == "add_location" else after - before
            changes = self.layer.admitted(call, image, changes, fresh - {writing.url for writing in recorded})
        gone = [location for location in moved.old if location.url not in after]
        # Data that was not what it was said to be may be anybody's: only the record forgets it.
        removals = erasures.note(call, image, gone) if call.operation.name != "location_import" else []
        changes = changes.settling(*(writing.intent.id for writing in over)).beginning(*removals)
        try:
            stored = self.inner.save(call, image, changes)
        except (StatusChanged, ImageNotFound):
            won = writes.reconsider(call, image, changes, over, recorded)
            if won is None:
                raise
            return self.layer.holdings.named(won)
        except BaseException as error:
            for writing in recorded:
                writing.unsure = isinstance(error, DatabaseUnavailable) or not isinstance(error, ImageServiceError)
            raise
        writes.forget(call, over)
        return self.layer.holdings.named(erasures.carry_out(call, stored, removals))

    def remove(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Erases every copy before the record; what can't be erased keeps the image (FEATURES 1.3-05, 6.4-03)."""
        if not image.locations or changes.new("status") == Status.PENDING_DELETE:
            return self.inner.remove(call, image, changes)
        return self.layer.erasures.remove(call, image, changes)

    def restore(self, call: Call, image_id: str) -> Image:
        """Not while its bytes are being erased (FEATURES 2.3-16)."""
        return self.layer.erasures.restore(call, image_id)


class LocationTasks(TaskRepoProxy["Location"]):
    """Looks where a task is to fetch from."""

    def new_task(self, call: Call, type: str, input: Mapping[str, Any], image: Image | None = None) -> Task:
        """A URL that the tasks API is given must be one to fetch from; whether its host is there shows later (FEATURES 4.3-03)."""
        task = self.inner.new_task(call, type, input, image)
        if call.operation.name == "create_task":
            passing(self.layer.uris.admit, task.input["import_from"])
        return task


class Location(Layer):
    """Where an image's bytes are."""

    name = "location"
    # Inside quota, which would count twice or not at all; outside the layers that judge and keep what is derived here.
    after = frozenset({"auth", "notifier", "policy", "quota"})
    before = frozenset({"domain", "db"})
    ends = frozenset({"image.set_data", "image.get_data", "image.add_copy", "image.digest_data"})
    options = {
        "DEFAULT": [
            cfg.StrOpt(
                "hashing_algorithm",
                default="sha512",
                help="Algorithm of os_hash_value, by its name in hashlib. The md5 in checksum is computed in any case.",
            ),
            cfg.BoolOpt(
                "do_secure_hash",
                default=True,
                help="Compute checksum and hash of data that the location API adds. If not, what a client says of it is recorded as it is.",
            ),
            cfg.IntOpt("http_retries", default=3, min=0, help="How often such data is read again if reading it fails, wherever it is."),
            cfg.StrOpt(
                "metadata_encryption_key",
                secret=True,
                help="Key under which the database keeps locations, for the layer location-encryption, which must then be in the line.",
            ),
            cfg.IntOpt("scrub_time", default=0, min=0, help="Seconds for which `delayed_delete` keeps the data of a deleted image."),
        ],
        "image_format": IMAGE_FORMAT,
    }

    image = LocationImage
    repo = LocationRepo
    tasks = LocationTasks

    stores: Stores
    holdings: Holdings

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__(conf)
        self.algorithm: str = conf.hashing_algorithm
        try:
            Digest(self.algorithm)
        except Invalid as error:
            raise ValueError(f"hashing_algorithm = {self.algorithm}: {error.message} Choose another one, sha512 for instance.") from error
        self.inspector = Inspector(conf)
        self.uris = UriFilter(conf, socket.getaddrinfo)
        self.secure: bool = conf.do_secure_hash
        self.retries: int = conf.http_retries
        self.writes = Writes(self)
        self.erasures = Erasures(self)

    def start(self, services: Services) -> None:
        """Raises ValueError if locations would be recorded in plain text although a key is set."""
        if self.conf.metadata_encryption_key and "location-encryption" not in {layer.name for layer in self.line}:
            raise ValueError("metadata_encryption_key is set: install the layer location-encryption and put it behind location.")
        self.stores = services.stores
        self.holdings = Holdings(services.stores)

    def sweep(self, call: Call) -> None:
        kinds = {WRITE: self.writes.finish, ERASE: self.erasures.finish, SCRUB: self._settle}
        for kind, finish in kinds.items():
            for intent in self.inner.journal.adopt(call, kind):
                try:
                    finish(call, intent)
                except Exception as error:
                    log.warning("What was left of image %s (%s) is tried again later: %r", intent.image_id, kind, error)
                    self.inner.journal.let_go(call, intent.id)
        self.erasures.scrub(call, datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=self.conf.scrub_time))

    def _settle(self, call: Call, intent: Intent) -> None:
        # Whether an interrupted scrubbing or restoring is complete is seen from the image.
        self.inner.journal.settle(call, intent.id)

    def lookup(self, call: Call, image_id: str) -> Image | None:
        """The record as it is stored, None if there is none."""
        try:
            return self.inner.repo.get(call, image_id)
        except ImageNotFound:
            return None

    def take(self, image: Image, data: Data, writing: Writing) -> dict[str, Any]:
        """Stream ``data`` and answer what the record must say of it. On any error nothing remains.

        Raises what the store and the data's checks raise, and Invalid if the record says otherwise already.
        """
        algorithm = image.os_hash_algo or self.algorithm
        md5, digest = data.digest("md5"), data.digest(algorithm)
        written = self.writes.stream(writing, data)
        found = {"size": written.size, "checksum": md5.hexdigest, "os_hash_algo": algorithm, "os_hash_value": digest.hexdigest}
        try:
            _compare(image, found)
        except Invalid:
            self.writes.withdraw(writing)
            raise
        # What lies on the record of an image that is uploaded was given up (FEATURES 4.6-03).
        others = () if image.status == Status.SAVING else image.locations
        return {**found, "locations": (*others, self.holdings.place(writing.store, written))}

    def admitted(self, call: Call, image: Image, changes: ChangeSet, urls: set[str]) -> ChangeSet:
        """The change with what follows from new locations that a client names (FEATURES 1.5-26 to 1.5-28).

        Raises Invalid, Conflict.
        """
        vouched = changes.new("os_hash_algo", self.algorithm) if call.operation.name == "modify_image" else self.algorithm
        if vouched != self.algorithm:
            raise Conflict(f"os_hash_algo must be {self.algorithm} in this service.")
        moved = changes.base["locations"]
        named = urls | {location.url for location in moved.old}
        locations = tuple(
            self.holdings.claimed(each) if each.url in named and each not in moved.old else self.holdings.name(each) for each in moved.new
        )
        if any((a.url, a.metadata) == (b.url, b.metadata) for n, a in enumerate(locations) for b in locations[:n]):
            raise Invalid("Invalid location: it is there already.")
        changes = changes.plus(ChangeSet({"locations": Change(moved.old, locations)}))
        sizes = [self._size(location.url, location.metadata) for location in locations if location.url in urls]
        if sizes and not image.size:
            changes = changes.plus(ChangeSet.of(image, size=sizes[0]))
        if sizes and image.status == Status.QUEUED:
            changes = changes.plus(self._arrival(call, image, changes))
        return changes

    def _arrival(self, call: Call, image: Image, changes: ChangeSet) -> ChangeSet:
        """What a queued image becomes when its data is somewhere already (FEATURES 1.5-27, 4.6-03, 4.6-04)."""
        if call.operation.name != "add_location" or not self.secure:
            return ChangeSet.of(image, status=Status.ACTIVE)
        if "os_hash_value" in changes:
            return ChangeSet.of(image, status=Status.IMPORTING)
        # Clients see by the algorithm that the hash is being computed.
        return ChangeSet.of(image, status=Status.ACTIVE, os_hash_algo=self.algorithm)

    def _size(self, url: str, metadata: Mapping[str, Any]) -> int:
        scheme = url.partition("://")[0]
        if scheme in PRIVATE_SCHEMES or not any(scheme in store.schemes for store in self.stores):
            raise Invalid(f"Invalid location: the scheme {scheme!r} is not one that this service takes.")
        if scheme in SCHEMES:
            passing(self.uris.vet, url)
        if not _plain(metadata):
            raise Invalid("Invalid location: metadata may consist of strings, objects and arrays only.")
        size = self.holdings.size(records.Location(url, metadata))
        if size <= 0:
            raise Invalid("Invalid location: there is no data.")
        return size


def passing(judge: Callable[[str], object], url: str) -> None:
    """What is fetched from anywhere must not be fetched from within (FEATURES 1.5-26, 4.3-03, 4.6-02). Raises Invalid."""
    try:
        judge(url)
    except Invalid as error:
        # Clients of Glance look for the middle of this.
        raise Invalid(f"The URL does not pass filtering: {error.message}") from None


def _compare(image: Image, found: Mapping[str, Any]) -> None:
    """What the record says already must be so (FEATURES 1.6-09)."""
    for name in ("size", "checksum", "os_hash_value"):
        said = getattr(image, name)
        if said is not None and str(said).lower() != str(found[name]):
            raise Invalid(f"The data does not match the image's {name}.")


def _plain(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_plain, value.values()))
    return isinstance(value, str) or (isinstance(value, list) and all(map(_plain, value)))
