"""What the layer ``quota`` checks at each verb.

Counts are checked when they grow. Bytes are *reserved* for their owner before they move and while they stream, so that
parallel uploads can't overrun the quota together (FEATURES 6.2, 12-12). The owner is the image's, never the caller.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from oslo_config import cfg

from glancepipe.contract import (
    ABSENT,
    Call,
    ChangeSet,
    Data,
    Finding,
    Image,
    ImageFactoryProxy,
    ImageProxy,
    ImageRepoProxy,
    ImageValues,
    Layer,
    Member,
    MemberRepoProxy,
    Reservation,
    Target,
    UsageProxy,
    UsageReport,
)
from glancepipe.contract.errors import ImageServiceError, LimitExceeded, LimitsUnavailable
from glancepipe.layers.quota.limits import Limits
from glancepipe.layers.quota.local import LocalLimits, storage_quota
from glancepipe.layers.quota.transfer import Transfer, urls

log = logging.getLogger(__name__)

_INT64 = (1 << 63) - 1


class QuotaFactory(ImageFactoryProxy["Quota"]):
    """Limits what a new record carries."""

    def new_image(self, call: Call, values: ImageValues) -> Image:
        """Counts properties and tags (FEATURES 1.4-10)."""
        self.layer.check_properties(values.properties)
        self.layer.check_count("tags", len(values.tags), self.layer.tag_quota)
        return self.inner.new_image(call, values)


class QuotaRepo(ImageRepoProxy["Quota"]):
    """Limits what a record grows to, and how many there are."""

    def add(self, call: Call, image: Image) -> Image:
        """Counts the owner's images, this one included (FEATURES 6.2-09)."""
        held = self.layer.hold_one(call, image, "images")
        try:
            return self.inner.add(call, image)
        finally:
            self.layer.give_back(call, held)

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
        transfer = self.layer.transfer(call, image, target)
        transfer.cover(size or None)
        transfer.enter()
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
        transfer.enter()
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


class QuotaUsage(UsageProxy["Quota"]):
    """Publishes limits."""

    def report(self, call: Call, owner: str | None) -> UsageReport:
        """Those of the identity service; nobody is told of local ones (FEATURES 4.4-03)."""
        if not self.layer.unified:
            return self.inner.report(call, owner)
        return self.layer.limits.report(call, self.inner.usage(call, owner))


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
                help="Hold projects to the unified limits that the identity service has for the endpoint in [oslo_limit]: "
                "image_size_total and image_stage_total (MiB), image_count_total, image_count_uploading. user_storage_quota is "
                "then ignored.",
            ),
        ]
    }

    factory = QuotaFactory
    repo = QuotaRepo
    image = QuotaImage
    members = QuotaMembers
    usage = QuotaUsage

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__(conf)
        self.property_quota: int = conf.image_property_quota
        self.tag_quota: int = conf.image_tag_quota
        self.member_quota: int = conf.image_member_quota
        self.location_quota: int = conf.image_location_quota
        self.size_cap: int = conf.image_size_cap
        self.unified: bool = conf.use_keystone_limits
        self.limits: Limits = _unified(conf) if self.unified else LocalLimits(storage_quota(conf.user_storage_quota))
        """What all images of one owner may have."""

    def check(self) -> Iterable[Finding]:
        """Without its limits no project can create or upload anything."""
        if self.unified:
            try:
                self.limits.check()
            except LimitsUnavailable as error:
                yield Finding(f"{error.message} ({str(error.__cause__ or 'see the log').splitlines()[0]})")

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

    def hold(self, call: Call, image: Image, of: str, amount: int, most: int, held: Reservation | None = None) -> Reservation:
        """Reserve more for the image's owner. Raises LimitExceeded, in the words of the limits."""
        try:
            return self.inner.usage.reserve(call, image.owner, amount, most, held, of=of, image_id=image.id)
        except LimitExceeded as error:
            raise self.limits.exceeded(call, image.owner, of, amount, error) from None

    def hold_one(self, call: Call, image: Image, of: str) -> Reservation | None:
        """Count the image among its owner's, if these are limited. Raises LimitExceeded, LimitsUnavailable."""
        most = self.limits.most(call, image.owner, of)
        return None if most is None else self.hold(call, image, of, 1, most)

    def give_back(self, call: Call, held: Reservation | None) -> None:
        """Release a reservation, if there is one. Never raises."""
        if held is not None:
            try:
                self.inner.usage.release(call, held)
            except ImageServiceError as error:
                # The operation has its answer; a reservation that is left behind dies with this worker.
                log.warning("A reservation of %d (%s) for %s stays for now: %s", held.amount, held.of, held.owner, error)

    def transfer(self, call: Call, image: Image, target: Target) -> Transfer:
        """The call's transfer of the image to a store; the same one from ``begin_data`` to the end."""
        transfers: dict[str, Transfer] = call.memo(self)
        key = f"{image.id} {target.store}"
        if key not in transfers:
            transfers[key] = Transfer(self, call, image, "stored" if target.activate else "staged")
        return transfers[key]

    def admit_locations(self, call: Call, image: Image, changes: ChangeSet) -> None:
        """Charge locations that a client adds (FEATURES 6.2-04, 6.2-07); those that a transfer brings are charged already."""
        transfers: dict[str, Transfer] = call.memo(self)
        fresh = urls(changes.new("locations")) - urls(image.locations)
        for transfer in transfers.values():
            fresh.subtract(transfer.arrived)
        added = (+fresh).total()
        if added:
            self.check_count("locations", len(changes.new("locations")), self.location_quota)
            size = changes.new("size", image.size) or 0
            adding = transfers[f"{image.id} locations"] = Transfer(self, call, image)
            # Only location, further in, learns the size of something new: as for a stream, a byte must be left.
            adding.cover(size * added or None)
            adding.arrived = tuple((+fresh).elements())

    def settle(self, call: Call, image: Image) -> None:
        """Give back what was held for locations that are recorded, and so counted, by now."""
        recorded = urls(image.locations).keys()
        for transfer in call.memo(self).values():
            if transfer.arrived and recorded >= set(transfer.arrived):
                transfer.end()


def _counts(name: str) -> bool:
    return not name.startswith("os_glance")


def _unified(conf: cfg.ConfigOpts) -> Limits:
    # Imported late: it costs half a second that others need not pay.
    from glancepipe.layers.quota.unified import UnifiedLimits

    return UnifiedLimits(conf)
