"""Layer ``domain``: the rules of an image's life. Innermost but for db, so that it judges what every layer adds.

Which states follow each other, what may change in which of them, what a record may say at all (FEATURES 2, 6.5).
It knows neither callers nor stores, and does no I/O.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from oslo_config import cfg

from glancepipe.contract import (
    ABSENT,
    AuthorityProxy,
    Call,
    Caller,
    ChangeSet,
    Image,
    ImageFactoryProxy,
    ImageProxy,
    ImageRepoProxy,
    ImageValues,
    Layer,
    Member,
    MemberRepoProxy,
    Status,
    Target,
)
from glancepipe.contract.errors import Forbidden, Invalid, InvalidTransition
from glancepipe.contract.query import VISIBILITIES
from glancepipe.layers.domain.metadefs import DomainDefinitions, DomainNamespaces, DomainResourceTypes
from glancepipe.layers.domain.tasks import OPTIONS as TASK_OPTIONS
from glancepipe.layers.domain.tasks import DomainTasks

TRANSITIONS: Mapping[str, frozenset[str]] = {
    Status.QUEUED: frozenset({Status.SAVING, Status.UPLOADING, Status.IMPORTING, Status.ACTIVE, Status.DELETED}),
    Status.SAVING: frozenset({Status.ACTIVE, Status.KILLED, Status.DELETED, Status.QUEUED}),
    Status.UPLOADING: frozenset({Status.IMPORTING, Status.QUEUED, Status.DELETED}),
    Status.IMPORTING: frozenset({Status.ACTIVE, Status.DELETED, Status.QUEUED}),
    Status.ACTIVE: frozenset({Status.PENDING_DELETE, Status.DELETED, Status.DEACTIVATED}),
    Status.KILLED: frozenset({Status.DELETED}),
    Status.PENDING_DELETE: frozenset({Status.DELETED, Status.ACTIVE}),
    Status.DEACTIVATED: frozenset({Status.ACTIVE, Status.DELETED}),
    Status.DELETED: frozenset(),
}
"""Where each status may lead (FEATURES 2.3)."""

MEMBER_STATUSES = ("pending", "accepted", "rejected")

CHOSEN = frozenset({"name", "visibility", "protected", "os_hidden", "owner", "disk_format", "container_format", "min_disk", "min_ram"})
"""Base attributes that whoever makes an image may choose, beside its ``id``."""

READ_ONLY = frozenset({"status", "size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value", "created_at", "updated_at"})
"""Base attributes that only the service sets (FEATURES 1.4-04)."""

VIEW_ONLY = frozenset({"direct_url", "self", "file", "schema", "stores"})
"""Names that exist only in the view that clients get (FEATURES 1.4-04)."""

RESERVED = frozenset({"location", "locations", "deleted", "deleted_at"})
"""Names that mean something to the service, or once did (FEATURES 1.4-05)."""

SHADOWING = CHOSEN | READ_ONLY | VIEW_ONLY | RESERVED | {"id", "tags", "member"}
"""Names under which a custom property would hide something else (FEATURES 12-06)."""

OWN_PREFIX = "os_glance"
"""Properties that begin so belong to the service (FEATURES 2.2-06, 2.2-07)."""

FORMATS = ("disk_format", "container_format")
FORMATS_OPEN = (Status.QUEUED, Status.IMPORTING)
"""While an image has one of these, its formats may change (FEATURES 1.5-14)."""

# An import that was staged checks its formats when it starts; whatever else leads to data needs them too (FEATURES 2.3).
_NEEDS_FORMATS = {(old, new) for old in (Status.QUEUED, Status.UPLOADING) for new in (Status.SAVING, Status.ACTIVE, Status.IMPORTING)}

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_INT32 = (1 << 31) - 1
_INT64 = (1 << 63) - 1
_LENGTH = 255


class DomainFactory(ImageFactoryProxy["Domain"]):
    """Ends ``new_image``."""

    def new_image(self, call: Call, values: ImageValues) -> Image:
        """Makes the record: refuses what nobody may choose, fills in what was not said (FEATURES 1.4, 2.1)."""
        for name in values.base:
            if name not in CHOSEN and name != "id":
                raise Forbidden(f"Attribute '{name}' can't be chosen: it is read-only or reserved.")
        _check_fields(values.base)
        _check_tags(values.tags)
        for name, value in values.properties.items():
            _check_property(name, value, by_service=call.actor.service)
        now = datetime.now(UTC).replace(tzinfo=None)
        base = {"id": str(uuid.uuid4()), **values.base}
        return Image(**base, created_at=now, updated_at=now, properties=dict(values.properties), tags=frozenset(values.tags))


class DomainRepo(ImageRepoProxy["Domain"]):
    """Judges changes before they are stored."""

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Checks values, formats and the transition; a queued image has no size (FEATURES 1.5-14, 2.1-11, 2.3)."""
        _check_fields({name: change.new for name, change in changes})
        if "tags" in changes:
            _check_tags(changes.new("tags"))
        for name, change in changes.properties.items():
            if change.new is not ABSENT:
                _check_property(name, change.new, by_service=call.actor.service)
            elif name.startswith(OWN_PREFIX) and not call.actor.service:
                raise Forbidden(f"Property '{name}' is reserved.")
        if any(name in changes for name in FORMATS):
            if image.status not in FORMATS_OPEN:
                raise Forbidden(f"The formats of an image can't be changed while its status is '{image.status}'.")
            if "status" not in changes:
                # Touching the status makes the save compare it: no format changes under an upload that starts just now.
                changes = changes.plus(ChangeSet.of(image, status=image.status))
        if changes.alters("status"):
            old, new = changes.base["status"].old, changes.new("status")
            _check_transition(image, old, new)
            if (old, new) in _NEEDS_FORMATS:
                _check_formats(image, changes)
            if new == Status.QUEUED:
                changes = changes.plus(ChangeSet.of(image, size=None, virtual_size=None))
        return self.inner.save(call, image, changes)


class DomainImage(ImageProxy["Domain"]):
    """Ends the verbs that only ask what an image's state allows."""

    def begin_data(self, call: Call, image: Image, target: Target) -> ChangeSet:
        """Only a queued image with both formats may begin to save (FEATURES 1.6-05)."""
        _check_transition(image, image.status, Status.SAVING)
        _check_formats(image)
        return ChangeSet.of(image, status=Status.SAVING)

    def deactivate(self, call: Call, image: Image) -> ChangeSet:
        """Active becomes deactivated (FEATURES 1.3-11)."""
        return _switch(image, Status.ACTIVE, Status.DEACTIVATED)

    def reactivate(self, call: Call, image: Image) -> ChangeSet:
        """Deactivated becomes active (FEATURES 1.3-12)."""
        return _switch(image, Status.DEACTIVATED, Status.ACTIVE)

    def delete(self, call: Call, image: Image) -> ChangeSet:
        """Refuses protected images, whoever asks, and those that are deleted already (FEATURES 2.3-13, 2.4-06)."""
        if image.protected:
            raise Forbidden(f"Image {image.id} is protected and cannot be deleted.")
        if image.status == Status.PENDING_DELETE:
            raise InvalidTransition(f"Image {image.id} is being deleted already.")
        # Only an active image's data may wait (FEATURES 2.3-14).
        status = Status.PENDING_DELETE if self.layer.delayed_delete and image.locations else Status.DELETED
        _check_transition(image, image.status, status)
        return ChangeSet.of(image, status=status)


class DomainMembers(MemberRepoProxy["Domain"]):
    """Judges what a membership may say."""

    def add(self, call: Call, image: Image, member_id: str) -> Member:
        """A member has a name that fits (FEATURES 4.1-02)."""
        if not member_id:
            raise Invalid("A member must not be empty.")
        _text("member", member_id)
        return self.inner.add(call, image, member_id)

    def save(self, call: Call, image: Image, member: Member, status: str) -> Member:
        """A membership is pending, accepted or rejected (FEATURES 6.5-03)."""
        if status not in MEMBER_STATUSES:
            raise Invalid(f"The status of a member must be one of {', '.join(MEMBER_STATUSES)}.")
        return self.inner.save(call, image, member, status)


class DomainAuthority(AuthorityProxy["Domain"]):
    """Ends what only policy would know better."""

    def is_admin(self, caller: Caller) -> bool:
        """Where no layer further out knows better, the role ``admin`` makes an administrator."""
        return "admin" in caller.roles

    def permit(self, call: Call) -> None:
        """Where no layer further out forbids it, everybody may."""

    def allows(self, call: Call, rule: str, target: Mapping[str, Any]) -> bool:
        """Where no layer further out has rules, there is none to ask."""
        raise ValueError(f"There is no policy rule {rule!r}: no layer of the line has policy rules.")


class Domain(Layer):
    """The rules of an image's life."""

    name = "domain"
    # Inside location: what location derives (a status, a size) is judged as well. Outside db: judged before it is stored.
    after = frozenset({"location"})
    before = frozenset({"db"})
    ends = frozenset(
        {
            "factory.new_image",
            "image.begin_data",
            "image.deactivate",
            "image.reactivate",
            "image.delete",
            "authority.is_admin",
            "authority.permit",
            "authority.allows",
            "tasks.new_task",
        }
    )

    options = {
        "DEFAULT": [
            cfg.BoolOpt(
                "delayed_delete",
                default=False,
                help="Keep the data of a deleted image for `scrub_time` seconds, in which `glancepipe image restore` brings it back.",
            )
        ],
        "task": TASK_OPTIONS,
    }
    factory = DomainFactory
    repo = DomainRepo
    image = DomainImage
    members = DomainMembers
    authority = DomainAuthority
    tasks = DomainTasks
    namespaces = DomainNamespaces
    definitions = DomainDefinitions
    resource_types = DomainResourceTypes

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__(conf)
        self.delayed_delete: bool = conf.delayed_delete


def _check_transition(image: Image, old: str, new: str) -> None:
    if new not in TRANSITIONS.get(old, ()):
        raise InvalidTransition(f"Image {image.id} can't go from status '{old}' to '{new}'.")


def _check_formats(image: Image, changes: ChangeSet | None = None) -> None:
    missing = [name for name in FORMATS if not (changes.new(name, getattr(image, name)) if changes else getattr(image, name))]
    if missing:
        raise Invalid(f"Set {' and '.join(missing)} of image {image.id} before its data.")


def _switch(image: Image, old: str, new: str) -> ChangeSet:
    if image.status == new:
        return ChangeSet()
    if image.status != old:
        raise Forbidden(f"An image in status '{image.status}' can't become '{new}'; it must be '{old}'.")
    return ChangeSet.of(image, status=new)


def _check_property(name: str, value: object, *, by_service: bool) -> None:
    if not name or len(name) > _LENGTH:
        raise Invalid(f"The name of a property must have 1 to {_LENGTH} characters.")
    if name in SHADOWING or (name.startswith(OWN_PREFIX) and not by_service):
        raise Forbidden(f"Property '{name}' is reserved.")
    if not isinstance(value, str):
        raise Invalid(f"The value of property '{name}' must be a string.")


def _check_tags(tags: object) -> None:
    if not isinstance(tags, frozenset | set):
        raise Invalid("Tags must be a set of strings.")
    for tag in tags:
        _text("tag", tag)


def _check_fields(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        check = _CHECKS.get(name)
        if check is not None:
            check(name, value)


def _text(name: str, value: object) -> None:
    if not isinstance(value, str) or len(value) > _LENGTH:
        raise Invalid(f"{name} must be a string of at most {_LENGTH} characters.")


def _text_or_none(name: str, value: object) -> None:
    if value is not None:
        _text(name, value)


def _flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise Invalid(f"{name} must be true or false.")


def _number(name: str, value: object, most: int = _INT32) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Invalid(f"{name} must be a whole number from 0 to {most}.")


def _bytes_or_none(name: str, value: object) -> None:
    if value is not None:
        _number(name, value, _INT64)


def _visibility(name: str, value: object) -> None:
    if value not in VISIBILITIES:
        raise Invalid(f"{name} must be one of {', '.join(VISIBILITIES)}.")


def _id(name: str, value: object) -> None:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise Invalid(f"{name} must be a UUID: 8-4-4-4-12 hexadecimal digits.")


_CHECKS: Mapping[str, Callable[[str, Any], None]] = {
    "id": _id,
    "name": _text_or_none,
    "owner": _text_or_none,
    "visibility": _visibility,
    "protected": _flag,
    "os_hidden": _flag,
    "disk_format": _text_or_none,
    "container_format": _text_or_none,
    "min_disk": _number,
    "min_ram": _number,
    "size": _bytes_or_none,
    "virtual_size": _bytes_or_none,
}
