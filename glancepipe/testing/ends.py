"""A layer that ends every verb, in memory: what a layer under test talks to when nothing else is in the way.

It keeps the promises of the contract (compare-and-swap of the status, change sets, reservations, the journal) and
none of the service's rules. What is stored can be looked at: ``images``, ``bytes``, ``memberships``, ``intents``,
``spaces`` (namespaces with all that is in them), ``types``, ``kept_tasks``.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from oslo_config import cfg

from glancepipe.contract import (
    ABSENT,
    AuthorityProxy,
    Call,
    Caller,
    ChangeSet,
    Data,
    Image,
    ImageFactoryProxy,
    ImageProxy,
    ImageQuery,
    ImageRepoProxy,
    ImageValues,
    Intent,
    JournalProxy,
    Layer,
    Location,
    Member,
    MemberRepoProxy,
    Namespace,
    Page,
    Reservation,
    ResourceType,
    Span,
    Status,
    Target,
    Task,
    Usage,
    UsageProxy,
    UsageReport,
    replace,
)
from glancepipe.contract.errors import Conflict, Duplicate, ImageNotFound, LimitExceeded, NoData, NotFound, StatusChanged
from glancepipe.contract.proxies import NOUNS
from glancepipe.contract.proxy import verbs
from glancepipe.testing.ends_metadefs import EndsDefinitions, EndsNamespaces, EndsResourceTypes
from glancepipe.testing.ends_tasks import EndsTasks

T = TypeVar("T")


class EndsFactory(ImageFactoryProxy["Ends"]):
    """Makes the record from the values as they are."""

    def new_image(self, call: Call, values: ImageValues) -> Image:
        base = {"id": f"00000000-0000-4000-8000-{next(self.layer.numbers):012}", **values.base}
        return Image(**base, properties=dict(values.properties), tags=values.tags)


class EndsRepo(ImageRepoProxy["Ends"]):
    """Keeps records in a dictionary."""

    def get(self, call: Call, image_id: str) -> Image:
        try:
            image = self.layer.images[image_id]
        except KeyError:
            raise ImageNotFound(image_id) from None
        member = self.layer.memberships.get((image_id, call.actor.project_id or ""))
        return replace(image, membership=member.status if member else None)

    def list(self, call: Call, query: ImageQuery) -> Page:
        rows = sorted(self.layer.images.values(), key=lambda image: image.id)
        if query.after is not None:
            rows = [image for image in rows if image.id > query.after.id]
        page = rows[: query.limit]
        return Page(page, len(rows) > len(page), page[-1] if page else None)

    def add(self, call: Call, image: Image) -> Image:
        if image.id in self.layer.images:
            raise Duplicate(f"Image {image.id} exists already.")
        self.layer.images[image.id] = replace(image, created_at=_now(), updated_at=_now())
        return self.layer.noted(call, "repo.add", self.get(call, image.id))

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        return self.layer.noted(call, "repo.save", self._change(call, image, changes))

    def _change(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        stored = self.get(call, image.id)
        status = changes.base.get("status")
        if (status is not None and status.old != stored.status) or not self.layer.intents.keys() >= set(changes.settles):
            raise StatusChanged
        properties = dict(stored.properties)
        for name, change in changes.properties.items():
            properties.pop(name, None)
            if change.new is not ABSENT:
                properties[name] = change.new
        fields: dict[str, Any] = {name: change.new for name, change in changes}
        self.layer.images[image.id] = replace(stored, **fields, properties=properties, updated_at=_now())
        self._journal(call, changes)
        return self.get(call, image.id)

    def remove(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        if not {location.url for location in image.locations} >= {location.url for location in self.get(call, image.id).locations}:
            raise StatusChanged
        removed = self._change(call, image, changes)
        del self.layer.images[image.id]
        return self.layer.noted(call, "repo.remove", replace(removed, deleted=True, deleted_at=_now()))

    def pending(self, call: Call, before: datetime, after: str | None = None) -> Sequence[Image]:
        return ()

    def restore(self, call: Call, image_id: str) -> Image:
        raise ImageNotFound(image_id)

    def claim(self, call: Call, image: Image, task_id: str) -> Image:
        stored = self.get(call, image.id)
        if "os_glance_import_task" in stored.properties:
            raise Conflict("Another task works on the image.")
        self.layer.images[image.id] = replace(stored, properties={**stored.properties, "os_glance_import_task": task_id})
        return self.get(call, image.id)

    def _journal(self, call: Call, changes: ChangeSet) -> None:
        self.layer.intents |= {intent.id: intent for intent in changes.begins}
        for intent_id in changes.settles:
            self.layer.intents.pop(intent_id, None)


class EndsImage(ImageProxy["Ends"]):
    """Keeps bytes in a dictionary, by URL."""

    def begin_data(self, call: Call, image: Image, target: Target) -> ChangeSet:
        return ChangeSet.of(image, status=Status.SAVING)

    def set_data(self, call: Call, image: Image, data: Data, target: Target) -> ChangeSet:
        digest = data.digest("sha512")
        content = b"".join(data)
        data.finish()
        url = f"ends://{target.store or 'default'}/{image.id}"
        self.layer.bytes[url] = content
        location = Location(url, {"store": target.store or "default"})
        changes = ChangeSet.of(image, size=len(content), os_hash_value=digest.hexdigest, locations=(*image.locations, location))
        return changes.plus(ChangeSet.of(image, status=Status.ACTIVE)) if target.activate else changes

    def get_data(self, call: Call, image: Image, span: Span | None = None, prefer: tuple[str, ...] = ()) -> Data:
        if not image.locations:
            raise NoData
        content = self.layer.bytes[image.locations[0].url]
        part = content if span is None else content[span.start : span.start + span.length]
        return Data([part], len(part))

    def add_copy(self, call: Call, image: Image, target: Target) -> ChangeSet:
        return self.set_data(call, image, self.get_data(call, image), replace(target, activate=False))

    def digest_data(self, call: Call, image: Image, location: Location) -> ChangeSet:
        content = self.layer.bytes[location.url]
        algorithm = image.os_hash_algo or "sha512"
        digest = hashlib.new(algorithm, content).hexdigest()
        return ChangeSet.of(
            image, size=len(content), checksum=hashlib.md5(content).hexdigest(), os_hash_algo=algorithm, os_hash_value=digest
        )

    def deactivate(self, call: Call, image: Image) -> ChangeSet:
        return ChangeSet.of(image, status=Status.DEACTIVATED)

    def reactivate(self, call: Call, image: Image) -> ChangeSet:
        return ChangeSet.of(image, status=Status.ACTIVE)

    def delete(self, call: Call, image: Image) -> ChangeSet:
        return ChangeSet.of(image, status=Status.DELETED)


class EndsMembers(MemberRepoProxy["Ends"]):
    """Keeps memberships in a dictionary."""

    def list(self, call: Call, image: Image) -> Sequence[Member]:
        return [member for member in self.layer.memberships.values() if member.image_id == image.id]

    def get(self, call: Call, image: Image, member_id: str) -> Member:
        try:
            return self.layer.memberships[image.id, member_id]
        except KeyError:
            raise NotFound(f"{member_id} is no member.") from None

    def add(self, call: Call, image: Image, member_id: str) -> Member:
        if (image.id, member_id) in self.layer.memberships:
            raise Duplicate(f"{member_id} is a member already.")
        member = self.layer.memberships[image.id, member_id] = Member(image.id, member_id)
        return self.layer.noted(call, "members.add", member)

    def save(self, call: Call, image: Image, member: Member, status: str) -> Member:
        saved = self.layer.memberships[image.id, member.member] = replace(member, status=status)
        return self.layer.noted(call, "members.save", saved)

    def remove(self, call: Call, image: Image, member: Member) -> Member:
        removed = replace(self.layer.memberships.pop((image.id, member.member)), deleted=True)
        return self.layer.noted(call, "members.remove", removed)


class EndsUsage(UsageProxy["Ends"]):
    """Adds up what the records say."""

    def usage(self, call: Call, owner: str | None) -> Usage:
        stored = sum((i.size or 0) * len(i.locations) for i in self.layer.images.values() if i.owner == owner)
        held = sum(r.amount for r in self.layer.reservations.values() if r.owner == owner and r.of == "stored")
        return Usage(owner, stored, held, **{of: self._there(owner, of, None) for of in ("staged", "images", "uploading")})

    def report(self, call: Call, owner: str | None) -> UsageReport:
        return {}

    def reserve(
        self,
        call: Call,
        owner: str | None,
        amount: int,
        limit: int,
        held: Reservation | None = None,
        *,
        of: str = "stored",
        image_id: str | None = None,
    ) -> Reservation:
        there = self._there(owner, of, image_id)
        if there + amount > limit:
            raise LimitExceeded(usage=there)
        before = held.amount if held else 0
        reservation = Reservation(held.id if held else str(next(self.layer.numbers)), owner, before + amount, of, image_id)
        self.layer.reservations[reservation.id] = reservation
        return reservation

    def release(self, call: Call, held: Reservation) -> None:
        self.layer.reservations.pop(held.id, None)

    def _there(self, owner: str | None, of: str, besides: str | None) -> int:
        images = [image for image in self.layer.images.values() if image.owner == owner]
        held = [reservation for reservation in self.layer.reservations.values() if reservation.owner == owner and reservation.of == of]
        busy = [image for image in images if image.status in (Status.SAVING, Status.UPLOADING, Status.IMPORTING)]
        if of in ("images", "uploading"):
            counted = images if of == "images" else busy
            return len({image.id for image in counted} | {reservation.image_id for reservation in held} - {besides})
        sizes = [(image.size or 0) * len(image.locations) for image in images]
        if of == "staged":
            sizes = [image.size or 0 for image in busy if image.status != Status.SAVING]
        return sum(sizes) + sum(reservation.amount for reservation in held)


class EndsJournal(JournalProxy["Ends"]):
    """Keeps open entries in a dictionary; those that nobody holds are up for adoption."""

    def begin(self, call: Call, intent: Intent) -> None:
        self.layer.intents[intent.id] = intent

    def settle(self, call: Call, *intent_ids: str) -> None:
        for intent_id in intent_ids:
            self.layer.intents.pop(intent_id, None)

    def let_go(self, call: Call, intent_id: str) -> None:
        self.layer.abandoned.add(intent_id)

    def adopt(self, call: Call, kind: str) -> Sequence[Intent]:
        found = [i for i in self.layer.intents.values() if i.kind == kind and i.id in self.layer.abandoned]
        self.layer.abandoned -= {intent.id for intent in found}
        return found


class EndsAuthority(AuthorityProxy["Ends"]):
    """The role ``admin`` makes an administrator."""

    def is_admin(self, caller: Caller) -> bool:
        return "admin" in caller.roles

    def permit(self, call: Call) -> None:
        pass

    def allows(self, call: Call, rule: str, target: Mapping[str, Any]) -> bool:
        if rule not in self.layer.rules_of:
            raise ValueError(f"There is no policy rule {rule!r}.")
        return not self.layer.rules_of[rule].isdisjoint(call.actor.roles)


class Ends(Layer):
    """The innermost layer of a test's pipeline."""

    name = "ends"
    ends = frozenset(f"{noun}.{verb}" for noun, base in NOUNS.items() for verb in verbs(base))
    factory = EndsFactory
    repo = EndsRepo
    image = EndsImage
    members = EndsMembers
    usage = EndsUsage
    journal = EndsJournal
    authority = EndsAuthority
    tasks = EndsTasks
    namespaces = EndsNamespaces
    definitions = EndsDefinitions
    resource_types = EndsResourceTypes

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__(conf)
        self.numbers = itertools.count(1)
        self.images: dict[str, Image] = {}
        self.bytes: dict[str, bytes] = {}
        self.memberships: dict[tuple[str, str], Member] = {}
        self.reservations: dict[str, Reservation] = {}
        self.intents: dict[str, Intent] = {}
        self.abandoned: set[str] = set()
        self.spaces: dict[str, Namespace] = {}
        self.types: dict[str, ResourceType] = {}
        self.rules_of: dict[str, frozenset[str]] = {}
        """Policy rules: the roles that each lets pass."""
        self.kept_tasks: dict[str, Task] = {}

    def noted(self, call: Call, verb: str, answer: T) -> T:
        """The answer of a verb that has stored something, once the call's notes for it are kept too."""
        for note in call.notes(verb):
            self.intents[note.intent_id] = note.make(answer)
        return answer


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
