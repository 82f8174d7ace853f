"""Layer ``quota``: how much an image and its owner may have. Inside policy, outside location.

Counts are checked when they grow. Bytes are *reserved* for their owner before they move and while they stream, so that
parallel uploads can't overrun the quota together (FEATURES 6.2, 12-12). The owner is the image's, never the caller.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable

from oslo_config import cfg

from glancepipe.contract import (
    ABSENT,
    Call,
    ChangeSet,
    Data,
    Image,
    ImageFactoryProxy,
    ImageProxy,
    ImageRepoProxy,
    ImageValues,
    Layer,
    Location,
    Member,
    MemberRepoProxy,
    Reservation,
    Target,
)
from glancepipe.contract.errors import ImageServiceError, LimitExceeded

log = logging.getLogger(__name__)

STEP = 64 << 20
"""Bytes by which a reservation runs ahead of a stream of unknown length: one statement to the database each."""

_UNITS = {"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_STORAGE = re.compile(r"([0-9]+)(|B|KB|MB|GB|TB)")
_INT64 = (1 << 63) - 1


class Transfer:
    """One stream of bytes to one store: watches it, and holds as many bytes of the owner's quota as it needs.

    What is held is given back by ``end``, at the latest when the operation is over.
    """

    def __init__(self, layer: Quota, call: Call, image: Image) -> None:
        self.arrived: tuple[str, ...] = ()
        """URLs of the locations that the stream became, until they are recorded."""
        self._layer = layer
        self._call = call
        self._owner = image.owner
        self._held: Reservation | None = None
        self._seen = 0
        self._step = STEP
        call.on_end(self.end)

    @property
    def held(self) -> int:
        """How many bytes are held."""
        return self._held.amount if self._held else 0

    def cover(self, total: int) -> None:
        """Hold ``total`` bytes. Raises LimitExceeded."""
        limit = self._layer.storage_quota
        if limit is not None and total > self.held:
            try:
                self._held = self._layer.inner.usage.reserve(self._call, self._owner, total - self.held, limit, self._held)
            except LimitExceeded:
                raise LimitExceeded(f"The storage quota of {limit} bytes would be exceeded.") from None

    def watch(self, data: Data) -> None:
        """Hold what is announced, and see the stream through. Raises LimitExceeded."""
        self._layer.check_size(data.size)
        self.cover(data.size or 0)
        self._seen = 0
        data.watch(self)

    def block(self, block: bytes) -> None:
        """Hold ahead of the stream; the step halves where the quota ends, and so finds its very last byte."""
        self._seen += len(block)
        self._layer.check_size(self._seen)
        while self._layer.storage_quota is not None and self._seen > self.held:
            try:
                self.cover(min(self._seen + self._step, self._layer.size_cap))
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
        self.cover(size or 0)
        known = _urls(image.locations)
        self.arrived = tuple((_urls(changes.new("locations", ())) - known).elements())

    def end(self) -> None:
        """Give back what is held: the bytes are recorded and counted by now, or never will be."""
        self.arrived = ()
        held, self._held = self._held, None
        if held is not None:
            try:
                self._layer.inner.usage.release(self._call, held)
            except ImageServiceError as error:
                # The operation has its answer; a reservation that is left behind dies with this worker.
                log.warning("A reservation of %d bytes for %s stays for now: %s", held.amount, self._owner, error)


class QuotaFactory(ImageFactoryProxy["Quota"]):
    """Limits what a new record carries."""

    def new_image(self, call: Call, values: ImageValues) -> Image:
        """Counts properties and tags (FEATURES 1.4-10)."""
        self.layer.check_properties(values.properties)
        self.layer.check_count("tags", len(values.tags), self.layer.tag_quota)
        return self.inner.new_image(call, values)


class QuotaRepo(ImageRepoProxy["Quota"]):
    """Limits what a record grows to."""

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Counts properties, tags and locations if there are new ones; gives back what was held for bytes that are counted now."""
        added = {name for name, change in changes.properties.items() if change.old is ABSENT and change.new is not ABSENT}
        if any(map(_counts, added)):
            removed = {name for name, change in changes.properties.items() if change.new is ABSENT}
            self.layer.check_properties((image.properties.keys() | added) - removed)
        if "tags" in changes and not changes.new("tags") < image.tags:
            self.layer.check_count("tags", len(changes.new("tags")), self.layer.tag_quota)
        if changes.alters("size"):
            self.layer.check_size(changes.new("size"))
        if "locations" not in changes:
            return self.inner.save(call, image, changes)
        self.layer.admit_locations(call, image, changes)
        saved = self.inner.save(call, image, changes)
        self.layer.settle(call, saved)
        return saved


class QuotaImage(ImageProxy["Quota"]):
    """Limits bytes: before they move, while they stream, and by what was stored in the end."""

    def begin_data(self, call: Call, image: Image, target: Target) -> ChangeSet:
        """Refuses before anybody sees the image save; an unknown size fits as long as a byte is left (FEATURES 6.2-06, 12-23)."""
        changes = self.inner.begin_data(call, image, target)
        size = image.size if target.size is None else target.size
        self.layer.check_size(size)
        self.layer.transfer(call, image, target).cover(size or 1)
        return changes

    def set_data(self, call: Call, image: Image, data: Data, target: Target) -> ChangeSet:
        """Holds an announced size at once, and stops any stream at the first byte too many (FEATURES 6.2-05, 6.2-06)."""
        transfer = self.layer.transfer(call, image, target)
        transfer.watch(data)
        changes = self.inner.set_data(call, image, data, target)
        transfer.arrive(image, changes)
        return changes

    def add_copy(self, call: Call, image: Image, target: Target) -> ChangeSet:
        """Charges one more copy, to the image's owner (FEATURES 6.2-06, 4.5-19)."""
        self.layer.check_size(image.size)
        transfer = self.layer.transfer(call, image, target)
        transfer.cover(image.size or 0)
        changes = self.inner.add_copy(call, image, target)
        transfer.arrive(image, changes)
        return changes


class QuotaMembers(MemberRepoProxy["Quota"]):
    """Limits with how many projects an image is shared."""

    def add(self, call: Call, image: Image, member_id: str) -> Member:
        """Counts the members there are (FEATURES 6.2-03)."""
        if self.layer.member_quota >= 0:
            self.layer.check_count("members", len(self.inner.list(call, image)) + 1, self.layer.member_quota)
        return self.inner.add(call, image, member_id)


class Quota(Layer):
    """How much an image and its owner may have."""

    name = "quota"
    # Inside policy: who may not do it learns nothing of quotas and holds no bytes. Outside the layers that end what it limits.
    after = frozenset({"policy"})
    before = frozenset({"location", "domain", "db"})
    options = {
        "DEFAULT": [
            cfg.IntOpt(
                "image_property_quota",
                default=128,
                help="Most custom properties that an image may have; those that the service sets itself don't count. Negative: no limit.",
            ),
            cfg.IntOpt("image_tag_quota", default=128, help="Most tags that an image may have. Negative: no limit."),
            cfg.IntOpt("image_member_quota", default=128, help="Most projects with which an image may be shared. Negative: no limit."),
            cfg.IntOpt("image_location_quota", default=10, help="Most locations that clients may give an image. Negative: no limit."),
            cfg.IntOpt("image_size_cap", default=1 << 40, min=1, max=_INT64, help="Most bytes that an image may have."),
            cfg.StrOpt(
                "user_storage_quota",
                default="0",
                help="Most bytes that all images of a project may have, every copy counted: a number, or a number with one of "
                "the units B, KB, MB, GB and TB (powers of 1024) directly behind it. 0: no limit.",
            ),
            cfg.BoolOpt(
                "use_keystone_limits",
                default=False,
                help="Use the unified limits of the identity service instead. This layer doesn't know them and refuses to "
                "start with it, so that nobody goes without limits unawares.",
            ),
        ]
    }

    factory = QuotaFactory
    repo = QuotaRepo
    image = QuotaImage
    members = QuotaMembers

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__(conf)
        if conf.use_keystone_limits:
            raise ValueError("use_keystone_limits = true: the layer 'quota' has local limits only; set it to false.")
        self.property_quota: int = conf.image_property_quota
        self.tag_quota: int = conf.image_tag_quota
        self.member_quota: int = conf.image_member_quota
        self.location_quota: int = conf.image_location_quota
        self.size_cap: int = conf.image_size_cap
        self.storage_quota = storage_quota(conf.user_storage_quota)
        """Bytes for all images of one owner; None is no limit."""

    def check_count(self, what: str, count: int, limit: int) -> None:
        """Raises LimitExceeded if ``count`` is more than ``limit``; a negative limit is none."""
        if 0 <= limit < count:
            raise LimitExceeded(f"An image may have at most {limit} {what}, not {count}.")

    def check_properties(self, names: Iterable[str]) -> None:
        """Count custom properties, but for the service's own (FEATURES 6.2-01). Raises LimitExceeded."""
        self.check_count("properties", sum(map(_counts, names)), self.property_quota)

    def check_size(self, size: int | None) -> None:
        """Raises LimitExceeded if an image may not have ``size`` bytes (FEATURES 6.2-05)."""
        if size is not None and size > self.size_cap:
            raise LimitExceeded(f"An image may have at most {self.size_cap} bytes.")

    def transfer(self, call: Call, image: Image, target: Target) -> Transfer:
        """The call's transfer of the image to a store; the same one from ``begin_data`` to the end."""
        transfers: dict[str, Transfer] = call.memo(self)
        key = f"{image.id} {target.store}"
        if key not in transfers:
            transfers[key] = Transfer(self, call, image)
        return transfers[key]

    def admit_locations(self, call: Call, image: Image, changes: ChangeSet) -> None:
        """Charge locations that a client adds (FEATURES 6.2-04, 6.2-07); those that a transfer brings are charged already."""
        transfers: dict[str, Transfer] = call.memo(self)
        fresh = _urls(changes.new("locations")) - _urls(image.locations)
        for transfer in transfers.values():
            fresh.subtract(transfer.arrived)
        added = (+fresh).total()
        if added:
            self.check_count("locations", len(changes.new("locations")), self.location_quota)
            size = changes.new("size", image.size) or 0
            adding = transfers[f"{image.id} locations"] = Transfer(self, call, image)
            # Only location, further in, learns the size of something new: as for a stream, a byte must be left.
            adding.cover(size * added or 1)
            adding.arrived = tuple((+fresh).elements())

    def settle(self, call: Call, image: Image) -> None:
        """Give back what was held for locations that are recorded, and so counted, by now."""
        recorded = _urls(image.locations).keys()
        for transfer in call.memo(self).values():
            if transfer.arrived and recorded >= set(transfer.arrived):
                transfer.end()


def storage_quota(text: str) -> int | None:
    """Bytes that ``user_storage_quota`` means, None if there is no limit. Raises ValueError with one sentence."""
    match = _STORAGE.fullmatch(text)
    if match is None:
        raise ValueError(f"user_storage_quota = {text}: write a number, or a number directly followed by B, KB, MB, GB or TB.")
    number = int(match[1]) * _UNITS[match[2]]
    if number > _INT64:
        raise ValueError(f"user_storage_quota = {text}: it can be at most {_INT64} bytes; 0 means no limit.")
    return number or None


def _counts(name: str) -> bool:
    return not name.startswith("os_glance")


def _urls(locations: Iterable[Location]) -> Counter[str]:
    return Counter(location.url for location in locations)
